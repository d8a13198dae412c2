"""How far a set of days is from the others: counts, bins, rates, kernels, and what a classifier can tell.

Each takes the draws of `models.watch.days.Span` and gives a statistic for each of them at once; all are sums
over cases, so a draw is a row of a matrix product.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import scipy.linalg

from models.watch.days import Array, Ints

BINS: Final = 8
FOLDS: Final = 5
RIDGE: Final = 10.0
"""Weight of the penalty beside a kernel whose diagonal is 1: there are many columns and few cases."""
_HALF: Final = 0.5


def counts_apart(daily: Array, draws: Array) -> Array:
    """Of daily counts, shape (days, series): the chosen days' sum against what the others' rate would give.

    On the scale of square roots, on which a count's deviation doesn't depend on its size.
    """
    chosen = draws @ daily
    others = daily.sum(axis=0) - chosen
    days = draws.sum(axis=1, keepdims=True)
    expected = others * days / (draws.shape[1] - days)
    return np.asarray((np.sqrt(chosen + 3 / 8) - np.sqrt(expected + 3 / 8)) ** 2)


def binned(values: pd.DataFrame) -> tuple[Array, Ints]:
    """Each column in bins by its own quantiles, missing values in one of their own.

    Returns
    -------
    bins, column
        1 or 0, shape (n, bins of all columns), and which column each bin belongs to.
    """
    parts, column = [], []
    for place, name in enumerate(values.columns):
        group = _groups(values[name].to_numpy(np.float64))
        for one in np.unique(group):
            parts.append(group == one)
            column.append(place)
    bins = np.column_stack(parts).astype(np.float64) if parts else np.zeros((len(values), 0))
    return bins, np.array(column, np.int64)


def _groups(value: Array) -> Ints:
    """Missing values, each value that many cases have, and stretches of the others."""
    group = np.full(len(value), -1, np.int64)
    known = np.isfinite(value)
    found, count = np.unique(value[known], return_counts=True)
    common = found[count >= len(value) / (2 * BINS)]
    place = np.searchsorted(common, value)
    on = known & (place < len(common))
    on[on] = common[place[on]] == value[on]
    group[on] = place[on]
    rest = known & ~on
    if rest.any():
        share = max(2, round(BINS * rest.mean()))
        edges = np.unique(np.quantile(value[rest], np.arange(1, share) / share))
        group[rest] = len(common) + np.searchsorted(edges, value[rest])
    return group


def psi(bins: Array, column: Ints, chosen: Array) -> Array:
    """The population stability index of each column, shape (draws, columns).

    Parameters
    ----------
    bins, column
        Of `binned`.
    chosen
        Which cases are chosen, shape (draws, n).
    """
    mine = chosen @ bins + _HALF
    others = bins.sum(axis=0) + 2 * _HALF - mine
    width = np.bincount(column).astype(np.float64)
    size = chosen.sum(axis=1, keepdims=True)
    p = mine / (size + _HALF * width[column])
    q = others / (chosen.shape[1] - size + _HALF * width[column])
    parts = (p - q) * np.log(p / q)
    return np.asarray(np.add.reduceat(parts, np.flatnonzero(np.diff(column, prepend=-1)), axis=1))


def rates_apart(marks: Array, chosen: Array) -> Array:
    """Of marks, 1 or 0, shape (n, columns): the two shares' difference, squared over its variance."""
    size = chosen.sum(axis=1, keepdims=True)
    rest = chosen.shape[1] - size
    mine = chosen @ marks
    total = marks.sum(axis=0)
    rate = total / chosen.shape[1]
    spread = np.maximum(rate * (1 - rate), 1e-12) * (1 / np.maximum(size, 1) + 1 / np.maximum(rest, 1))
    less = mine / np.maximum(size, 1) - (total - mine) / np.maximum(rest, 1)
    return np.asarray(less**2 / spread)


def discrepancy(kernel: Array, chosen: Array) -> Array:
    """The squared distance of the two means in a kernel's space (biased MMD), shape (draws,).

    References
    ----------
    Gretton, A. et al. (2012), A kernel two-sample test, JMLR 13.
    """
    size = chosen.sum(axis=1, keepdims=True)
    weight = chosen / np.maximum(size, 1) - (1 - chosen) / np.maximum(chosen.shape[1] - size, 1)
    # float32 halves the time, and the seventh digit of a distance decides nothing
    single = weight.astype(np.float32)
    return np.asarray(((single @ kernel.astype(np.float32)) * single).sum(axis=1), np.float64)


def told_apart(kernel: Array, fold: Ints, chosen: Array) -> Array:
    """The area under the ROC curve of a classifier that tells the chosen days' cases from the others,
    (draws,).

    A ridge in the kernel's space, judged out of fold. It is linear in what it learns from, so all draws are
    learned at once.

    Parameters
    ----------
    fold
        Of each case, shape (n,); a day's cases in one.

    References
    ----------
    Lopez-Paz, D. and Oquab, M. (2017), Revisiting classifier two-sample tests, ICLR.
    """
    learned = chosen - chosen.mean(axis=1, keepdims=True)
    said = np.zeros(chosen.shape)
    for one in range(FOLDS):
        out, rest = np.flatnonzero(fold == one), np.flatnonzero(fold != one)
        if len(out) == 0 or len(rest) == 0:
            continue
        held = kernel[np.ix_(rest, rest)] + RIDGE * np.eye(len(rest))
        smoother = scipy.linalg.solve(held, kernel[np.ix_(rest, out)], assume_a="pos")
        said[:, out] = learned[:, rest] @ smoother
    ranks = np.empty(said.shape)
    np.put_along_axis(ranks, np.argsort(said, axis=1), np.arange(1.0, len(fold) + 1)[None, :], axis=1)
    size = chosen.sum(axis=1)
    area = (ranks * chosen).sum(axis=1) - size * (size + 1) / 2
    return np.asarray(area / np.maximum(size * (chosen.shape[1] - size), 1))


def table_kernel(values: pd.DataFrame) -> Array:
    """A kernel of cases by their columns' ranks and by what is missing, shape (n, n), 1 on the diagonal."""
    known = values.notna().to_numpy(np.float64)
    ranks = values.rank(pct=True).fillna(0.5).to_numpy(np.float64) - 0.5
    spread = np.hstack([ranks, known])
    deviation = spread.std(axis=0)
    spread = (spread - spread.mean(axis=0))[:, deviation > 0] / deviation[deviation > 0]
    squared = (spread**2).sum(axis=1)
    far = np.maximum(squared[:, None] + squared[None, :] - 2 * spread @ spread.T, 0.0)
    middle = float(np.median(far[far > 0])) if (far > 0).any() else 1.0
    return np.asarray(np.exp(-far / middle))
