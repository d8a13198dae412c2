"""Queries about the queue; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket.keys import Area
from serving.listing.areas import within_areas

Place = tuple[int, int, str]
"""Where a case stands in the queue: urgency, when it is due (µs), its id."""

_FROM: Final = """
FROM case_board AS b
JOIN known_disputes AS d ON d.dispute_id = b.dispute_id AND d.superseded_at IS NULL
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE b.closed = FALSE"""
_LISTED: Final = f"""
SELECT b.dispute_id, b.assessment_id, b.recommended, b.colour, b.decided, b.urgency, b.due_at, b.due_kind,
       d.kind, d.source, d.grid_id, d.opened_at, g.grid_name, g.community_name,
       EXISTS (
           SELECT 1 FROM lowerings AS l WHERE l.dispute_id = b.dispute_id AND l.state = 'waiting'
           AND l.assessment_id = b.assessment_id
       ) AS waiting
{_FROM} AND (b.urgency, b.due_at, b.dispute_id) > (:after_urgency, :after_due, :after_id){{more}}
ORDER BY b.urgency, b.due_at, b.dispute_id
LIMIT :limit
"""
_COUNTED: Final = f"""
SELECT b.colour, COUNT(*) AS cases, SUM(CASE WHEN b.due_at < :now THEN 1 ELSE 0 END) AS overdue,
       SUM(CASE WHEN b.decided THEN 0 ELSE 1 END) AS undecided
{_FROM}{{more}}
GROUP BY b.colour
"""
_COMMUNITIES: Final = """
SELECT DISTINCT g.street_id, g.street_name, g.community_id, g.community_name
FROM known_grids AS g WHERE TRUE{more} ORDER BY g.street_id, g.community_id
"""
_GRIDS: Final = """
SELECT g.grid_id, g.grid_name, g.community_id, g.community_name, g.street_id, g.street_name
FROM known_grids AS g WHERE g.community_id IN (
    SELECT near.community_id FROM known_grids AS near WHERE near.{column} = :near
){more} ORDER BY g.grid_id
"""


def queue(
    conn: sa.Connection,
    *,
    areas: Sequence[Area],
    same: Mapping[str, str | int],
    overdue_at: int | None,
    decided: bool | None,
    after: Place,
    limit: int,
) -> list[dict[str, Any]]:
    """Open cases, the most urgent first, and of those the ones that are due first.

    Parameters
    ----------
    areas
        In all of them.
    same
        `urgency`, `kind`, and the value each must have.
    overdue_at
        µs: only what was due before; None: all.
    decided
        Whether a person has decided; None: either.
    after
        After which place.
    """
    more, values = _narrowed(areas, same, overdue_at, decided)
    values |= {"after_urgency": after[0], "after_due": after[1], "after_id": after[2], "limit": limit}
    found = conn.execute(sa.text(_LISTED.format(more=more)), values).mappings().all()
    return [dict(row) for row in found]


def counts(
    conn: sa.Connection, *, areas: Sequence[Area], same: Mapping[str, str | int], now: int
) -> dict[str, dict[str, int]]:
    """How many open cases there are of each colour, how many of them overdue, how many undecided."""
    more, values = _narrowed(areas, same, None, None)
    found = conn.execute(sa.text(_COUNTED.format(more=more)), values | {"now": now}).mappings().all()
    return {
        row["colour"]: {name: int(row[name]) for name in ("cases", "overdue", "undecided")} for row in found
    }


def communities_of(conn: sa.Connection, areas: Sequence[Area]) -> list[dict[str, Any]]:
    """The communities of areas, each with its street."""
    more, values = within_areas(areas)
    return [dict(row) for row in conn.execute(sa.text(_COMMUNITIES.format(more=more)), values).mappings()]


def grids_near(conn: sa.Connection, areas: Sequence[Area], near: Area) -> list[dict[str, Any]]:
    """The grids of areas that lie in the community `near`, or in that of the grid."""
    more, values = within_areas(areas)
    query = sa.text(_GRIDS.format(more=more, column=near.column))
    return [dict(row) for row in conn.execute(query, values | {"near": near.id}).mappings()]


def _narrowed(
    areas: Sequence[Area], same: Mapping[str, str | int], overdue_at: int | None, decided: bool | None
) -> tuple[str, dict[str, Any]]:
    columns = {"urgency": "b.urgency", "kind": "d.kind"}
    more, within = within_areas(areas)
    values: dict[str, Any] = {**within}
    for name, value in same.items():
        more += f" AND {columns[name]} = :{name}"
        values[name] = value
    if overdue_at is not None:
        more += " AND b.due_at < :overdue"
        values["overdue"] = overdue_at
    if decided is not None:
        more += " AND b.decided" if decided else " AND NOT b.decided"
    return more, values
