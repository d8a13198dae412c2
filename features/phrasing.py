"""The reason that a value gives, in plain Chinese."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .vocabulary import Aggregate, Transform

if TYPE_CHECKING:
    from .declarations import Feature


def phrased(feature: Feature, value: float) -> str | None:
    """What `Feature.describe` gives: the phrase with the value in it, or None where it says nothing."""
    if feature.phrase is None or math.isnan(value):
        return None
    if feature.transform is Transform.LOG1P:
        value = math.expm1(value)
    label = ""
    if feature.categorical:
        code = int(value)
        if not 0 <= code < len(feature.labels) or not feature.labels[code]:
            return None
        label = feature.labels[code]
    elif not feature.recency and value < (1 if _floored(feature) else 1e-9):
        return None
    return feature.phrase.format(n=_number(value, feature), within=feature.within, label=label)


def _floored(feature: Feature) -> bool:
    """Whether people are told whole days or yuan of it."""
    return (
        feature.aggregate in {Aggregate.SINCE, Aggregate.DURATION} or feature.transform is not Transform.NONE
    )


def _number(value: float, feature: Feature) -> str:
    if feature.aggregate is Aggregate.RATE:
        return f"{value:.1%}"
    if _floored(feature):
        return str(math.floor(value + 1e-9)) if value >= 1 else "不到1"
    return str(int(value)) if value == int(value) else f"{value:.1f}"
