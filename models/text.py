"""Text scores for training, out of fold by time: no row's score has learned from its own time or later.

Training time is cut into blocks. A block is scored by a model of what was known when the block began: only
query points before it, with the outcomes learned by then. The first block has nothing before it; its scores
are missing, which the trees can handle and the line takes as "says nothing".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.ngrams import NgramScore
from models.rows import HazardRows, collapsed
from models.targets import Labels, labels

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

BLOCK_STARTS: Final = (0.25, 0.45, 0.65, 0.85)
"""Where blocks begin, as shares of the query points in time order."""
LEAST_HARMS: Final = 8
"""With fewer harmed query points before it, a block's scores stay missing."""
PENALTY: Final = 10.0


def fit_score(corpus: Corpus, known: Labels, weight: Array, penalty: float) -> NgramScore | None:
    """The text score of all query points given, or None where there are too few harms."""
    rows = HazardRows.of(known)
    if rows.event.sum() < LEAST_HARMS:
        return None
    events, exposure = collapsed(rows, weight, len(weight))
    used = np.flatnonzero(exposure > 0)
    return NgramScore.fit(corpus.rows(used), events[used], exposure[used], weight[used], penalty=penalty)


def out_of_fold(
    snapshot: Snapshot,
    corpus: Corpus,
    dispute_ids: Sequence[str],
    as_of: NDArray[np.int64],
    weight: Array,
    *,
    penalty: float = PENALTY,
    progress: Progress | None = None,
) -> Array:
    """Text columns of training query points, shape (n, 2); NaN in the first block.

    Parameters
    ----------
    snapshot
        What was known at the cut.
    dispute_ids, as_of, weight
        The query points, shape (n,), in any order.
    """
    columns = np.full((len(weight), 2), np.nan)
    ids = np.asarray(dispute_ids, dtype=object)
    edges = [int(np.quantile(as_of, share, method="lower")) for share in BLOCK_STARTS]
    for number, edge in enumerate(edges):
        before = np.flatnonzero(as_of < edge)
        until = edges[number + 1] if number + 1 < len(edges) else np.iinfo(np.int64).max
        block = np.flatnonzero((as_of >= edge) & (as_of < until))
        if len(before) and len(block):
            # what was known when the block began, by the delay estimated then
            known = labels(snapshot, ids[before].tolist(), as_of[before], edge)
            score = fit_score(corpus.rows(before), known, weight[before], penalty)
            if score is not None:
                columns[block] = score.columns(corpus.rows(block))
        if progress is not None:
            progress(number + 1, len(edges))
    return columns
