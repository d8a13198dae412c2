"""The peace map as a page: the same numbers on a map and in a table."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from docket.keys import Key
from models.policy import COLOURS as BY_URGENCY
from serving.answering import Here
from serving.map import service
from serving.map.areas import LEVELS, Level
from serving.map.endpoints import LONGEST_PERIOD, By
from serving.map.repository import UNSCORED
from serving.map.tables import ALL
from serving.pages.access import Page, Who
from serving.pages.rendering import rendered
from serving.pages.words import COLOURS, KINDS
from serving.shapes import LONGEST_AREA, PRINTABLE

router = APIRouter(prefix="/map", route_class=Page)
CLASSES: Final = 5
_UNSCORED: Final = "未评估"
_GEOJSON: Final = "application/geo+json"
_BELOW: Final[dict[str, Level]] = {"street": "community", "community": "grid", "grid": "grid"}


@router.get("")
def get_map(
    request: Request,
    key: Who,
    state: Here,
    level: Level | None = None,
    by: By = ALL,
    measure: Annotated[str, Query(pattern="^(count|rate)$")] = "count",
    period: Annotated[str, Query(max_length=LONGEST_PERIOD, pattern=PRINTABLE)] = "",
    area: Annotated[str, Query(max_length=LONGEST_AREA, pattern=PRINTABLE)] = "",
) -> Response:
    """Where disputes are, by level, kind or colour, and period."""
    at = level or ("community" if key.area is None else _BELOW[key.area.kind])
    told = service.counts(state, key, level=at, by=by, period=period or None, area=area or None)
    steps = breaks([row[measure] for row in told["areas"] if row[measure] is not None])
    asked = {"level": at, "by": by, "measure": measure, "period": told["period"]}
    return rendered(
        request,
        "map.html",
        **told,
        asked=asked,
        measure=measure,
        rates=any(row["population"] is not None for row in told["areas"]),
        steps=steps,
        class_of=lambda value: class_of(value, steps),
        link=lambda **other: f"/map?{urlencode({**asked, **other})}",
        levels=_levels(key),
        choices=choices(),
    )


@router.get("/areas")
def get_areas(request: Request, key: Who, state: Here, level: Level = "community") -> Response:
    """The outlines for the map, packed: some thousand polygons."""
    text = json.dumps(service.features(state, key, level), separators=(",", ":")).encode()
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(text, media_type=_GEOJSON, headers={"Vary": "Accept-Encoding"})
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(gzip.compress(text, compresslevel=6, mtime=0), media_type=_GEOJSON, headers=headers)


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be counted, by group, with its name."""
    colours = [(colour, COLOURS[colour]) for colour in reversed(BY_URGENCY)]
    return [("类别", list(KINDS.items())), ("颜色", [*colours, (UNSCORED, _UNSCORED)])]


def breaks(values: Sequence[float]) -> list[float]:
    """Where the classes of the map begin: round numbers, so that as many areas as may be are told apart.

    Returns
    -------
    list of float
        Rising, the first no more than the least value; at most `CLASSES`.
    """
    above = sorted(value for value in values if value > 0)
    if not above:
        return []
    found = [_rounded(above[len(above) * step // CLASSES]) for step in range(CLASSES)]
    return sorted({0.0 if found[0] > above[0] else found[0], *found[1:]})


def class_of(value: float | None, steps: Sequence[float]) -> int | None:
    """The class of a value, from 1; 0 for nothing; None where it is hidden."""
    if value is None:
        return None
    return 0 if value <= 0 else sum(value >= step for step in steps)


def _rounded(value: float) -> float:
    """The value with two digits, downwards."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    down = math.floor(value / unit + 1e-9) * unit
    return float(round(down)) if unit >= 1 or down == round(down) else round(down, 6)


def _levels(key: Key) -> list[Level]:
    return [level for level in LEVELS if key.area is None or LEVELS.index(level) >= LEVELS.index(_own(key))]


def _own(key: Key) -> Any:
    return "street" if key.area is None else key.area.kind
