"""Where areas lie: the outline of a grid as given, else its Voronoi cell; wider areas are made of grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

_DEGREE_METRES: Final = 111_320.0
_PRECISION: Final = 1e-6
"""Degrees, some ten centimetres: finer than any outline, and neighbours share their edges exactly."""
_LONELY: Final = 400.0
"""Metres around a grid that has no neighbours to be parted from."""


@dataclass(frozen=True)
class Outlines:
    """Shapes in WGS-84, in the order of the grids.

    Attributes
    ----------
    shapes
        Polygons or multipolygons.
    given
        Whether a shape is the grid's own boundary; else it is a cell of the points' Voronoi diagram.
    """

    shapes: NDArray[np.object_]
    given: NDArray[np.bool_]

    def joined(self, groups: Sequence[str]) -> dict[str, shapely.Geometry]:
        """The shape of each group of grids."""
        named = np.asarray(groups, dtype=object)
        return {name: shapely.union_all(self.shapes[named == name]) for name in dict.fromkeys(groups)}


def outlines(
    lon: NDArray[np.float64], lat: NDArray[np.float64], boundaries: Sequence[str | None]
) -> Outlines:
    """The outlines of grids.

    Parameters
    ----------
    lon, lat
        Of the grids, degrees.
    boundaries
        WKT; one that is missing or isn't an area is replaced by a cell.
    """
    own = shapely.from_wkt(np.asarray(boundaries, dtype=object), on_invalid="ignore")
    given = np.array([shape is not None and is_area(shape) for shape in own], dtype=bool)
    shapes = np.where(given, own, cells(lon, lat)) if len(lon) else np.empty(0, dtype=object)
    return Outlines(shapely.set_precision(shapes, _PRECISION), given)


def is_area(shape: shapely.Geometry) -> bool:
    """Whether a shape is an area on the earth: polygons, valid, in degrees."""
    if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty or not shape.is_valid:
        return False
    west, south, east, north = shape.bounds
    return bool(west >= -180 and south >= -90 and east <= 180 and north <= 90)


def cells(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.object_]:
    """The Voronoi cell of each point, no further out than some way around all of them.

    Points at one place share a cell.
    """
    # Nearness is by metres: a degree of longitude is shorter than one of latitude.
    shrink = max(float(np.cos(np.radians(np.mean(lat)))), 0.01) if len(lat) else 1.0
    points, which = np.unique(np.column_stack([lon * shrink, lat]), axis=0, return_inverse=True)
    cloud = shapely.MultiPoint(points)
    spread = float(np.sqrt(cloud.convex_hull.area / max(len(points), 1)))
    rim = cloud.convex_hull.buffer(max(spread, _LONELY / _DEGREE_METRES))
    if len(points) == 1:
        found = [rim]
    else:
        diagram = shapely.voronoi_polygons(cloud, extend_to=rim, ordered=True)
        found = [shapely.intersection(cell, rim) for cell in diagram.geoms]
    back = np.array([_stretched(cell, 1 / shrink) for cell in found], dtype=object)
    return back[which.reshape(-1)]


def _stretched(shape: shapely.Geometry, factor: float) -> shapely.Geometry:
    return shapely.transform(shape, lambda places: places * [factor, 1.0])
