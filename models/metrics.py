"""Figures of a score: discrimination, calibration, and what staff capacity makes of it.

Every figure takes weights, so that a bootstrap replicate is a vector of counts and nothing is copied. The
outcome may be a probability (`p_true` of simulated data): average precision is then the *soft* one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL: Final = 1e-9
CAPACITIES: Final = (1, 5, 10)
"""Shares of intake in percent that staff can act on."""


def average_precision(y: Array, score: Array, weight: Array | None = None) -> float:
    """Average precision; a case counts as `y` positives, `y` in [0, 1]. Ties share one threshold.

    Returns NaN where no case is positive.
    """
    order = np.argsort(-score, kind="stable")
    w = np.ones_like(y) if weight is None else weight
    return float(_ap_sorted(y[order], w[order][None, :], _last_of_ties(score[order]))[0])


def _last_of_ties(descending: Array) -> NDArray[np.int64]:
    return np.append(np.flatnonzero(np.diff(descending)), len(descending) - 1)


def _ap_sorted(y: Array, weights: Array, ends: NDArray[np.int64]) -> Array:
    """Average precision of sorted rows for each row of `weights`, shape (b, n) -> (b,)."""
    positives = np.cumsum(weights * y, axis=1)[:, ends]
    cases = np.cumsum(weights, axis=1)[:, ends]
    gained = np.diff(positives, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(cases > 0, positives / cases, 0.0)
        return np.asarray((gained * precision).sum(axis=1) / positives[:, -1])


def average_precisions(y: Array, score: Array, weights: Array) -> Array:
    """`average_precision` under many weightings at once, shape (b, n) -> (b,)."""
    order = np.argsort(-score, kind="stable")
    return _ap_sorted(y[order], weights[:, order], _last_of_ties(score[order]))


def roc_auc(y: Array, score: Array, weight: Array | None = None) -> float:
    """Area under the ROC curve; NaN where a class is absent."""
    w = np.ones_like(y) if weight is None else weight
    order = np.argsort(score, kind="stable")
    ends = _last_of_ties(score[order])
    positive = np.diff(np.cumsum((w * y)[order])[ends], prepend=0.0)
    negative = np.diff(np.cumsum((w * (1 - y))[order])[ends], prepend=0.0)
    below = np.cumsum(negative) - negative
    total = positive.sum() * negative.sum()
    return float((positive * (below + negative / 2)).sum() / total) if total > 0 else float("nan")


def brier(y: Array, p: Array, weight: Array | None = None) -> float:
    """Mean squared error of the probability."""
    return float(np.average((y - p) ** 2, weights=weight))


def brier_skill(y: Array, p: Array, weight: Array | None = None) -> float:
    """1 less the Brier score over that of the cases' own base rate; NaN where all are alike."""
    base = np.full_like(p, np.average(y, weights=weight))
    reference = brier(y, base, weight)
    return 1 - brier(y, p, weight) / reference if reference > 0 else float("nan")


def log_loss(y: Array, p: Array, weight: Array | None = None) -> float:
    """Mean negative log likelihood, probabilities kept 1e-9 off 0 and 1."""
    q = np.clip(p, SMALL, 1 - SMALL)
    return float(np.average(-(y * np.log(q) + (1 - y) * np.log1p(-q)), weights=weight))


def calibration_line(y: Array, p: Array, weight: Array | None = None) -> tuple[float, float]:
    """Intercept and slope of the logistic regression of the outcome on the logit of the probability.

    1 is right, below 1 the risks are too extreme. NaN where a class is absent or all probabilities are alike.

    References
    ----------
    Cox, D. R. (1958), Two further applications of a model for binary regression, Biometrika 45.
    """
    w = np.ones_like(y) if weight is None else weight
    q = np.clip(p, SMALL, 1 - SMALL)
    x = np.log(q) - np.log1p(-q)
    positives = float((w * y).sum())
    if positives <= 0 or positives >= w.sum() or np.ptp(x) < SMALL:
        return float("nan"), float("nan")
    a, b = 0.0, 1.0
    for _ in range(50):
        mu = 1 / (1 + np.exp(-np.clip(a + b * x, -30, 30)))
        r, v = w * (y - mu), w * mu * (1 - mu)
        g0, g1 = r.sum(), (r * x).sum()
        h00, h01, h11 = v.sum(), (v * x).sum(), (v * x * x).sum()
        det = h00 * h11 - h01 * h01
        if not det > 0:
            return float("nan"), float("nan")
        step_a, step_b = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        shrink = min(1.0, 2.0 / max(abs(step_a), abs(step_b), 1e-12))
        a, b = a + shrink * step_a, b + shrink * step_b
        if max(abs(step_a), abs(step_b)) < 1e-8:
            break
    return float(a), float(b)


def reliability(y: Array, p: Array, weight: Array | None = None, bins: int = 10) -> Array:
    """Mean risk, observed rate and weight by quantile bin of the risk, shape (bins used, 3)."""
    w = np.ones_like(y) if weight is None else weight
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    group = np.searchsorted(edges, p, side="right")
    total = np.bincount(group, w, minlength=len(edges) + 1)
    used = total > 0
    mean = np.bincount(group, w * p, minlength=len(edges) + 1)[used] / total[used]
    rate = np.bincount(group, w * y, minlength=len(edges) + 1)[used] / total[used]
    return np.column_stack([mean, rate, total[used]])


def expected_calibration_error(y: Array, p: Array, weight: Array | None = None) -> float:
    """Weighted mean distance between risk and observed rate over ten quantile bins."""
    table = reliability(y, p, weight)
    return float(np.average(np.abs(table[:, 0] - table[:, 1]), weights=table[:, 2]))


def at_capacity(y: Array, score: Array, percent: float, weight: Array | None = None) -> tuple[float, float]:
    """Precision and recall of the top `percent` of cases; the tie at the threshold is shared out evenly."""
    w = np.ones_like(y) if weight is None else weight
    order = np.argsort(-score, kind="stable")
    ends = _last_of_ties(score[order])
    cases = np.cumsum(w[order])[ends]
    positives = np.cumsum((w * y)[order])[ends]
    room = cases[-1] * percent / 100
    caught = float(np.interp(room, np.append(0.0, cases), np.append(0.0, positives)))
    recall = caught / positives[-1] if positives[-1] > 0 else float("nan")
    return caught / room, float(recall)


def precision_at(percent: float) -> Callable[..., float]:
    """The precision half of `at_capacity`."""
    return lambda y, score, weight=None: at_capacity(y, score, percent, weight)[0]


def recall_at(percent: float) -> Callable[..., float]:
    """The recall half of `at_capacity`."""
    return lambda y, score, weight=None: at_capacity(y, score, percent, weight)[1]


FIGURES: Final[dict[str, Callable[..., float]]] = {
    "average_precision": average_precision,
    "roc_auc": roc_auc,
    "brier": brier,
    "brier_skill": brier_skill,
    "log_loss": log_loss,
    "calibration_slope": lambda y, p, weight=None: calibration_line(y, p, weight)[1],
    "calibration_intercept": lambda y, p, weight=None: calibration_line(y, p, weight)[0],
    "ece": expected_calibration_error,
    **{f"precision_at_{k}pct": precision_at(k) for k in CAPACITIES},
    **{f"recall_at_{k}pct": recall_at(k) for k in CAPACITIES},
}
"""Name in metrics.csv to figure(y, p, weight)."""
RANKING_ONLY: Final = frozenset(
    {"average_precision", "roc_auc", *(f"{a}_at_{k}pct" for a in ("precision", "recall") for k in CAPACITIES)}
)
"""Figures that a score which is no probability (the checklist's points) can have."""
