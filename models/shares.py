"""Which harm an escalation would be: shares of the three specific targets, drawn strongly to the average.

Harms are few and self-harm fewer, so no target gets a model of its own. Each is a share of the escalation
hazard, given that an escalation comes: a ridge logistic regression on the harmed examples alone, around a
prevalence that is itself drawn to a third. With no harm of a kind the share is small but not zero, and with
few harms it is the same for everybody. A case may hold several harms, so shares needn't add up to one, and
none falls where a cue is asserted: a risk is hazard times share, and an asserted cue must lower no risk.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.linear import fit_ridge
from models.rows import HazardRows
from models.targets import INTERVALS, SPECIFIC, Labels

Array = NDArray[np.float64]

PRIOR_SHARE: Final = 1 / 3
PRIOR_WEIGHT: Final = 1.0
"""How many harms the prior prevalence weighs."""
PENALTIES: Final = (5.0, 15.0, 50.0, 150.0)
INTERVAL_PENALTY: Final = 25.0
FOLDS: Final = 5
LEAST_OF_EACH: Final = 8
"""Fewer disputes with, or without, the target among the harmed: everybody has the same share."""


class TargetShares:
    """P(target among the harms | an escalation in the interval).

    Attributes
    ----------
    prevalence
        Smoothed shares of the targets, shape (3,).
    centre
        Mean of the features over the harmed, shape (d,).
    coefficients
        Shape (3, d): zero where there was too little to learn from.
    by_interval
        Shift of the logit by interval, shape (3, 4).
    penalties
        The penalty chosen for each target; inf where none is fitted.
    """

    def __init__(
        self, prevalence: Array, centre: Array, coefficients: Array, by_interval: Array, penalties: Array
    ) -> None:
        self.prevalence, self.centre = prevalence, centre
        self.coefficients, self.by_interval, self.penalties = coefficients, by_interval, penalties

    @classmethod
    def fit(
        cls,
        features: Array,
        labels: Labels,
        rows: HazardRows,
        weight: Array,
        groups: NDArray[np.int64],
        seed: int,
        *,
        signs: NDArray[np.int64],
    ) -> TargetShares:
        """Fit on the harmed examples among query points.

        Parameters
        ----------
        features
            Standardised table terms and cues, shape (n, d).
        groups
            The dispute of each query point, shape (n,): its points are no independent evidence.
        signs
            +1 for a feature that must lower no share, -1 for one that must raise none, else 0; shape (d,).
        """
        harmed = rows.event > 0
        example, interval = rows.example[harmed], rows.interval[harmed]
        d, size = features.shape[1], len(INTERVALS)
        owner = groups[example]
        # a dispute's query points share its one vote
        _, place, points = np.unique(owner, return_inverse=True, return_counts=True)
        vote = 1.0 / points[place] if len(place) else np.zeros(0)
        came = (labels.interval[example][:, : len(SPECIFIC)] == interval[:, None]).astype(np.float64)
        prevalence = (vote @ came + PRIOR_WEIGHT * PRIOR_SHARE) / (vote.sum() + PRIOR_WEIGHT)
        centre = features[example].mean(axis=0) if len(example) else np.zeros(d)
        x = np.hstack([features[example] - centre, np.eye(size)[interval]])
        coefficients, shifts = np.zeros((len(SPECIFIC), d)), np.zeros((len(SPECIFIC), size))
        penalties = np.full(len(SPECIFIC), np.inf)
        bounds = np.concatenate([signs, np.zeros(size, dtype=np.int64)])
        fold = np.random.default_rng(seed).integers(0, FOLDS, int(groups.max(initial=-1)) + 1)[owner]
        for target in range(len(SPECIFIC)):
            y = came[:, target]
            if min(vote @ y, vote @ (1 - y)) < LEAST_OF_EACH:
                continue
            losses = [
                _held_out(x, y, vote, fold, prevalence[target], penalty, bounds) for penalty in PENALTIES
            ]
            plain = _loss(y, np.full(len(y), prevalence[target]), vote)
            if min(losses) < plain:
                penalties[target] = PENALTIES[int(np.argmin(losses))]
                beta = _fit(x, y, vote, prevalence[target], penalties[target], bounds)
                coefficients[target], shifts[target] = beta[:d], beta[d:]
        return cls(prevalence, centre, coefficients, shifts, penalties)

    def __call__(self, features: Array) -> Array:
        """The shares, shape (n, 3, 4)."""
        centred = features - self.centre
        # plain sums: the same case alone and in a batch gives the same bits
        lean = np.stack([(centred * row).sum(axis=1) for row in self.coefficients], axis=1)
        return np.asarray(expit((logit(self.prevalence) + lean)[:, :, None] + self.by_interval[None]))

    def arrays(self) -> dict[str, Any]:
        """The state as arrays."""
        return {
            "shares_prevalence": self.prevalence,
            "shares_centre": self.centre,
            "shares_coefficients": self.coefficients,
            "shares_by_interval": self.by_interval,
            "shares_penalties": self.penalties,
        }

    @classmethod
    def of(cls, arrays: Any) -> TargetShares:
        """The shares that `arrays` holds."""
        return cls(
            arrays["shares_prevalence"],
            arrays["shares_centre"],
            arrays["shares_coefficients"],
            arrays["shares_by_interval"],
            arrays["shares_penalties"],
        )


def _fit(
    x: Array, y: Array, vote: Array, prevalence: float, penalty: float, bounds: NDArray[np.int64]
) -> Array:
    size = len(INTERVALS)
    _, beta = fit_ridge(
        x,
        y,
        loss="logistic",
        penalty=np.repeat((penalty, INTERVAL_PENALTY), (x.shape[1] - size, size)),
        weight=vote,
        offset=np.full(len(y), float(logit(prevalence))),
        bounds=bounds,
        free_intercept=False,
    )
    return beta


def _held_out(
    x: Array,
    y: Array,
    vote: Array,
    fold: NDArray[np.int64],
    prevalence: float,
    penalty: float,
    bounds: NDArray[np.int64],
) -> float:
    p = np.full(len(y), prevalence)
    for number in range(FOLDS):
        test = fold == number
        if test.any() and not test.all():
            beta = _fit(x[~test], y[~test], vote[~test], prevalence, penalty, bounds)
            p[test] = expit(logit(prevalence) + x[test] @ beta)
    return _loss(y, p, vote)


def _loss(y: Array, p: Array, weight: Array) -> float:
    return float(np.average(-(y * np.log(p) + (1 - y) * np.log1p(-p)), weights=weight))
