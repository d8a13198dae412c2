"""The areas of a district as a tree: the district, its streets, their communities, their grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import shapely

from docket.keys import Area
from docket.outlines import Outlines, outlines

Level = Literal["street", "community", "grid"]
LEVELS: Final[tuple[Level, ...]] = ("street", "community", "grid")
WHOLE: Final = ""
"""The id of the district as an area."""


@dataclass(frozen=True)
class Place:
    """An area: where it is in the tree, and who lives there (None where nobody said)."""

    level: str
    id: str
    name: str
    within: str
    population: int | None
    children: tuple[int, ...]


@dataclass(frozen=True)
class District:
    """All areas, grids first, then communities, streets, and the district itself.

    Attributes
    ----------
    grids
        Rows of `serving.map.repository.grids`.
    """

    grids: Sequence[Mapping[str, Any]]
    places: tuple[Place, ...] = field(init=False)
    _shapes: dict[Level, dict[str, shapely.Geometry]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", tuple(_places(self.grids)))

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        """Where an area stands, by level and id."""
        return {(place.level, place.id): number for number, place in enumerate(self.places)}

    @cached_property
    def outlines(self) -> Outlines:
        """Of the grids."""
        lon, lat = (np.array([float(grid[name]) for grid in self.grids]) for name in ("lon", "lat"))
        return outlines(lon, lat, [grid["boundary"] for grid in self.grids])

    def shapes(self, level: Level) -> dict[str, shapely.Geometry]:
        """The outline of each area of a level."""
        if level not in self._shapes:
            self._shapes[level] = self.outlines.joined([str(grid[f"{level}_id"]) for grid in self.grids])
        return self._shapes[level]

    def inside(self, level: Level, area: Area | None) -> list[int]:
        """The areas of a level that lie in an area."""
        if area is None:
            names = {str(grid[f"{level}_id"]) for grid in self.grids}
        else:
            names = {str(grid[f"{level}_id"]) for grid in self.grids if grid[area.column] == area.id}
            if LEVELS.index(level) < LEVELS.index(level_of(area)):
                names = set()  # a community isn't shown a street
        return [
            number for number, place in enumerate(self.places) if place.level == level and place.id in names
        ]


def level_of(area: Area) -> Level:
    """The level of an area."""
    return next(level for level in LEVELS if level == area.kind)


def _places(grids: Sequence[Mapping[str, Any]]) -> list[Place]:
    made = [
        Place("grid", str(g["grid_id"]), str(g["grid_name"]), str(g["community_name"]), g["population"], ())
        for g in grids
    ]
    below = [str(g["community_id"]) for g in grids]
    first = 0
    for level, above, within in (("community", "street_id", "street_name"), ("street", None, None)):
        start = len(made)
        members: dict[str, list[int]] = {}
        for number, name in enumerate(below):
            members.setdefault(name, []).append(first + number)
        rows = {str(g[f"{level}_id"]): g for g in grids}
        for name, children in members.items():
            row = rows[name]
            told = str(row[within]) if within else ""
            made.append(
                Place(level, name, str(row[f"{level}_name"]), told, _people(made, children), tuple(children))
            )
        below = [str(rows[name][above]) for name in members] if above else []
        first = start
    streets = tuple(number for number, place in enumerate(made) if place.level == "street")
    made.append(Place("district", WHOLE, "全区", "", _people(made, streets), streets))
    return made


def _people(made: Sequence[Place], children: Sequence[int]) -> int | None:
    told = [made[child].population for child in children]
    known = [people for people in told if people is not None]
    return sum(known) if known and len(known) == len(told) else None
