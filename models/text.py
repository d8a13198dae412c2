"""Text scores: what each learns from, and its scores of training texts, out of fold by time.

A score learns from what came after a moment: from harm, or from the trouble that comes far more often and in
much the same words (`models.trouble`). No training text's score has learned from its own time or later.
Training time is cut into blocks. A block is scored by a model of what was known when the block began: only
query points before it, with what had been learned by then. The first block has nothing before it; its scores
are missing, which the trees can handle and the line takes as "says nothing".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.blocks import STARTS, Points, Rows, blocks
from models.corpus import Corpus
from models.ngrams import NgramScore
from models.rows import HazardRows, collapsed
from models.targets import labels
from models.trouble import LEAST_TROUBLES, expected

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

LEAST_HARMS: Final = 8
"""With fewer harmed query points before it, a block's scores stay missing."""


@dataclass(frozen=True)
class Lesson:
    """What query points were known to have led to at a moment.

    Attributes
    ----------
    rows
        The query points that teach, shape (k,).
    events, exposure
        How often it came, and how often it is expected of an average case; shape (k,).
    """

    rows: Rows
    events: Array
    exposure: Array


Teacher = Callable[[Points, Rows, int], Lesson | None]
"""What some query points were known to have led to at a moment; None where that is too little."""


def harm(points: Points, rows: Rows, moment: int) -> Lesson | None:
    """Escalation, by the reporting delay as it was estimated then."""
    known = labels(points.snapshot, points.ids(rows), points.as_of[rows], moment)
    hazard = HazardRows.of(known)
    if hazard.event.sum() < LEAST_HARMS:
        return None
    events, exposure = collapsed(hazard, points.weight[rows], len(rows))
    used = exposure > 0
    return Lesson(rows[used], events[used], exposure[used])


def trouble(points: Points, rows: Rows, moment: int) -> Lesson | None:
    """Calls, repeats, breaches, and visits that found things worse, within 90 days."""
    counts, exposure = expected(points, rows, moment)
    used = exposure > 0
    if (counts[used] > 0).sum() < LEAST_TROUBLES:
        return None
    return Lesson(rows[used], counts[used], exposure[used])


TEACHERS: Final[dict[str, tuple[Teacher, float]]] = {"harm": (harm, 10.0), "trouble": (trouble, 30.0)}
"""Name of a score to what it learns from, and the ridge penalty of a gram."""


def fit_score(corpus: Corpus, points: Points, name: str, rows: Rows, moment: int) -> NgramScore | None:
    """The score that some query points teach by what was known at a moment, None where that is too little."""
    teach, penalty = TEACHERS[name]
    lesson = teach(points, rows, moment)
    if lesson is None:
        return None
    read, weight = corpus.rows(lesson.rows), points.weight[lesson.rows]
    return NgramScore.fit(read, lesson.events, lesson.exposure, weight, penalty=penalty)


def out_of_fold(corpus: Corpus, points: Points, name: str, progress: Progress | None = None) -> Array:
    """Columns of a score for the training query points, shape (n, 2); NaN in the first block."""
    columns = np.full((len(points.as_of), 2), np.nan)
    for number, block in enumerate(blocks(points.as_of)):
        if len(block.before) and len(block.rows):
            score = fit_score(corpus, points, name, block.before, block.begin)
            if score is not None:
                columns[block.rows] = score.columns(corpus.rows(block.rows))
        if progress is not None:
            progress(number + 1, len(STARTS))
    return columns
