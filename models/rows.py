"""Examples as hazard rows: one a (query point, interval observed whole), until the harm has come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.targets import INTERVALS, TARGETS, Labels

Array = NDArray[np.float64]

_ESCALATION = TARGETS.index("escalation")
PRIOR_EVENTS = 1.0
"""Harms added to the baseline, spread over the intervals in proportion to their days."""


@dataclass(frozen=True)
class HazardRows:
    """Rows of the discrete-time hazard model of escalation.

    Attributes
    ----------
    example, interval
        Which query point and which interval, shape (rows,).
    event
        1 where the harm came in that interval, shape (rows,).
    """

    example: NDArray[np.int64]
    interval: NDArray[np.int64]
    event: Array

    @classmethod
    def of(cls, labels: Labels) -> HazardRows:
        """The rows that labels teach. What is not observed whole teaches nothing, harm or not."""
        came = labels.interval[:, _ESCALATION]
        last = np.minimum(labels.intervals_observed - 1, came)
        place = np.arange(len(INTERVALS))
        example, interval = np.nonzero(place[None, :] <= last[:, None])
        return cls(example, interval, (came[example] == interval).astype(np.float64))


def baseline(rows: HazardRows, weight: Array) -> Array:
    """Hazard of an average case by interval, shape (4,).

    Parameters
    ----------
    weight
        Of the examples, shape (n,).
    """
    w = weight[rows.example]
    size = len(INTERVALS)
    events = np.bincount(rows.interval, w * rows.event, minlength=size)
    at_risk = np.bincount(rows.interval, w, minlength=size)
    days = np.array([end - begin for begin, end in INTERVALS], dtype=np.float64)
    daily = (events.sum() + PRIOR_EVENTS * 1e-3) / max(float((at_risk * days).sum()), 1.0)
    # an interval with little follow-up leans on the daily rate of all
    lean = PRIOR_EVENTS * days / days.sum()
    expected = np.maximum(daily * days, 1e-9)
    return np.asarray(np.clip((events + lean) / (at_risk + lean / expected), 1e-8, 0.5))


def collapsed(rows: HazardRows, weight: Array, n: int) -> tuple[Array, Array]:
    """Events and expected count of each example under the baseline, shapes (n,).

    An example that teaches nothing has exposure zero.
    """
    cumulative = -np.log1p(-baseline(rows, weight))
    exposure = np.bincount(rows.example, cumulative[rows.interval], minlength=n)
    events = np.bincount(rows.example, rows.event, minlength=n)
    return np.asarray(events, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
