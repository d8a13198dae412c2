"""Which changes are news, and where it is hot: exact intervals of rate ratios, and empirical Bayes.

References
----------
Przyborowski and Wilenski, Homogeneity of results in testing samples from Poisson series, Biometrika 1940 (the
conditional test); Benjamini and Hochberg, JRSS B 1995; Clayton and Kaldor, Empirical Bayes estimates of
age-standardized relative risks for use in disease mapping, Biometrics 1987.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]
LEVEL: Final = 0.05
"""The share of lines told as changed of which nothing changed, at most on average."""
_TIMES: Final = 4
"""Earlier periods from which on it is reckoned how much they differ among themselves."""
_FLAT: Final = 1e4
"""A prior so narrow that all areas are alike."""


@dataclass(frozen=True, slots=True)
class Change:
    """A count beside what is usual.

    Attributes
    ----------
    count
        In the period.
    usual
        The mean of the earlier periods, for as many days; None where there are none.
    ratio, low, high
        Count over usual with its 95 % interval; None where nothing was counted before (`high` where nothing
        can be said above).
    p
        Of a rate that is as it was.
    spread
        How much more the earlier periods differ than by chance; 1: no more.
    """

    count: int
    usual: float | None
    ratio: float | None
    low: float | None
    high: float | None
    p: float
    spread: float


def change(count: int, days: float, earlier: Sequence[int], earlier_days: Sequence[float]) -> Change:
    """A count beside earlier ones, by the conditional test of two Poisson counts, exact.

    Where the earlier periods differ among themselves by more than chance, both counts weigh as many times
    less: a district whose weeks always jump is not news each time it does.
    """
    before, total = sum(earlier), float(sum(earlier_days))
    if total == 0:
        return Change(count, None, None, None, None, 1.0, 1.0)
    spread = _spread(earlier, earlier_days)
    x, y = count / spread, before / spread
    share = days / (days + total)
    usual = before / total * days
    if x + y == 0:
        return Change(count, usual, None, None, None, 1.0, spread)
    below, above = stats.beta.cdf(share, x, y + 1) if x else 1.0, stats.beta.sf(share, x + 1, y) if y else 1.0
    p = float(min(1.0, 2 * min(below, above)))
    if before == 0:
        return Change(count, usual, None, None, None, p, spread)
    low = float(stats.beta.ppf(LEVEL / 2, x, y + 1)) if x else 0.0
    high = float(stats.beta.ppf(1 - LEVEL / 2, x + 1, y))
    odds = total / days
    return Change(
        count,
        usual,
        count / usual,
        odds * low / (1 - low),
        odds * high / (1 - high) if high < 1 else None,
        p,
        spread,
    )


def _spread(counts: Sequence[int], days: Sequence[float]) -> float:
    """Pearson's dispersion of counts in so many days; at least 1."""
    total = sum(counts)
    if len(counts) < _TIMES or total == 0:
        return 1.0
    expected = np.asarray(days, np.float64) * total / sum(days)
    pearson = float((((np.asarray(counts) - expected) ** 2) / expected).sum())
    return max(1.0, pearson / (len(counts) - 1))


def news(changes: Sequence[Change]) -> list[bool]:
    """Which of many lines changed, with the share of false ones among them held to `LEVEL`."""
    if not changes:
        return []
    adjusted = stats.false_discovery_control([one.p for one in changes], method="bh")
    return [bool(p <= LEVEL) for p in adjusted]


@dataclass(frozen=True, slots=True)
class Heat:
    """An area's rate beside the district's, what is small drawn towards it.

    Attributes
    ----------
    ratio, low, high
        Posterior mean and 90 % interval of the rate over the whole's.
    hot
        Probability that the rate is above the whole's.
    """

    ratio: float
    low: float
    high: float
    hot: float


def heats(counts: Sequence[int], expected: Sequence[float]) -> list[Heat]:
    """Relative rates of areas by a gamma prior that all of them together say (negative binomial likelihood).

    Parameters
    ----------
    counts, expected
        What was counted in each area, and what would be if all were alike; expected above 0.
    """
    x, e = np.asarray(counts, np.float64), np.asarray(expected, np.float64)
    if len(x) == 0 or x.sum() == 0:
        return [Heat(1.0, 1.0, 1.0, 0.0)] * len(x)
    a, b = _prior(x, e)
    shape, rate = a + x, b + e
    low, high = stats.gamma.ppf(0.05, shape) / rate, stats.gamma.ppf(0.95, shape) / rate
    hot = stats.gamma.sf(rate, shape)
    return [Heat(*(float(value) for value in row)) for row in zip(shape / rate, low, high, hot, strict=True)]


def _prior(x: Array, e: Array) -> tuple[float, float]:
    """Shape and rate of the prior, by maximum likelihood; its mean is near that of all areas."""

    def loss(parameters: Array) -> float:
        a, b = np.exp(parameters)
        return -float(stats.nbinom.logpmf(x, a, b / (b + e)).sum())

    mean = x.sum() / e.sum()
    start = np.log([1.0, 1.0 / mean])
    found = optimize.minimize(
        loss, start, method="L-BFGS-B", bounds=[(-5.0, np.log(_FLAT)), (-9.0, np.log(_FLAT / mean))]
    )
    a, b = np.exp(found.x)
    return float(a), float(b)
