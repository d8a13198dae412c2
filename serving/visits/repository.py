"""Queries about visits; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from docket import caseload
from docket.asof import known_sql


def cases_of(conn: sa.Connection, people: Collection[str], as_of: int) -> list[str]:
    """The disputes for which people are looked after: open ones and those of registry entries, in order."""
    if not people:
        return []
    return sorted(set(caseload.matters_of(conn, as_of, sorted(people))["dispute_id"]))


def grids_of(conn: sa.Connection, person_ids: list[str]) -> dict[str, str]:
    """The grid of each person that is known."""
    query = sa.text(
        "SELECT person_id, grid_id FROM known_persons WHERE person_id IN :ids AND superseded_at IS NULL"
    ).bindparams(sa.bindparam("ids", expanding=True))
    return {row[0]: row[1] for row in conn.execute(query, {"ids": person_ids})}


def paid_by(conn: sa.Connection, workers: Collection[str], since: int, as_of: int) -> list[dict[str, Any]]:
    """The visits that workers paid since a moment: `worker_id, person_id, at, contact, finding`.

    The last first.
    """
    if not workers:
        return []
    query = sa.text(
        'SELECT v.worker_id, v.person_id, v."at", v.contact, v.finding FROM known_visits AS v '
        f'WHERE v.worker_id IN :workers AND v."at" >= :since AND {known_sql("v")} '
        'ORDER BY v."at" DESC, v.visit_id'
    ).bindparams(sa.bindparam("workers", expanding=True))
    found = conn.execute(query, {"workers": sorted(workers), "since": since, "as_of": as_of}).mappings()
    return [dict(row) for row in found]


def visit(conn: sa.Connection, visit_id: str, as_of: int) -> dict[str, Any] | None:
    """A visit by its id."""
    return _one(conn, "v.visit_id = :visit", {"visit": visit_id, "as_of": as_of})


def visit_since(conn: sa.Connection, person_id: str, since: int, as_of: int) -> dict[str, Any] | None:
    """The last visit to a person that became known after a moment."""
    held = {"person": person_id, "since": since, "as_of": as_of}
    return _one(conn, "v.person_id = :person AND v.recorded_at > :since", held)


def _one(conn: sa.Connection, which: str, held: dict[str, Any]) -> dict[str, Any] | None:
    query = sa.text(
        'SELECT v.visit_id, v.worker_id, v."at", v.contact, v.finding FROM known_visits AS v '
        f'WHERE {which} AND {known_sql("v")} ORDER BY v."at" DESC, v.visit_id LIMIT 1'
    )
    row = conn.execute(query, held).mappings().first()
    return None if row is None else dict(row)
