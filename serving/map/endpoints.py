"""Routes about the map."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here
from serving.map import service
from serving.map.areas import Level
from serving.map.schemas import MapAreas, MapOut
from serving.map.tables import ALL, COLUMNS
from serving.shapes import LONGEST_AREA, PRINTABLE

router = APIRouter(prefix="/v1", tags=["map"], route_class=Guarded)
By = Literal[COLUMNS]  # type: ignore[valid-type]
LONGEST_PERIOD = 10


@router.get(
    "/map",
    response_model=MapOut,
    summary="How many disputes there were where",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def get_map(
    key: Caller,
    state: Here,
    level: Annotated[Level, Query(description="Which areas.")] = "community",
    by: Annotated[By, Query(description="A kind, a colour as it stands, or all.")] = ALL,
    period: Annotated[
        str | None,
        Query(description="One of `periods`; else the last.", max_length=LONGEST_PERIOD, pattern=PRINTABLE),
    ] = None,
    area: Annotated[
        str | None,
        Query(
            description="street:ID, community:ID or grid:ID: its course over the periods as well.",
            max_length=LONGEST_AREA,
            pattern=PRINTABLE,
        ),
    ] = None,
) -> dict[str, Any]:
    """Counts, rates and trends of a period that is over; below 5 hidden, and what would give that away."""
    return service.counts(state, key, level=level, by=by, period=period, area=area)


@router.get(
    "/map/areas",
    response_model=MapAreas,
    summary="Where the areas lie",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_map_areas(
    key: Caller, state: Here, level: Annotated[Level, Query(description="Which areas.")] = "community"
) -> dict[str, Any]:
    """Outlines as GeoJSON: the boundaries of `grids`, else Voronoi cells of the grids' points."""
    return service.features(state, key, level)
