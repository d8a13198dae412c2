"""Queries of looking back; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import known_sql
from docket.keys import Area
from docket.store.metadata import ASSESSMENTS, PLANNED_VISITS, RECORDS
from serving.listing.areas import within_areas

_HARMED: Final = f"""
SELECT o.dispute_id, o.outcome_id, o.kind AS outcome, o.severity, o."at", o.recorded_at, d.kind, g.grid_name,
       g.community_name,
       (SELECT MIN(x.recorded_at) FROM known_disputes AS x
        WHERE x.dispute_id = o.dispute_id) AS first_recorded,
       (SELECT a.colour FROM assessments AS a WHERE a.dispute_id = o.dispute_id AND a.created_at <= o."at"
        ORDER BY a.as_of DESC, a.created_at DESC, a.assessment_id DESC LIMIT 1) AS colour,
       (SELECT COUNT(*) FROM urgings AS u WHERE u.dispute_id = o.dispute_id AND u.sent_at <= o."at"
        AND u.step <> 'before') AS urgings,
       (SELECT MAX(r.review_no) FROM case_reviews AS r WHERE r.dispute_id = o.dispute_id) AS review_no
FROM known_outcomes AS o
JOIN known_disputes AS d ON d.dispute_id = o.dispute_id AND {known_sql("d")}
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE {known_sql("o")} AND o."at" >= :since{{more}}
ORDER BY o."at" DESC, o.outcome_id
"""
_DELAYS: Final = f"""
SELECT COALESCE(e.source, '') AS door, e."at", e.recorded_at, o."at" AS harm
FROM known_outcomes AS o
JOIN known_events AS e ON e.dispute_id = o.dispute_id AND {known_sql("e")} AND e."at" <= o."at"
JOIN known_disputes AS d ON d.dispute_id = o.dispute_id AND {known_sql("d")}
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE {known_sql("o")} AND o."at" >= :since{{more}}
UNION ALL
SELECT d.source, d.opened_at, (
    SELECT MIN(x.recorded_at) FROM known_disputes AS x WHERE x.dispute_id = d.dispute_id
), o."at"
FROM known_outcomes AS o
JOIN known_disputes AS d ON d.dispute_id = o.dispute_id AND {known_sql("d")} AND d.opened_at <= o."at"
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE {known_sql("o")} AND o."at" >= :since{{more}}
"""
_VISITS: Final = f"""
SELECT v.visit_id, v.person_id, v.worker_id, v."at", v.recorded_at, v.contact, v.finding, v.text,
       w.grid_id, p.grid_id AS home
FROM known_visits AS v
LEFT JOIN known_workers AS w ON w.worker_id = v.worker_id
LEFT JOIN known_persons AS p ON p.person_id = v.person_id AND {known_sql("p")}
WHERE v.person_id IN :ids AND {known_sql("v")} AND v."at" >= :since AND v."at" <= :until
ORDER BY v."at", v.visit_id
"""


def harmed(conn: sa.Connection, *, areas: Sequence[Area], since: int, now: int) -> list[dict[str, Any]]:
    """Harms since a moment, the latest first, each with how its case stood just before."""
    more, within = within_areas(areas)
    values = {"as_of": now, "since": since, **within}
    return [dict(row) for row in conn.execute(sa.text(_HARMED.format(more=more)), values).mappings()]


def delays(conn: sa.Connection, *, areas: Sequence[Area], since: int, now: int) -> list[dict[str, Any]]:
    """What happened in cases before their harm: by which door, when, when it was learned, and when the harm
    was.

    `door` is empty where the record doesn't say.
    """
    more, within = within_areas(areas)
    values = {"as_of": now, "since": since, **within}
    return [dict(row) for row in conn.execute(sa.text(_DELAYS.format(more=more)), values).mappings()]


def visits(
    conn: sa.Connection, persons: Sequence[str], *, since: int, until: int, now: int
) -> list[dict[str, Any]]:
    """Visits to persons in a time, with whose grids they were in."""
    if not persons:
        return []
    query = sa.text(_VISITS).bindparams(sa.bindparam("ids", expanding=True))
    values = {"ids": list(persons), "since": since, "until": until, "as_of": now}
    return [dict(row) for row in conn.execute(query, values).mappings()]


def planned(conn: sa.Connection, dispute_id: str, *, until: str) -> list[dict[str, Any]]:
    """Places on visit lists for the people of a case up to a date (ISO), the first first."""
    made = PLANNED_VISITS.c
    query = sa.select(made.date, made.worker_id, made.person_id).where(
        made.dispute_id == dispute_id, made.rank.is_not(None), made.date <= until
    )
    return [dict(row) for row in conn.execute(query.order_by(made.date, made.person_id)).mappings()]


def assessments(conn: sa.Connection, dispute_id: str, until: int) -> list[dict[str, Any]]:
    """The assessments that had been made of a case by a moment (µs), the first first."""
    made = ASSESSMENTS.c
    query = sa.select(made.assessment_id, made.as_of, made.created_at, made.answer).where(
        made.dispute_id == dispute_id, made.created_at <= until
    )
    found = conn.execute(query.order_by(made.as_of, made.created_at, made.assessment_id)).mappings()
    return [dict(row) for row in found]


def versions(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """What a dispute's record said over time: `recorded_at`, `opened_at`, `source`, prepared `text`."""
    made = RECORDS["disputes"].c
    query = sa.select(made.recorded_at, made.opened_at, made.source, made.text).where(
        made.dispute_id == dispute_id, made.withdrawn.is_not(True)
    )
    return [dict(row) for row in conn.execute(query.order_by(made.recorded_at)).mappings()]
