"""Queries that list cases and assessments; the only place in this domain that has any."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from docket.keys import Area
from docket.store.metadata import ASSESSMENTS
from serving.listing.areas import within_areas

_LISTED = """
SELECT b.dispute_id, b.assessment_id, b.as_of, b.recommended, b.colour, b.decided, b.changed_at,
       d.kind, d.source, d.grid_id, d.opened_at
FROM case_board AS b
JOIN known_disputes AS d ON d.dispute_id = b.dispute_id AND d.superseded_at IS NULL
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE (b.changed_at > :at OR (b.changed_at = :at AND b.dispute_id > :after)){more}
ORDER BY b.changed_at, b.dispute_id
LIMIT :limit
"""


def cases(
    conn: sa.Connection,
    *,
    areas: list[Area],
    colour: str | None,
    place: tuple[int, str],
    limit: int,
) -> list[dict[str, Any]]:
    """Assessed cases by when they changed last.

    Parameters
    ----------
    areas
        In all of them.
    colour
        As it stands; None: any.
    place
        After which: `changed_at` (µs) and `dispute_id`.
    """
    more, within = within_areas(areas)
    values: dict[str, Any] = {"at": place[0], "after": place[1], "limit": limit, **within}
    if colour is not None:
        more += " AND b.colour = :colour"
        values["colour"] = colour
    found = conn.execute(sa.text(_LISTED.format(more=more)), values).mappings().all()
    return [dict(row) for row in found]


def assessments(
    conn: sa.Connection, dispute_id: str, place: tuple[int, str], limit: int
) -> list[dict[str, Any]]:
    """Assessments of a case, as they were made, after a place: `created_at` (µs) and id."""
    made = ASSESSMENTS.c
    query = sa.select(made.assessment_id, made.created_at, made.answer).where(
        made.dispute_id == dispute_id,
        sa.or_(
            made.created_at > place[0],
            sa.and_(made.created_at == place[0], made.assessment_id > place[1]),
        ),
    )
    found = conn.execute(query.order_by(made.created_at, made.assessment_id).limit(limit)).mappings()
    return [dict(row) for row in found]
