"""Queries about visits; the only place in this domain that has any."""

from __future__ import annotations

import sqlalchemy as sa

from docket import caseload


def cases_of(conn: sa.Connection, person_id: str, grid_id: str, as_of: int) -> list[str]:
    """The disputes for which a person of a grid is looked after: open ones and those of registry entries."""
    matters = caseload.matters(conn, as_of, [grid_id])
    return sorted(matters.loc[matters["person_id"] == person_id, "dispute_id"])


def grids_of(conn: sa.Connection, person_ids: list[str]) -> dict[str, str]:
    """The grid of each person that is known."""
    query = sa.text(
        "SELECT person_id, grid_id FROM known_persons WHERE person_id IN :ids AND superseded_at IS NULL"
    ).bindparams(sa.bindparam("ids", expanding=True))
    return {row[0]: row[1] for row in conn.execute(query, {"ids": person_ids})}
