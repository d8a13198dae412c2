"""The neighbourhood: how much goes on there, and how often it comes to harm."""

from __future__ import annotations

from typing import Final

from ..declarations import STRENGTH, Aggregate, Entity, Feature
from .kinds import AREA_DISPUTES, AREA_VIOLENT

_LEVELS: Final = (Entity.GRID, Entity.COMMUNITY, Entity.STREET)
_MISSING: Final = "the dispute was not known by then"


VIOLENT_SHARE: Final = 0.1
"""What a street's share of violent disputes shrinks to: judged; a district's own is not known to one case."""


def _share(entity: Entity) -> Feature:
    parent = None if entity is Entity.STREET else Entity.STREET
    return Feature(
        name=f"{entity}_violent_share",
        stream=f"{entity}_disputes",
        entity=entity,
        aggregate=Aggregate.RATE,
        within=365,
        where=AREA_VIOLENT,
        base=AREA_DISPUTES,
        parent=parent,
        parent_stream=None if parent is None else f"{parent}_disputes",
        prior=VIOLENT_SHARE,
        strength=None if entity is Entity.GRID else STRENGTH,
        not_own=True,
        unit="disputes about violence, of those opened within a year",
        missing=_MISSING,
        why="what disputes are about differs by place; shrunk as the rates of harm (Clayton and Kaldor 1987)",
    )


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
        why="places differ; shrunk to the street's rate, or a small area is noise (Clayton and Kaldor 1987)",
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
        for entity in _LEVELS
    ),
    *(_rate(entity) for entity in _LEVELS),
    *(_share(entity) for entity in _LEVELS),
    Feature(
        name="street_disputes_30d",
        stream="street_disputes",
        entity=Entity.STREET,
        aggregate=Aggregate.COUNT,
        within=30,
        where=AREA_DISPUTES,
        not_own=True,
        unit="件",
        missing=_MISSING,
        why="load on the street's centre: the more at once, the later each is looked at",
    ),
)
"""Features of the grid, the community and the street."""
