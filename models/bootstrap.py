"""Bootstrap intervals over disputes, clustered by the pair of parties.

Disputes between the same people aren't independent, so whole clusters are drawn. Two models are compared on
the same draws (paired): what is common to both cancels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % percentile interval."""

    value: float
    low: float
    high: float


def pair_clusters(parties: pd.DataFrame, dispute_ids: Sequence[str]) -> NDArray[np.int64]:
    """A cluster number for each query point: disputes between exactly the same persons share one.

    Parameters
    ----------
    parties
        `dispute_id, person_id`.
    """
    people = parties.groupby("dispute_id")["person_id"].agg(lambda ids: "\x1f".join(sorted(set(ids))))
    ids = pd.Index(np.asarray(dispute_ids, dtype=object))
    key = people.reindex(ids).to_numpy(object)
    key = np.where(pd.isna(key), np.asarray(ids, dtype=object), key)
    return np.asarray(pd.factorize(key)[0], dtype=np.int64)


def clusters_of(snapshot: Snapshot, dispute_ids: Sequence[str]) -> NDArray[np.int64]:
    """The clusters of disputes by the pair of parties that a snapshot knows."""
    parties = snapshot.tables["parties"].select(["dispute_id", "person_id"]).to_pandas()
    return pair_clusters(parties, dispute_ids)


def draws(clusters: NDArray[np.int64], replicates: int, seed: int) -> Array:
    """Counts of each row in each replicate, shape (replicates, n)."""
    _, compact = np.unique(clusters, return_inverse=True)
    size = int(compact.max()) + 1 if len(compact) else 0
    rng = np.random.default_rng(seed)
    counts = np.empty((replicates, len(compact)), dtype=np.float64)
    for row in range(replicates):
        counts[row] = np.bincount(rng.integers(0, size, size), minlength=size)[compact]
    return counts


def interval(value: float, replicates: Sequence[float] | Array) -> Interval:
    """The percentile interval; NaN replicates (a class was not drawn) are left out."""
    finite = np.asarray(replicates, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if len(finite) < 2:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(finite, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def bootstrap(figure: Callable[..., float], y: Array, score: Array, counts: Array) -> Interval:
    """A figure(y, score, weight) with its interval over the replicates in `counts`."""
    return interval(figure(y, score), [figure(y, score, weight) for weight in counts])


def paired_difference(
    figure: Callable[..., float], y: Array, ours: Array, theirs: Array, counts: Array
) -> Interval:
    """The figure of `ours` less that of `theirs`, on the same draws."""
    differences = [figure(y, ours, weight) - figure(y, theirs, weight) for weight in counts]
    return interval(figure(y, ours) - figure(y, theirs), differences)
