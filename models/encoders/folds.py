"""Out-of-fold scores of an encoder: no row's score has learned from its own time or later.

The rolling origin of `models.text`, with fewer blocks, since an encoder costs minutes where n-grams cost
seconds. In the calendar of `models.splits`, with blocks that begin on 2023-06-24 and 2024-01-01:

    a row of 2023-03-01   has no score: the first block has nothing before it that was learned from
    a row of 2023-08-01   is scored by an encoder of rows before 2023-06-24, with the labels of that day
    a row of 2024-02-01   is scored by an encoder of rows before 2024-01-01, with the labels of that day

What an encoder learns from texts alone it learns once, from the texts before the first block: all folds and
the encoder that is served stand on the same body, and none of them has read a text of its own block.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.blocks import Block, blocks
from models.corpus import Corpus
from models.encoders.base import Encoder, Lessons, Progress, read_by_hazard
from models.keeping import NOT_KEPT, Keeping
from models.targets import labels
from models.text import LEAST_HARMS

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]
LessonsAt = Callable[[NDArray[np.int64], int], Lessons]
"""Called with rows and a moment: what had been learned of these rows by then."""

BLOCK_STARTS: Final = (0.35, 0.65)
"""Where blocks begin, as shares of the query points in time order."""


def lessons_of(
    snapshot: Snapshot, dispute_ids: NDArray[np.object_], as_of: NDArray[np.int64], cues: Array, weight: Array
) -> LessonsAt:
    """The lessons of query points as they stood at any moment.

    Parameters
    ----------
    dispute_ids, as_of, weight
        Shape (n,).
    cues
        Shape (n, c).
    """

    def at(rows: NDArray[np.int64], moment: int) -> Lessons:
        # the reporting delay too is the one that was known at the moment
        known = labels(snapshot, dispute_ids[rows].tolist(), as_of[rows], moment)
        return Lessons.of(known, cues[rows], weight[rows])

    return at


def prepared(
    encoder: Encoder, corpus: Corpus, as_of: NDArray[np.int64], progress: Progress | None = None
) -> Encoder:
    """The encoder after what it learns from the texts before the first block, labels apart."""
    first = next(blocks(as_of, BLOCK_STARTS))
    return encoder.prepare(corpus.rows(first.before), progress)


def out_of_fold(
    encoder: Encoder,
    corpus: Corpus,
    as_of: NDArray[np.int64],
    lessons_at: LessonsAt,
    progress: Progress | None = None,
    *,
    keep: Keeping = NOT_KEPT,
) -> Array:
    """The columns that the hazard reads, shape (n, k); NaN in the first block and where harms were too few.

    Parameters
    ----------
    encoder
        As `prepared` gives it.
    as_of
        The moments of the corpus' texts in µs, shape (n,), in any order.
    lessons_at
        See `lessons_of`.
    """
    places, names = read_by_hazard(encoder)
    answer = np.full((len(as_of), len(names)), np.nan)
    for number, block in enumerate(blocks(as_of, BLOCK_STARTS)):
        if len(block.before) and len(block.rows):
            make = partial(_scored, encoder, corpus, block, lessons_at)
            scores = keep(f"encoder, block {number}", make)
            if scores is not None:
                answer[block.rows] = scores[:, places]
        if progress is not None:
            progress(number + 1, len(BLOCK_STARTS))
    return answer


def _scored(encoder: Encoder, corpus: Corpus, block: Block, lessons_at: LessonsAt) -> Array | None:
    """All scores of a block by an encoder of what came before; None where harms were too few."""
    fitted = fit(encoder, corpus.rows(block.before), lessons_at(block.before, block.begin))
    return None if fitted is None else fitted.encode(corpus.rows(block.rows))


def fit(
    encoder: Encoder, corpus: Corpus, lessons: Lessons, progress: Progress | None = None
) -> Encoder | None:
    """The fitted encoder, or None where there are too few harms."""
    return encoder.fit(corpus, lessons, progress) if lessons.harms >= LEAST_HARMS else None
