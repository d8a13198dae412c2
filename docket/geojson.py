"""Outlines and population of grids as GeoJSON (RFC 7946), as a district's map office has them.

A FeatureCollection; each feature is a grid: `properties.grid_id`, known to the store;
`properties.population`, an integer of 0 or more, or null or left out; a `geometry` that is a valid
Polygon or MultiPolygon in degrees (WGS-84), or null where only the population is told. Other properties
are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.errors import ShapelyError
from shapely.validation import explain_validity

from docket import faults
from docket.faults import BadInput, Fault, RecordFaults
from docket.outlines import is_area

_SHOWN: Final = 80
"""Characters of a value that a fault repeats."""


@dataclass(frozen=True)
class GridFeature:
    """What is said of a grid; None where nothing is."""

    grid_id: str
    boundary: str | None
    population: int | None


def read_grids(path: Path, known: Collection[str]) -> list[GridFeature]:
    """The features of a file.

    Parameters
    ----------
    known
        The grids that there are.

    Raises
    ------
    BadInput
        If it's no FeatureCollection.
    RecordFaults
        Naming the number of each feature at fault (from 1) and its property, or `geometry`.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: JSON was expected ({error})") from None
    if not isinstance(told, dict) or not isinstance(told.get("features"), list):
        raise BadInput(f"{path}: a GeoJSON FeatureCollection was expected")
    found: list[Fault] = []
    made: list[GridFeature] = []
    seen: set[str] = set()
    for number, feature in enumerate(told["features"], start=1):
        reader = _Feature(path.name, number, feature, found)
        name = reader.grid_id(known, seen)
        shape, people = reader.boundary(), reader.population()
        if name is not None:
            seen.add(name)
            made.append(GridFeature(name, shape, people))
    if found:
        raise RecordFaults(found)
    return made


class _Feature:
    """One feature, and where to put what is wrong with it."""

    def __init__(self, file: str, number: int, feature: Any, found: list[Fault]) -> None:
        self.file, self.number, self.found = file, number, found
        self.feature = feature if isinstance(feature, dict) else {}
        told = self.feature.get("properties")
        self.properties = told if isinstance(told, dict) else {}

    def grid_id(self, known: Collection[str], seen: Collection[str]) -> str | None:
        """The grid that it is about."""
        name = self.properties.get("grid_id")
        if not isinstance(name, str) or not name:
            self._fault("grid_id", name, faults.MISSING_VALUE)
        elif name not in known:
            self._fault("grid_id", name, faults.DANGLING)
        elif name in seen:
            self._fault("grid_id", name, faults.DUPLICATE)
        else:
            return name
        return None

    def population(self) -> int | None:
        """How many live there."""
        people = self.properties.get("population")
        if people is None:
            return None
        if isinstance(people, bool) or not isinstance(people, int | float) or people != int(people):
            self._fault("population", people, faults.NOT_INTEGER)
        elif people < 0:
            self._fault("population", people, faults.BELOW_ZERO)
        else:
            return int(people)
        return None

    def boundary(self) -> str | None:
        """The geometry as WKT."""
        told = self.feature.get("geometry")
        if told is None:
            return None
        try:
            shape = shapely.from_geojson(json.dumps(told))
        except (ShapelyError, ValueError, TypeError):
            self._fault("geometry", told, "not a GeoJSON geometry")
            return None
        if not is_area(shape):
            self._fault("geometry", told, f"not an area in degrees: {_why(shape)}")
            return None
        return str(shapely.to_wkt(shape, rounding_precision=7))

    def _fault(self, column: str, value: object, reason: str) -> None:
        text = json.dumps(value, ensure_ascii=False)
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        self.found.append(Fault(self.file, self.number, column, shown, reason))


def _why(shape: shapely.Geometry) -> str:
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return f"a {shape.geom_type}, where a Polygon or MultiPolygon was expected"
    if shape.is_empty:
        return "it is empty"
    if not shape.is_valid:
        return str(explain_validity(shape))
    return "it lies beyond 180 degrees of longitude or 90 of latitude: were metres meant?"
