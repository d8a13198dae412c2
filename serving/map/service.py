"""What the map tells: counts, rates and trends of areas, none of them small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import shapely
import sqlalchemy as sa

from docket.keys import Key
from docket.times import now_micros, rfc3339
from models.policy import exact_interval
from models.suppression import LEAST
from serving.audit.service import viewed
from serving.errors import FieldError, Invalid, NotFound
from serving.listing.service import area_of
from serving.map import repository
from serving.map.areas import WHOLE, District, Level, level_of
from serving.map.periods import Period, finished
from serving.map.tables import ALL, Table
from serving.state import State

Trend = Literal["up", "down", "same"]
PERIODS: Final = 12
"""How many periods can be looked back."""
_PER: Final = 1_000


def counts(
    state: State, key: Key, *, level: Level, by: str = ALL, period: str | None = None, area: str | None = None
) -> dict[str, Any]:
    """The areas of a level in the key's area, with what is told of each.

    Parameters
    ----------
    by
        A kind, a colour, `unscored`, or all.
    period
        Its name; None: the last one that is over.
    area
        An area whose course over the periods is told as well.

    Raises
    ------
    Invalid
        If the period isn't one of those that are told.
    NotFound
        If the area isn't one of the key's.
    """
    now = now_micros()
    with state.store.snapshot() as conn:
        periods = _periods(conn, state, now)
        chosen = periods[-1] if period is None else next((one for one in periods if one.name == period), None)
        if chosen is None:
            raise Invalid([FieldError(field="period", reason="out of range", expected=_expected(periods))])
        district = state.maps.district(repository.grids(conn))
        wanted = periods if area is not None else [chosen]
        tables = {
            one: state.maps.tables.of(district, repository.counts(conn, one.since, one.until, now))
            for one in dict.fromkeys([*wanted, chosen, chosen.next(-1)])
        }
    viewed(state, (), "map")
    here = district.inside(level, key.area)
    told = [_told(district, number, tables[chosen], tables[chosen.next(-1)], by) for number in here]
    return {
        "level": level,
        "by": by,
        "least": LEAST,
        "period": chosen.name,
        "since": rfc3339(chosen.since),
        "until": rfc3339(chosen.until),
        "periods": [one.name for one in periods],
        "whole": _whole(district, key, tables[chosen], tables[chosen.next(-1)], by),
        "areas": told,
        "drawn": sum(not given for given in district.outlines.given),
        "course": None if area is None else _course(district, key, area, periods, tables, by),
    }


def features(state: State, key: Key, level: Level) -> dict[str, Any]:
    """The outlines of the areas of a level in the key's area, as GeoJSON."""
    with state.store.snapshot() as conn:
        district = state.maps.district(repository.grids(conn))
    shapes = district.shapes(level)
    made = []
    for number in district.inside(level, key.area):
        place = district.places[number]
        made.append(
            {
                "type": "Feature",
                "id": number,
                "geometry": shapely.geometry.mapping(shapes[place.id]),
                "properties": {"area": place.id, "name": place.name},
            }
        )
    return {"type": "FeatureCollection", "features": made}


def _periods(conn: sa.Connection, state: State, now: int) -> list[Period]:
    """Those that are over, from that on in which the first dispute was opened."""
    over = finished(state.settings.map_period, now, PERIODS)
    first = repository.first_opened(conn)
    return [one for one in over[:-1] if first is not None and one.until > first] + over[-1:]


def _expected(periods: Sequence[Period]) -> str:
    return f"{periods[0].name} to {periods[-1].name}"


def _told(district: District, number: int, now: Table, before: Table, by: str) -> dict[str, Any]:
    place = district.places[number]
    count, earlier = now.shown(number, by), before.shown(number, by)
    rate = None if count is None or not place.population else count / place.population * _PER
    return {
        "number": number,
        "area": place.id,
        "name": place.name,
        "within": place.within,
        "count": count,
        "population": place.population,
        "rate": rate,
        **_trend(count, earlier),
    }


def _trend(count: int | None, earlier: int | None) -> dict[str, Any]:
    """Whether more came than in the period before, as far as chance allows to say so.

    Of two Poisson counts the one, given their sum, is binomial: the exact interval of its share gives that
    of the ratio of the two rates.
    """
    if count is None or earlier is None or count + earlier == 0:
        return {"trend": None, "before": earlier, "ratio_low": None, "ratio_high": None}
    low, high = exact_interval(count, count + earlier)
    ratio_low = None if low is None or low == 1 else low / (1 - low)
    ratio_high = None if high is None or high == 1 else high / (1 - high)
    trend: Trend = "same"
    if ratio_low is not None and ratio_low > 1:
        trend = "up"
    elif ratio_high is not None and ratio_high < 1:
        trend = "down"
    return {"trend": trend, "before": earlier, "ratio_low": ratio_low, "ratio_high": ratio_high}


def _whole(district: District, key: Key, now: Table, before: Table, by: str) -> dict[str, Any] | None:
    own = ("district", WHOLE) if key.area is None else (key.area.kind, key.area.id)
    number = district.index.get(own)
    return None if number is None else _told(district, number, now, before, by)


def _course(
    district: District, key: Key, asked: str, periods: Sequence[Period], tables: dict[Period, Table], by: str
) -> dict[str, Any]:
    area = area_of(asked)
    number = district.index.get((area.kind, area.id))
    if number is None or number not in district.inside(level_of(area), key.area):
        raise NotFound("There is no such area in the key's area.")
    return {
        "area": asked,
        "name": district.places[number].name,
        "counts": [{"period": one.name, "count": tables[one].shown(number, by)} for one in periods],
    }
