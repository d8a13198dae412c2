"""Queries about the course of a case and its people; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import known_sql
from docket.store.desk import LOWERINGS
from docket.store.metadata import ASSESSMENTS, HANDLERS

_VISITS: Final = f"""
SELECT v.visit_id, v.person_id, v.worker_id,
       v."at", v.contact, v.finding, v.text, v.weapon_seen, v.referred_to, w.grid_id, p.grid_id AS home
FROM known_visits AS v
LEFT JOIN known_workers AS w ON w.worker_id = v.worker_id
LEFT JOIN known_persons AS p ON p.person_id = v.person_id AND {known_sql("p")}
WHERE v.person_id IN :ids AND {known_sql("v")}
ORDER BY v."at", v.visit_id
"""
_OTHERS: Final = f"""
SELECT p.person_id, p.role, d.dispute_id, d.kind, d.opened_at, d.grid_id, b.colour,
       (SELECT COUNT(*) FROM known_outcomes AS o
        WHERE o.dispute_id = d.dispute_id AND {known_sql("o")}) AS harms
FROM known_parties AS p
JOIN known_disputes AS d ON d.dispute_id = p.dispute_id AND {known_sql("d")}
LEFT JOIN case_board AS b ON b.dispute_id = d.dispute_id
WHERE p.person_id IN :ids AND p.dispute_id <> :dispute AND {known_sql("p")}
ORDER BY d.opened_at DESC, d.dispute_id
"""
_ENTRIES: Final = f"""
SELECT r.person_id, r.entry_id, r.dispute_id, r.category, r.entered_at,
       CASE WHEN r.left_at <= :as_of AND COALESCE(r.left_recorded_at, r.left_at) <= :as_of
            THEN r.left_at END AS left_at,
       (SELECT d.grid_id FROM known_disputes AS d
        WHERE d.dispute_id = r.dispute_id AND {known_sql("d")}) AS grid_id
FROM known_registry AS r WHERE r.person_id IN :ids AND {known_sql("r")} ORDER BY r.entered_at, r.entry_id
"""


def visits(conn: sa.Connection, persons: Sequence[str], as_of: int) -> list[dict[str, Any]]:
    """Visits to persons, the first first."""
    return _of_people(conn, _VISITS, persons, as_of)


def others(conn: sa.Connection, persons: Sequence[str], dispute_id: str, as_of: int) -> list[dict[str, Any]]:
    """The other disputes of persons, the latest first, with how many harms came of each."""
    return _of_people(conn, _OTHERS, persons, as_of, dispute=dispute_id)


def entries(conn: sa.Connection, persons: Sequence[str], as_of: int) -> list[dict[str, Any]]:
    """The registry entries of persons."""
    return _of_people(conn, _ENTRIES, persons, as_of)


def colours(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """The assessments of a case: when, and which colour."""
    made = ASSESSMENTS.c
    query = sa.select(made.assessment_id, made.as_of, made.created_at, made.colour, made.model_version)
    query = query.where(made.dispute_id == dispute_id)
    found = conn.execute(query.order_by(made.as_of, made.created_at, made.assessment_id)).mappings()
    return [dict(row) for row in found]


def lowerings(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """What people would have lowered from red, and what became of it."""
    query = sa.select(LOWERINGS).where(LOWERINGS.c.dispute_id == dispute_id)
    return [dict(row) for row in conn.execute(query.order_by(LOWERINGS.c.lowering_no)).mappings()]


def units(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """The units that took a case."""
    query = sa.select(HANDLERS).where(HANDLERS.c.dispute_id == dispute_id).order_by(HANDLERS.c.handler_no)
    return [dict(row) for row in conn.execute(query).mappings()]


def _of_people(
    conn: sa.Connection, sql: str, persons: Sequence[str], as_of: int, **values: Any
) -> list[dict[str, Any]]:
    if not persons:
        return []
    query = sa.text(sql).bindparams(sa.bindparam("ids", expanding=True))
    found = conn.execute(query, {"ids": list(persons), "as_of": as_of, **values}).mappings()
    return [dict(row) for row in found]
