"""The effect of a treatment on those who had it: inverse-propensity weighted, and doubly robust.

The mean outcome of the treated is compared with what it would have been without: that of the untreated,
weighted by the odds of having been treated, so that they are like the treated in all that the odds depend
on. The doubly robust estimate adds what a model of the outcome says and takes back where it errs; it is
right if the odds or the outcome model is. Intervals come from the influence function, summed by cluster.

References
----------
Hirano, Imbens & Ridder, Econometrica 71 (2003) 1161-1189: weighting by the propensity, normalised.
Robins, Rotnitzky & Zhao, J. Am. Stat. Assoc. 89 (1994) 846-866; Sant'Anna & Zhao, J. Econometrics 219 (2020)
101-122: the doubly robust estimate for the treated.
Chernozhukov et al., Econometrics J. 21 (2018) C1-C68: cross-fitting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_NORMAL: Final = 1.959963984540054
"""Half the width of a 95 % interval, in standard errors."""


@dataclass(frozen=True)
class Effect:
    """Mean outcomes of the treated: as they were, and as they would have been.

    Attributes
    ----------
    treated, untreated
        Means an occasion.
    ratio, difference
        treated / untreated, and untreated - treated: what was averted.
    ratio_low, ratio_high, difference_low, difference_high
        95 % intervals; of the ratio on the scale of its logarithm.
    """

    treated: float
    untreated: float
    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float


@dataclass(frozen=True)
class Occasions:
    """Moments at which somebody was treated or wasn't.

    Attributes
    ----------
    treated
        Bool, shape (n,).
    outcome
        Shape (n,).
    odds
        Of being treated; read of the untreated.
    weight
        How many occasions each stands for.
    cluster
        Occasions of one cluster say the same twice; ints from 0.
    """

    treated: NDArray[np.bool_]
    outcome: Array
    odds: Array
    weight: Array
    cluster: NDArray[np.int64]

    @property
    def control_weight(self) -> Array:
        """Of the untreated, to make them like the treated; 0 of the treated."""
        return np.where(self.treated, 0.0, self.odds * self.weight)

    @property
    def effective(self) -> float:
        """How many untreated occasions of equal weight would say as much (Kish)."""
        weight = self.control_weight
        return float(weight.sum() ** 2 / max((weight**2).sum(), np.finfo(float).tiny))


def unweighted(data: Occasions) -> Effect:
    """The difference as it meets the eye: who is visited is not like who isn't."""
    plain = Occasions(data.treated, data.outcome, np.ones(len(data.outcome)), data.weight, data.cluster)
    return weighted(plain)


def weighted(data: Occasions) -> Effect:
    """By inverse propensity weights alone."""
    return _effect(data, np.zeros(len(data.outcome)))


def doubly_robust(data: Occasions, expected: Array) -> Effect:
    """With the outcome that was to be expected without treatment, predicted for every occasion."""
    return _effect(data, expected)


def _effect(data: Occasions, expected: Array) -> Effect:
    own = np.where(data.treated, data.weight, 0.0)
    control = data.control_weight
    if own.sum() == 0 or control.sum() == 0:
        raise ValueError("an effect needs some who were treated and some who weren't")
    own, control = own / own.sum(), control / control.sum()
    treated = float(own @ data.outcome)
    missed = float(control @ (data.outcome - expected))
    predicted = float(own @ expected)
    untreated = predicted + missed
    influence = np.column_stack(
        [
            own * (data.outcome - treated),
            own * (expected - predicted) + control * (data.outcome - expected - missed),
        ]
    )
    by_cluster = np.column_stack([np.bincount(data.cluster, column) for column in influence.T])
    spread = by_cluster.T @ by_cluster
    if treated > 0 and untreated > 0:
        slope = np.array([1 / treated, -1 / untreated])
        width = _NORMAL * float(np.sqrt(slope @ spread @ slope))
        ratio = treated / untreated
        low, high = ratio * float(np.exp(-width)), ratio * float(np.exp(width))
    else:
        ratio = low = high = float("nan")
    step = np.array([-1.0, 1.0])
    half = _NORMAL * float(np.sqrt(step @ spread @ step))
    averted = untreated - treated
    return Effect(treated, untreated, ratio, low, high, averted, averted - half, averted + half)


def imbalance(data: Occasions, columns: Array) -> tuple[float, float]:
    """The largest difference in means between treated and untreated, in standard deviations of the treated.

    Returns
    -------
    before, after
        Unweighted and weighted. Below 0.1 is taken to be balanced.
    """
    own = np.where(data.treated, data.weight, 0.0)
    plain = np.where(data.treated, 0.0, data.weight)
    spread = np.sqrt(
        np.average((columns - np.average(columns, axis=0, weights=own)) ** 2, axis=0, weights=own)
    )
    varies = spread > 0
    centre = np.average(columns[:, varies], axis=0, weights=own)

    def worst(weight: Array) -> float:
        gap = (np.average(columns[:, varies], axis=0, weights=weight) - centre) / spread[varies]
        return float(np.abs(gap).max(initial=0.0))

    return worst(plain), worst(data.control_weight)
