"""A hazard score of a text, from the character n-grams of its clauses.

A text is a *set of clauses*. Each clause is a TF-IDF vector of its character 1- to 4-grams with unit length,
in the namespace of its polarity (the grams of a denied threat are other grams than those of a threat), and a
text is the sum of its clauses. So the order of clauses, the mark between them and saying a sentence twice
change nothing, and the score is a sum over clauses that can be told clause by clause.

A clause that asserts a risk cue never lowers the score, and one that only mentions cues (denies them, quotes
them) never raises it: their contributions are cut off at zero.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import Clause, Corpus, GramCounts, Product, counted_grams
from models.linear import fit_ridge

Array = NDArray[np.float64]

LEAST_TEXTS: Final = 3
"""A gram that about fewer texts hold is left out."""
ITERATIONS: Final = 60


class NgramScore:
    """A linear log-hazard score of a text.

    Attributes
    ----------
    vocabulary
        Gram to column.
    idf, coefficients
        Shape (grams,).
    """

    def __init__(self, vocabulary: dict[str, int], idf: Array, coefficients: Array) -> None:
        self.vocabulary, self.idf, self.coefficients = vocabulary, idf, coefficients
        self._weights = dict(
            zip(vocabulary, zip(idf.tolist(), coefficients.tolist(), strict=True), strict=True)
        )
        self._counts: GramCounts | None = None
        self._each: Array | None = None

    @classmethod
    def fit(
        cls,
        corpus: Corpus,
        events: Array,
        exposure: Array,
        weight: Array,
        *,
        penalty: float,
        least: int = LEAST_TEXTS,
    ) -> NgramScore:
        """Fit on texts with a count of events and the expected count of an average case.

        Parameters
        ----------
        corpus
            n texts.
        events, exposure, weight
            Shape (n,); see `models.linear`.
        penalty
            Ridge penalty of a gram's coefficient.
        """
        counts = corpus.counts
        kept, idf, matrix = counts.tfidf(corpus.member, least)
        vocabulary = {counts.names[column]: i for i, column in enumerate(kept)}
        coefficients = np.zeros(len(kept))
        if len(kept) and (weight * events).sum() > 0:
            _, coefficients = fit_ridge(
                Product(corpus.member, matrix),
                events,
                loss="poisson",
                penalty=penalty,
                weight=weight,
                offset=np.log(exposure),
                iterations=ITERATIONS,
            )
        score = cls(vocabulary, idf, coefficients)
        score._each = np.asarray(matrix @ coefficients)
        score._each[counts.cue] = np.maximum(score._each[counts.cue], 0.0)
        score._each[counts.mention] = np.minimum(score._each[counts.mention], 0.0)
        score._counts = counts
        return score

    def clause(self, clause: Clause) -> float:
        """The contribution of one clause."""
        norm = total = 0.0
        for gram, count in counted_grams(clause).items():
            known = self._weights.get(gram)
            if known is not None:
                value = count * known[0]
                norm += value * value
                total += value * known[1]
        score = float(total / np.sqrt(norm)) if norm > 0 else 0.0
        if clause.cue:
            return max(score, 0.0)
        return min(score, 0.0) if clause.mention else score

    def known(self, clause: Clause) -> tuple[int, int]:
        """How many of a clause's distinct grams the vocabulary holds, and how many there are."""
        counts = counted_grams(clause)
        return sum(gram in self._weights for gram in counts), len(counts)

    def columns(self, corpus: Corpus) -> Array:
        """What later models read of each text, shape (n, 2): the sum over clauses, and the worst clause."""
        if self._counts is not None and corpus._counts is self._counts and self._each is not None:
            return corpus.over_clauses(self._each)
        return corpus.over_clauses(np.array([self.clause(clause) for clause in corpus.clauses]))

    def save(self, folder: Path, name: str) -> None:
        """Write `name.json` (grams in column order) and `name.npz`."""
        ordered = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        (folder / f"{name}.json").write_text(json.dumps(ordered, ensure_ascii=False), encoding="utf-8")
        np.savez_compressed(folder / f"{name}.npz", idf=self.idf, coefficients=self.coefficients)

    @classmethod
    def load(cls, folder: Path, name: str) -> NgramScore:
        """Read what `save` wrote."""
        ordered = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.npz", allow_pickle=False) as state:
            return cls({gram: i for i, gram in enumerate(ordered)}, state["idf"], state["coefficients"])
