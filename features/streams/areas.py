"""Streams about the neighbourhood of a dispute."""

from __future__ import annotations

from ..declarations import Entity, Stream
from .parts import earliest, latest, select


def _area(entity: Entity, key: str, item: str = "d.dispute_id") -> Stream:
    """Disputes of an area and, dated by the same `opened_at`, those of them that came to harm."""
    rows = "known_disputes AS d JOIN known_grids AS g ON g.grid_id = d.grid_id"
    taken = select(
        key,
        "d.dispute_id",
        item,
        known=latest("d"),
        at="d.opened_at",
        until=earliest("d", excluded="d"),
        kind="'dispute/' || d.kind",
        value="1",
        rows=rows,
    )
    harmed = select(
        key,
        "d.dispute_id",
        item,
        known=latest("d", "o"),
        at="d.opened_at",
        until=earliest("d", "o", excluded="d"),
        kind="'harm'",
        value="1",
        rows=f"{rows} JOIN known_outcomes AS o ON o.dispute_id = d.dispute_id",
    )
    return Stream(
        f"{entity}_disputes",
        f"{taken} UNION ALL {harmed}",
        frozenset({entity}),
        (key,),
        "d.opened_at",
        others=True,
    )


GRID_DISPUTES = _area(Entity.GRID, "d.grid_id")
COMMUNITY_DISPUTES = _area(Entity.COMMUNITY, "g.community_id")
# In which grid of the street, so that the fold can tell how much these differ.
STREET_DISPUTES = _area(Entity.STREET, "g.street_id", "d.grid_id || CHR(31) || d.dispute_id")
