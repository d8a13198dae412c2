"""From measures to columns in plain numpy, for the peers whose measures come as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import holidays
import numpy as np

from ..reading import Array

DAY: Final = 86_400_000_000
HOUR: Final = 3_600_000_000
SMALLEST: Final = ("since", "min")
Wanted = dict[str, Any]
"""stream, entity, aggregate, within, where, half_life."""


class Finisher:
    """Puts measures together.

    Parameters
    ----------
    values
        Of each measure by `name_of`: (rows of its entity,).
    queries
        Of each entity: (rows,) positions of the questions, ascending.
    size
        How many questions there are.
    """

    def __init__(self, values: Mapping[str, Array], queries: Mapping[str, Array], size: int) -> None:
        self.values, self.queries, self.size = values, queries, size

    def _combined(self, values: Array, entity: str, smallest: bool) -> Array:
        """The most worrying of several keys' values."""
        query = self.queries[entity]
        if query.size == self.size and np.array_equal(query, np.arange(self.size)):
            return values
        answer = np.full(self.size, np.nan)
        if query.size:
            first = np.flatnonzero(np.diff(query, prepend=-1))
            answer[query[first]] = (np.fmin if smallest else np.fmax).reduceat(values, first)
        return answer

    def column(self, feature: Mapping[str, Any]) -> Array:
        """The column of a feature: (questions,)."""
        values = [self.values[name_of(w)] for w in measures_of(feature)]
        entity, less = feature["entity"], feature["less"]
        if feature["aggregate"] == "trend":
            share = feature["within"] / feature["long"]
            answer = self._combined((values[0] + 0.5) / (values[1] * share + 0.5), entity, False)
        elif feature["aggregate"] == "rate":
            answer = self._rate(feature, [self._combined(v, str(w["entity"]), False) for v, w in
                                          zip(values, measures_of(feature), strict=True)])  # fmt: skip
        elif less is None:
            answer = self._combined(values[0], entity, feature["aggregate"] in SMALLEST)
        elif less["entity"] == entity:
            answer = self._combined(_gap(feature, *values), entity, False)
        else:
            one = self._combined(values[0], entity, feature["aggregate"] in SMALLEST)
            answer = _gap(
                feature, one, self._combined(values[1], less["entity"], less["aggregate"] in SMALLEST)
            )
        answer = _TRANSFORMS[feature["transform"]](answer)
        if feature["limit"] is not None:
            answer = np.where(np.isnan(answer), np.nan, answer > feature["limit"])
        return answer

    def _rate(self, feature: Mapping[str, Any], values: list[Array]) -> Array:
        prior, strength = feature["prior"], feature["strength"] or 20.0
        if feature["parent"] is not None:
            hits, tries = values[2:4]
            prior = (hits + strength * prior) / (tries + strength)
            if feature["strength"] is None:
                rate = hits / np.maximum(tries, 1.0)
                spread = rate * (1 - rate)
                excess = values[4] / np.maximum(values[5], 1.0) - rate * rate
                alike = np.maximum(excess / np.where(spread > 0, spread, 1.0), 1 / 501)
                strength = np.clip(1 / alike - 1, 5.0, 500.0)
        return (values[0] + strength * prior) / (values[1] + strength)


def measures_of(feature: Mapping[str, Any]) -> list[Wanted]:
    """The plain measures that a feature is put together from."""

    def measure(**other: Any) -> Wanted:
        names = ("stream", "entity", "aggregate", "within", "where", "half_life")
        return {name: feature[name] for name in names} | other

    if feature["aggregate"] == "trend":
        return [measure(aggregate="count", within=feature[days]) for days in ("within", "long")]
    if feature["aggregate"] == "rate":
        kinds = [feature["where"], feature["base"]]
        found = [measure(aggregate="count", where=kind) for kind in kinds]
        if feature["parent"] is not None:
            above = {"stream": feature["parent_stream"], "entity": feature["parent"]}
            found += [measure(aggregate="count", where=kind, **above) for kind in kinds]
            if feature["strength"] is None:
                found += [measure(aggregate="pairs", where=kind, **above) for kind in kinds]
        return found
    less = feature["less"]
    return [measure()] if less is None else [measure(), measure(**{k: less[k] for k in measure()})]


def name_of(w: Wanted) -> str:
    """Names a measure."""
    return repr([w[k] for k in ("stream", "entity", "aggregate", "within", "where", "half_life")])


def _gap(feature: Mapping[str, Any], one: Array, other: Array) -> Array:
    if feature["less_absent"] is not None:
        other = np.where(np.isnan(other), feature["less_absent"], other)
    if {feature["aggregate"], feature["less"]["aggregate"]} <= {"since", "duration"}:
        return (np.rint(one * DAY) - np.rint(other * DAY)) / DAY
    return one - other


def _days(moments: Array) -> Array:
    return np.floor((moments + 8 * HOUR) / DAY)


def _months(moments: Array) -> Array:
    days = _days(moments)
    known = ~np.isnan(days)
    answer = np.full(days.size, np.nan)
    answer[known] = days[known].astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    return answer


def _holidays(moments: Array) -> Array:
    days = _days(moments)
    free = holidays.country_holidays("CN", years=range(2015, 2036))
    off = np.array([(day - date(1970, 1, 1)).days for day in free], np.float64)
    return np.where(np.isnan(days), np.nan, np.isin(days, off))


_TRANSFORMS: Final = {
    "none": lambda values: values,
    "log1p": np.log1p,
    "hour": lambda values: np.floor((values + 8 * HOUR) / HOUR) % 24,
    "weekday": lambda values: (_days(values) + 3) % 7,
    "month": _months,
    "holiday": _holidays,
    "days": lambda values: values / DAY,
}
