"""Figures of one district: every score against the truth, on the same draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.bootstrap import Interval, bootstrap, draws, interval
from models.metrics import FIGURES, average_precisions
from models.targets import RISK_COLUMNS

from .plan import OURS

Array = NDArray[np.float64]

DRAWS: Final = 500
ONLY_ORDERS: Final = frozenset({"checklist", "rule", "transformer"})
"""Peers whose scores are no probabilities."""


@dataclass(frozen=True)
class Judged:
    """What the table says of a district; intervals are of a bootstrap over disputes clustered by the pair.

    Attributes
    ----------
    cases, expected, harmed
        How many were scored, the sum of `p_true`, and how many came to harm.
    base, ceiling
        Soft average precision of an order that says nothing, and of the best reader.
    shares
        Peer to (soft AP - base) / (ceiling - base).
    best
        The peer, ours and ours started from a neighbour's left out, with the highest share.
    less_best, less_best_soft
        Our share, and our soft AP, less that of the best peer.
    closed
        (our soft AP - the best peer's) / (ceiling - the best peer's).
    slopes
        Peer to calibration slope against `p_true`, where its scores are probabilities.
    target_slopes
        The same of our risks within 90 days, by target.
    drops
        Peer to its share less its share of the same cases in wordings not seen in training.
    """

    cases: int
    expected: float
    harmed: int
    base: float
    ceiling: float
    shares: Mapping[str, Interval]
    best: str
    less_best: Interval
    less_best_soft: Interval
    closed: Interval
    slopes: Mapping[str, Interval]
    target_slopes: Mapping[str, Interval]
    drops: Mapping[str, Interval]


def judge(test: pd.DataFrame, scores: Mapping[str, Mapping[str, Any]]) -> Judged:
    """The figures of a district.

    Parameters
    ----------
    test
        See `bench.model.districts.Sheets`.
    scores
        Peer to what its cell holds; `OURS` is among them.
    """
    seen = ~test["unseen"].to_numpy(bool)
    own = test[seen]
    true, best_reader = own["p_true"].to_numpy(), own["p_seen"].to_numpy()
    counts = draws(own["cluster"].to_numpy(), DRAWS, seed=0)
    weights = np.vstack([np.ones(len(own)), counts])
    base = weights @ true / weights.sum(axis=1)
    ceiling = average_precisions(true, best_reader, weights)

    def share(soft: Array) -> Array:
        return (soft - base) / (ceiling - base)

    arrays = {name: np.asarray(found["score"]) for name, found in scores.items()}
    soft = {name: average_precisions(true, score[seen], weights) for name, score in arrays.items()}
    best = max((name for name in soft if not name.startswith(OURS.name)), key=lambda name: soft[name][0])
    ours, other = soft[OURS.name], soft[best]
    drops = {}
    if not seen.all():
        # the twin's cases are the same disputes in the same order, so the same draws serve
        for name, score in arrays.items():
            unseen = average_precisions(true, score[~seen], weights)
            drops[name] = _interval(share(soft[name]) - share(unseen))
    slope = FIGURES["calibration_slope"]
    slopes = {
        name: bootstrap(slope, true, score[seen], counts[:200])
        for name, score in arrays.items()
        if name not in ONLY_ORDERS and np.ptp(score) > 0
    }
    risks = np.asarray(scores[OURS.name]["risks"])[seen]
    target_slopes = {
        name: bootstrap(slope, own[f"true_{name}"].to_numpy(), risks[:, place], counts[:200])
        for place, name in enumerate(RISK_COLUMNS)
        if name.endswith("_90")
    }
    return Judged(
        cases=len(own),
        expected=float(true.sum()),
        harmed=int(own["y"].sum()),
        base=float(base[0]),
        ceiling=float(ceiling[0]),
        shares={name: _interval(share(found)) for name, found in soft.items()},
        best=best,
        less_best=_interval(share(ours) - share(other)),
        less_best_soft=_interval(ours - other),
        closed=_interval((ours - other) / (ceiling - other)),
        slopes=slopes,
        target_slopes=target_slopes,
        drops=drops,
    )


def _interval(values: Array) -> Interval:
    """Of all cases first, then of each draw."""
    return interval(float(values[0]), values[1:])
