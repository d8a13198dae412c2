"""The neighbourhood: how much goes on there, and how often it comes to harm."""

from __future__ import annotations

from typing import Final

from ..declarations import STRENGTH, Aggregate, Entity, Feature
from .kinds import AREA_DISPUTES

_LEVELS: Final = (Entity.GRID, Entity.COMMUNITY, Entity.STREET)
_MISSING: Final = "the dispute was not known by then"


def _rate(entity: Entity) -> Feature:
    parent = None if entity is Entity.STREET else Entity.STREET
    return Feature(
        name=f"{entity}_harm_rate",
        stream=f"{entity}_disputes",
        entity=entity,
        aggregate=Aggregate.RATE,
        within=365,
        where=frozenset({"harm"}),
        base=AREA_DISPUTES,
        parent=parent,
        parent_stream=None if parent is None else f"{parent}_disputes",
        # A street has too few communities to learn from how much they differ.
        strength=None if entity is Entity.GRID else STRENGTH,
        not_own=True,
        unit="disputes that came to harm, of those opened within a year",
        missing=_MISSING,
        why="places differ; shrunk to the street's rate, or a small area's would be noise (empirical Bayes)",
    )


AREAS: Final[tuple[Feature, ...]] = (
    Feature(
        name="grid_disputes_90d",
        stream="grid_disputes",
        entity=Entity.GRID,
        aggregate=Aggregate.COUNT,
        within=90,
        where=AREA_DISPUTES,
        not_own=True,
        unit="件",
        missing=_MISSING,
        phrase="所在网格近{within}天内另有{n}起纠纷",
        why="load on the worker of the grid, and tension in it",
    ),
    Feature(
        name="community_disputes_30d",
        stream="community_disputes",
        entity=Entity.COMMUNITY,
        aggregate=Aggregate.COUNT,
        within=30,
        where=AREA_DISPUTES,
        not_own=True,
        unit="件",
        missing=_MISSING,
        why="load on the community's mediators",
    ),
    *(
        Feature(
            name=f"{entity}_trend",
            stream=f"{entity}_disputes",
            entity=entity,
            aggregate=Aggregate.TREND,
            within=30,
            long=365,
            where=AREA_DISPUTES,
            not_own=True,
            unit="ratio, 1 = steady",
            missing=_MISSING,
            why="a sudden rise (demolition, a factory in arrears) carries its own risk",
        )
        for entity in (Entity.GRID, Entity.STREET)
    ),
    *(_rate(entity) for entity in _LEVELS),
)
"""Features of the grid, the community and the street."""
