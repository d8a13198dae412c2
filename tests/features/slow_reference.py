"""The features once more, as slow and as plainly as they can be said.

It shares no code with the engine but the declarations. For one dispute at one moment it first throws away
all that was not known then, keeps of every row the version known last, and then counts what is left in
lists. There is no `until`, no sorting by time, no subtraction of the own dispute: it is left out.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
from slow_view import Fact, View

from docket.times import DAY
from features.declarations import Aggregate, Feature, Transform


def reference(feature: Feature, view: View, dispute: str) -> float:
    """The feature's value for one dispute at the moment of the view."""
    values = [_value(feature, view, dispute, key) for key in view.keys(feature.entity, dispute)]
    if feature.less is None:
        value = _worst(feature.aggregate, values)
    else:
        names = {field.name for field in fields(feature.less)} & {field.name for field in fields(feature)}
        # The subtrahend is a plain feature like any other, so it is computed as one.
        less = replace(
            feature,
            less=None,
            less_absent=None,
            transform=Transform.NONE,
            limit=None,
            **{name: getattr(feature.less, name) for name in names},
        )
        others = [_value(less, view, dispute, key) for key in view.keys(less.entity, dispute)]
        if less.entity is feature.entity:
            pairs = zip(values, others, strict=True)
            gaps = [_minus(feature, one, other) for one, other in pairs]
            value = _worst(Aggregate.MAX, gaps)
        else:
            value = _minus(feature, _worst(feature.aggregate, values), _worst(less.aggregate, others))
    if math.isnan(value):
        return math.nan
    value = _transformed(feature.transform, value)
    return value if feature.limit is None else float(value > feature.limit)


def _worst(aggregate: Aggregate, values: list[float]) -> float:
    known = [float(value) for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    return min(known) if aggregate in (Aggregate.SINCE, Aggregate.MIN) else max(known)


def _minus(feature: Feature, one: float, other: float) -> float:
    if math.isnan(other) and feature.less_absent is not None:
        other = feature.less_absent
    assert feature.less is not None
    if math.isnan(one) or math.isnan(other):
        return math.nan
    times = (Aggregate.SINCE, Aggregate.DURATION)
    if feature.aggregate in times and feature.less.aggregate in times:
        return (timedelta(days=one) - timedelta(days=other)) / timedelta(days=1)
    return one - other


def _kept(
    feature: Feature,
    view: View,
    stream: str,
    key: str,
    dispute: str,
    days: int | None,
    kinds: frozenset[str] | None,
) -> list[Fact]:
    return [
        fact
        for fact in view.facts(stream)
        if fact.key == key
        and (kinds is None or fact.kind in kinds)
        and (days is None or fact.at + days * DAY > view.as_of)
        and not (feature.not_own and fact.dispute == dispute)
    ]


def _value(feature: Feature, view: View, dispute: str, key: str) -> float:
    facts = _kept(feature, view, feature.stream, key, dispute, feature.within, feature.where)

    def items(stream: str, key: str, days: int | None, kinds: frozenset[str] | None) -> int:
        return len({fact.item for fact in _kept(feature, view, stream, key, dispute, days, kinds)})

    aggregate = feature.aggregate
    if aggregate is Aggregate.COUNT:
        return float(len({fact.item for fact in facts}))
    if aggregate is Aggregate.TREND:
        assert feature.within and feature.long
        recent = items(feature.stream, key, feature.within, feature.where)
        usual = items(feature.stream, key, feature.long, feature.where)
        return (recent + 0.5) / (usual * feature.within / feature.long + 0.5)
    if aggregate is Aggregate.RATE:
        prior = feature.prior
        strength = feature.strength or 20.0
        if feature.parent is not None:
            assert feature.parent_stream is not None
            (above,) = view.keys(feature.parent, dispute)
            hits = items(feature.parent_stream, above, feature.within, feature.where)
            tries = items(feature.parent_stream, above, feature.within, feature.base)
            prior = (hits + strength * feature.prior) / (tries + strength)
            if feature.strength is None:
                strength = _learned(feature, view, dispute, above, hits / max(tries, 1))
        tries = items(feature.stream, key, feature.within, feature.base)
        hits = len({fact.item for fact in facts})
        return (hits + strength * prior) / (tries + strength)
    if aggregate in (Aggregate.SUM, Aggregate.DECAYED):
        once = {(fact.dispute, fact.item, fact.at, fact.value) for fact in facts}
        half = feature.half_life or math.inf
        return sum(value * 0.5 ** ((view.as_of - at) / DAY / half) for _, _, at, value in once)
    if not facts:
        return math.nan
    if aggregate is Aggregate.SINCE:
        return (view.as_of - max(fact.at for fact in facts)) / DAY
    if aggregate is Aggregate.DURATION:
        return (view.as_of - min(fact.at for fact in facts)) / DAY
    if aggregate is Aggregate.MAX:
        return max(fact.value for fact in facts)
    if aggregate is Aggregate.MIN:
        return min(fact.value for fact in facts)
    if aggregate is Aggregate.LAST:
        return max(facts, key=lambda f: (f.at, f.known, f.dispute, f.item, f.kind, f.value)).value
    assert aggregate is Aggregate.FIRST
    first = min(fact.known for fact in facts)
    return max((f for f in facts if f.known == first), key=lambda f: (f.at, f.dispute, f.item, f.kind)).value


def _learned(feature: Feature, view: View, dispute: str, above: str, rate: float) -> float:
    """The strength that makes as many pairs of hits in the same part as there are."""
    assert feature.parent_stream is not None

    def alike(kinds: frozenset[str] | None) -> int:
        facts = _kept(feature, view, feature.parent_stream or "", above, dispute, feature.within, kinds)
        parts = [item.split("\x1f")[0] for item in {fact.item for fact in facts}]
        return sum(parts[one] == parts[two] for one in range(len(parts)) for two in range(one))

    if alike(feature.base) == 0 or rate in (0, 1):
        return 500.0
    excess = (alike(feature.where) / alike(feature.base) - rate**2) / (rate * (1 - rate))
    return 500.0 if excess <= 0 else min(500.0, max(5.0, 1 / excess - 1))


def _transformed(transform: Transform, value: float) -> float:
    if transform is Transform.LOG1P:
        return math.log1p(value)
    if transform is Transform.DAYS:
        return value / DAY
    if transform is Transform.NONE:
        return value
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    local = moment.astimezone(ZoneInfo("Asia/Shanghai"))
    if transform is Transform.HOLIDAY:
        return float(local.date() in holidays.China(years=local.year))
    if transform is Transform.MONTH:
        return local.month - 1.0
    return float(local.hour if transform is Transform.HOUR else local.weekday())
