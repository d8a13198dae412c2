"""All that reads texts, fitted, with what it says of the training texts: out of fold by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models import text
from models.annotations import staff_labels
from models.blocks import Points
from models.encoders import folds
from models.encoders.base import Encoder, read_by_hazard
from models.hazard import TEXT_COLUMNS
from models.inputs import Inputs
from models.keeping import NOT_KEPT, Keeping
from models.lessons import Taught
from models.ngrams import NgramScore
from models.tagger import Tagger

Array = NDArray[np.float64]
Tell = Callable[[str], Callable[[int, int], None]]
"""From a stage's name to what is told how far it has come."""


@dataclass(frozen=True)
class TextFit:
    """What training texts taught.

    Attributes
    ----------
    columns, names
        What the hazard reads of the training rows, shape (n, k), and the columns' names.
    harm, trouble, tagger, encoder
        See `models.estimator.Estimator`.
    """

    columns: Array
    names: tuple[str, ...]
    harm: NgramScore | None
    trouble: NgramScore | None
    tagger: Tagger
    encoder: Encoder | None

    @classmethod
    def of(
        cls,
        points: Points,
        inputs: Inputs,
        cut: int,
        *,
        seed: int,
        encoder: Encoder | None,
        tell: Tell,
        keep: Keeping = NOT_KEPT,
    ) -> TextFit:
        """Fit on query points before `cut`, by what was known then.

        Parameters
        ----------
        points, inputs
            All with as_of < cut; nothing recorded at or after it is in the points' snapshot.
        encoder
            An unfitted encoder to read the texts beside the n-grams.
        """
        corpus = inputs.corpus
        columns = []
        for name in text.TEACHERS:
            make = partial(text.out_of_fold, corpus, points, name, tell(f"text, {name}"))
            columns.append(keep(f"text, {name}", make))
        tagger = keep("tagger", lambda: _tagger(points, inputs, cut, seed, tell("tagger")))
        columns.append(tagger.expected_points(corpus)[:, None])
        harm, trouble = (text.fit_score(corpus, points, name, points.all, cut) for name in text.TEACHERS)
        names: tuple[str, ...] = TEXT_COLUMNS
        fitted = None
        if encoder is not None:
            fitted, more = _encoded(encoder, points, inputs, cut, tell, keep)
            if fitted is not None:
                columns.append(more)
                names += read_by_hazard(encoder)[1]
        return cls(np.hstack(columns), names, harm, trouble, tagger, fitted)

    def rows(self, rows: NDArray[np.int64]) -> TextFit:
        """The same, for some of the training rows."""
        return replace(self, columns=self.columns[rows])


def _tagger(points: Points, inputs: Inputs, cut: int, seed: int, tell: Callable[[int, int], None]) -> Tagger:
    tell(0, 1)
    known = staff_labels(points.snapshot, cut)
    made = Tagger.fit(Taught.of((clause.text for clause in inputs.corpus.held), known), seed=seed)
    tell(1, 1)
    return made


def _encoded(
    encoder: Encoder, points: Points, inputs: Inputs, cut: int, tell: Tell, keep: Keeping
) -> tuple[Encoder | None, Array]:
    """The fitted encoder, None where harms were too few, and its columns out of fold."""
    ids, corpus, as_of = np.asarray(points.dispute_ids, dtype=object), inputs.corpus, points.as_of
    lessons_at = folds.lessons_of(points.snapshot, ids, as_of, inputs.cues, points.weight)
    ready = keep(
        "encoder, pre-training",
        lambda: folds.prepared(encoder, corpus, as_of, tell("encoder, pre-training")),
    )
    fitted = keep("encoder", lambda: folds.fit(ready, corpus, lessons_at(points.all, cut), tell("encoder")))
    if fitted is None:
        return None, np.zeros((len(ids), 0))
    told = tell("encoder, out of fold")
    return fitted, folds.out_of_fold(ready, corpus, as_of, lessons_at, told, keep=keep)
