"""Whether a case lies outside of what the model was trained on, by table and by text.

A value far beyond the training range, a category never seen, or a text of which half the n-grams are
unknown: a person is told that the risk is an extrapolation. Counts grow with the years on record, so "far"
means beyond the range by a quarter of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.design import Column
from models.inputs import Inputs
from models.ngrams import NgramScore

Array = NDArray[np.float64]

MARGIN: Final = 0.25
TEXT_QUANTILE: Final = 0.001
"""Share of training texts that would be called strange."""
LEAST_KNOWN: Final = 0.5


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
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    codes: Mapping[int, tuple[float, ...]]
    least_known: float

    @classmethod
    def fit(cls, inputs: Inputs, columns: Sequence[Column], score: NgramScore | None) -> Ranges:
        """The ranges of training inputs."""
        low, high, codes = [], [], {}
        for place, column in enumerate(columns):
            x = inputs.table[:, place]
            x = x[np.isfinite(x)]
            if column.kind == "code":
                codes[place] = tuple(np.unique(x).tolist())
                x = x[:0]
            spread = float(np.ptp(x)) if len(x) else 0.0
            room = MARGIN * spread if spread > 0 else np.inf
            low.append(float(x.min() - room) if len(x) else -np.inf)
            high.append(float(x.max() + room) if len(x) and not column.ages else np.inf)
        least = 0.0
        if score is not None:
            known = known_shares(inputs.corpus, score)
            least = min(LEAST_KNOWN, float(np.quantile(known, TEXT_QUANTILE)))
        return cls(tuple(low), tuple(high), codes, least)

    def outside(self, inputs: Inputs, score: NgramScore | None) -> NDArray[np.bool_]:
        """Whether each case lies outside, shape (n,)."""
        # a missing value is never outside: comparisons with NaN are false
        beyond = (inputs.table < np.array(self.low)) | (inputs.table > np.array(self.high))
        answer = beyond.any(axis=1)
        for place, seen in self.codes.items():
            x = inputs.table[:, place]
            answer |= np.isfinite(x) & ~np.isin(x, np.array(seen))
        if score is not None:
            answer |= known_shares(inputs.corpus, score) < self.least_known
        return np.asarray(answer)

    def state(self) -> dict[str, Any]:
        """JSON types; an infinite bound is null."""
        return {
            "low": [value if np.isfinite(value) else None for value in self.low],
            "high": [value if np.isfinite(value) else None for value in self.high],
            "codes": {str(place): list(seen) for place, seen in self.codes.items()},
            "least_known": self.least_known,
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Ranges:
        """The ranges that `state` describes."""
        return cls(
            tuple(-np.inf if value is None else value for value in state["low"]),
            tuple(np.inf if value is None else value for value in state["high"]),
            {int(place): tuple(seen) for place, seen in state["codes"].items()},
            state["least_known"],
        )


def known_shares(corpus: Corpus, score: NgramScore) -> Array:
    """Share of a text's grams that the vocabulary holds, 1 for an empty text; shape (texts,)."""
    counts = np.array([score.known(clause) for clause in corpus.clauses], dtype=np.float64)
    sums = np.column_stack([corpus.over_clauses(counts[:, column])[:, 0] for column in (0, 1)])
    return np.divide(sums[:, 0], sums[:, 1], out=np.ones(len(sums)), where=sums[:, 1] > 0)
