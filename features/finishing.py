"""From the measures of a feature to its column: rates, trends, differences, several persons, transforms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from docket.times import DAY

from .arrays import F64
from .calendar import holidays_on, hours, months, weekdays
from .declarations import DATED, STRENGTH, Aggregate, Feature, Measure, Transform, smallest_or_largest
from .expansion import Request
from .measures import combined

WEAKEST: Final = 5.0
STRONGEST: Final = 500.0
"""Bounds of a learned strength: chance alone makes a few parts look alike, or worlds apart."""


class Columns:
    """The columns of some features, each finished as soon as what it is made of is there.

    A measure is let go of with the last column that wants it: of millions of cases, all measures at once
    would take as much memory as the columns.

    Attributes
    ----------
    matrix
        (queries, features) float64, a column written once its measures were taken.
    """

    def __init__(self, features: Sequence[Feature], request: Request) -> None:
        self.matrix = np.empty((request.as_of.size, len(features)), np.float64, order="F")
        self._request = request
        self._waiting = dict(enumerate(features))
        self._values: dict[Measure, F64] = {}

    def take(self, values: Mapping[Measure, F64]) -> None:
        """Take measures, and write the columns that lacked no others."""
        self._values.update(values)
        for place, feature in list(self._waiting.items()):
            if self._values.keys() >= set(feature.measures):
                found = [self._values[measure] for measure in feature.measures]
                self.matrix[:, place] = finished(feature, found, self._request)
                del self._waiting[place]
        wanted = {measure for feature in self._waiting.values() for measure in feature.measures}
        self._values = {measure: found for measure, found in self._values.items() if measure in wanted}


def finished(feature: Feature, values: list[F64], request: Request) -> F64:
    """The column of a feature: (queries,).

    Parameters
    ----------
    feature
        What is wanted.
    values
        Of its `measures`, each (rows of that measure's entity's expansion,).
    request
        The queries.
    """
    answer = _TRANSFORMS[feature.transform](_together(feature, values, request))
    if feature.limit is None:
        return answer
    return np.where(np.isnan(answer), np.nan, answer > feature.limit)


def _together(feature: Feature, values: list[F64], request: Request) -> F64:
    """The measures put together, and of several persons the most worrying one: (queries,)."""
    expansion = request.expansions[feature.entity]
    size = request.as_of.size
    if feature.aggregate is Aggregate.TREND:
        recent, usual = values
        share = (feature.within or 0) / (feature.long or 1)
        # Half an item is added to both, so that a quiet place has a steady trend, not 0 / 0.
        values = [(recent + 0.5) / (usual * share + 0.5)]
    elif feature.aggregate is Aggregate.RATE:
        prior: float | F64 = feature.prior
        strength: float | F64 = STRENGTH if feature.strength is None else feature.strength
        if feature.parent is not None:
            above = request.expansions[feature.parent]
            whole = [combined(part, above.query, size, "max")[expansion.query] for part in values[2:]]
            prior = _shrunk(whole[0], whole[1], feature.prior, strength)
            if feature.strength is None:
                strength = learned_strength(*whole)
        values = [_shrunk(values[0], values[1], prior, strength)]
    elif feature.less is not None:
        if feature.less.entity is not feature.entity:
            one, other = (
                combined(part, request.expansions[entity].query, size, smallest_or_largest(aggregate))
                for part, entity, aggregate in (
                    (values[0], feature.entity, feature.aggregate),
                    (values[1], feature.less.entity, feature.less.aggregate),
                )
            )
            return _gap(feature, one, other)
        values = [_gap(feature, values[0], values[1])]
    return combined(values[0], expansion.query, size, feature.combine)


def _gap(feature: Feature, one: F64, other: F64) -> F64:
    """The difference; of two times in whole microseconds, so that a deadline is met or missed exactly."""
    if feature.less_absent is not None:
        other = np.where(np.isnan(other), feature.less_absent, other)
    if feature.less is not None and {feature.aggregate, feature.less.aggregate} <= DATED:
        gap: F64 = (np.rint(one * DAY) - np.rint(other * DAY)) / DAY
    else:
        gap = one - other
    return gap


def learned_strength(hits: F64, tries: F64, same_hits: F64, same_tries: F64) -> F64:
    """How many items the prior of a part should weigh, by how much more alike items of one part are.

    Two items of the same part are both hits as often as `same_hits / same_tries`; were the parts all alike,
    it would be the square of the rate. The excess is the correlation within parts, 1 / (1 + strength) of a
    beta-binomial.

    Parameters
    ----------
    hits, tries
        Of the whole.
    same_hits, same_tries
        Ordered pairs of hits, and of items, that stand in the same part.

    Returns
    -------
    ndarray
        Between `WEAKEST` and `STRONGEST`; the latter too where the parts differ by no more than chance.
    """
    rate = hits / np.maximum(tries, 1.0)
    excess = same_hits / np.maximum(same_tries, 1.0) - rate * rate
    spread = rate * (1.0 - rate)
    alike = excess / np.where(spread > 0.0, spread, 1.0)
    least = 1.0 / (1.0 + STRONGEST)
    return np.clip(1.0 / np.maximum(alike, least) - 1.0, WEAKEST, STRONGEST)


def _shrunk(hits: F64, tries: F64, prior: float | F64, strength: float | F64) -> F64:
    """The mean of a beta-binomial posterior whose prior has mean `prior` and weighs `strength` tries."""
    answer: F64 = (hits + strength * prior) / (tries + strength)
    return answer


_TRANSFORMS: Final[dict[Transform, Callable[[F64], F64]]] = {
    Transform.NONE: lambda values: values,
    Transform.LOG1P: np.log1p,
    Transform.HOUR: hours,
    Transform.WEEKDAY: weekdays,
    Transform.MONTH: months,
    Transform.HOLIDAY: holidays_on,
    Transform.DAYS: lambda values: values / DAY,
}
