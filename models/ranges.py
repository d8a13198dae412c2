"""Whether a case lies outside of what the model was trained on, by table and by text.

Three questions, each asked of cases that the model had not seen when its limits were set, so that it is
known how often each cries wolf: is a number far beyond the range of training, or a category new; are the
numbers, each of them usual, never seen together like this; is the text made of n-grams that training held
few of?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.design import Column, LinearDesign
from models.inputs import Inputs
from models.ngrams import NgramScore

Array = NDArray[np.float64]

MARGIN: Final = 0.5
"""Counts grow with the years on record, so "far" means beyond the range by half of it."""
ALARM: Final = 0.005
"""Share of unseen, ordinary cases that may be called strange by their table, and by their text."""
LEAST_KNOWN: Final = 0.5
"""A text whose strangest part has this share of known n-grams is never strange."""
PART: Final = 0.4
"""How much of a text the strangest part is."""
MOST: Final = 5.0
"""Standard deviations along an axis beyond which farther is no stranger."""
_RIDGE: Final = 0.01
"""Added to the variance of every term, or one that hardly varied in training would make a case strange."""


@dataclass(frozen=True)
class Ranges:
    """What training held.

    Attributes
    ----------
    low, high
        Bounds of the table's columns, the margin included; shape (p,).
    codes
        Position of a categorical column to the codes seen.
    least_known
        The least share of a text's clauses' grams that must be known.
    terms
        Positions of the design's terms whose joint distance is measured: those of columns that don't age.
    root
        The principal axes of their covariance, each over its standard deviation, shape (d, d); no rows: not
        measured.
    farthest
        The largest mean squared distance that is nothing strange.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    codes: Mapping[int, tuple[float, ...]]
    least_known: float
    terms: NDArray[np.int64]
    root: Array
    farthest: float

    @classmethod
    def fit(
        cls,
        inputs: Inputs,
        seen: NDArray[np.int64],
        held: NDArray[np.int64],
        *,
        columns: Sequence[Column],
        design: LinearDesign,
        score: NgramScore | None,
        alarm: float = ALARM,
    ) -> Ranges:
        """The ranges of training inputs, with limits set on later ones.

        Parameters
        ----------
        inputs
            All that training knows: the range of each column.
        seen, held
            Rows of `inputs`. The joint distance is measured from the first, and the limits are set on the
            second, later ones: `alarm` of them are strange.
        columns, design
            Of the table.
        score
            The text score of a model that has not seen `held`.
        """
        low, high, codes = _bounds(inputs.table, columns)
        kept = np.array(
            [place for place, term in enumerate(design.terms) if not columns[term.source].ages],
            dtype=np.int64,
        )
        terms = design(inputs.table[seen])[:, kept]
        unseen = inputs.rows(held)
        root = np.zeros((0, len(kept)))
        if len(kept) and len(terms) > 1:
            covariance = np.atleast_2d(np.cov(terms, rowvar=False)) + _RIDGE * np.eye(len(kept))
            variance, axes = np.linalg.eigh(covariance)
            root = np.ascontiguousarray((axes / np.sqrt(variance)).T)
        draft = cls(low, high, codes, 0.0, kept, root, np.inf)
        farthest = float(np.quantile(draft.distances(unseen, design), 1 - alarm)) if len(unseen) else np.inf
        least = 0.0
        if score is not None and len(unseen):
            least = min(LEAST_KNOWN, float(np.quantile(known_shares(unseen.corpus, score), alarm)))
        return cls(low, high, codes, least, kept, root, farthest)

    def distances(self, inputs: Inputs, design: LinearDesign) -> Array:
        """Mean over principal axes of the squared distance from the middle of training, shape (n,).

        In units of each axis' spread, and at most `MOST` of them: one person with a long record is nothing
        strange, and many axes that are off at once are.
        """
        if len(self.root) == 0:
            return np.zeros(len(inputs))
        terms = design(inputs.table)[:, self.terms]
        # case by case: the same case alone and in a batch gives the same bits
        each = (np.minimum(np.square((self.root * row).sum(axis=1)), MOST**2) for row in terms)
        return np.array([distance.mean() for distance in each])

    def outside(self, inputs: Inputs, design: LinearDesign, score: NgramScore | None) -> NDArray[np.bool_]:
        """Whether each case lies outside by its table, and by its text, shape (n, 2)."""
        # a missing value is never outside: comparisons with NaN are false
        beyond = (inputs.table < np.array(self.low)) | (inputs.table > np.array(self.high))
        table = beyond.any(axis=1)
        for place, seen in self.codes.items():
            x = inputs.table[:, place]
            table |= np.isfinite(x) & ~np.isin(x, np.array(seen))
        table |= self.distances(inputs, design) > self.farthest
        text = np.zeros(len(inputs), dtype=bool)
        if score is not None:
            text = known_shares(inputs.corpus, score) < self.least_known
        return np.column_stack([table, text])

    def state(self) -> dict[str, Any]:
        """JSON types; an infinite bound is null."""
        return {
            "low": [value if np.isfinite(value) else None for value in self.low],
            "high": [value if np.isfinite(value) else None for value in self.high],
            "codes": {str(place): list(seen) for place, seen in self.codes.items()},
            "least_known": self.least_known,
            "terms": self.terms.tolist(),
            "farthest": self.farthest if np.isfinite(self.farthest) else None,
        }

    def arrays(self) -> dict[str, Array]:
        """What is kept beside `state`."""
        return {"ranges_root": self.root}

    @classmethod
    def of(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Ranges:
        """The ranges that `state` and `arrays` describe; an earlier version's have no joint distance."""
        terms = np.array(state.get("terms", []), dtype=np.int64)
        farthest = state.get("farthest")
        return cls(
            tuple(-np.inf if value is None else value for value in state["low"]),
            tuple(np.inf if value is None else value for value in state["high"]),
            {int(place): tuple(seen) for place, seen in state["codes"].items()},
            state["least_known"],
            terms,
            arrays.get("ranges_root", np.zeros((0, len(terms)))),
            np.inf if farthest is None else farthest,
        )


def _bounds(
    table: Array, columns: Sequence[Column]
) -> tuple[tuple[float, ...], tuple[float, ...], dict[int, tuple[float, ...]]]:
    low, high, codes = [], [], {}
    for place, column in enumerate(columns):
        x = table[:, place]
        x = x[np.isfinite(x)]
        if column.kind == "code":
            codes[place] = tuple(np.unique(x).tolist())
            x = x[:0]
        spread = float(np.ptp(x)) if len(x) else 0.0
        room = MARGIN * spread if spread > 0 else np.inf
        low.append(float(x.min() - room) if len(x) else -np.inf)
        high.append(float(x.max() + room) if len(x) and not column.ages else np.inf)
    return tuple(low), tuple(high), codes


def known_shares(corpus: Corpus, score: NgramScore) -> Array:
    """Share of grams that the vocabulary holds in the strangest part of each text, shape (texts,).

    The part is the clauses that hold fewest, until they make up `PART` of the text's grams: a text half of
    which is of another world is strange, whatever its other half. 1 for an empty text.
    """
    counts = np.array([score.known(clause) for clause in corpus.clauses], dtype=np.float64)
    shares = np.divide(counts[:, 0], counts[:, 1], out=np.ones(len(counts)), where=counts[:, 1] > 0)
    starts, clauses = corpus.member.indptr, corpus.member.indices
    answer = np.ones(len(starts) - 1)
    for text, (first, last) in enumerate(pairwise(starts)):
        own = clauses[first:last]
        own = own[np.argsort(shares[own], kind="stable")]
        known, all_ = np.cumsum(counts[own], axis=0).T if len(own) else (np.zeros(0), np.zeros(0))
        if len(own) and all_[-1] > 0:
            reached = int(np.searchsorted(all_, PART * all_[-1]))
            answer[text] = known[reached] / all_[reached]
    return answer
