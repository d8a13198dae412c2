"""Texts as sets of clauses, and clauses as counts of character n-grams.

Distinct clauses are few beside texts, and distinct texts few beside query points, so grams are counted once
a clause, and a text × gram matrix is only ever the product of two thin ones.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]
Analyzer = Callable[[str], Sequence["Clause"]]

MOST_GRAMS: Final = 200_000
LONGEST: Final = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as the score reads it.

    Attributes
    ----------
    text
        Prepared text.
    polarity
        The namespace of its grams, '' for a plain statement.
    cue
        Whether it asserts a risk cue.
    mention
        Whether it mentions risk cues and asserts none of them.
    """

    text: str
    polarity: str = ""
    cue: bool = False
    mention: bool = False


def grams(clause: Clause) -> list[str]:
    """Character 1- to 4-grams with the clause's ends marked, in the clause's namespace."""
    marked = f"^{clause.text}$"
    head = f"{clause.polarity}|" if clause.polarity else ""
    return [
        head + marked[i : i + n]
        for n in range(1, LONGEST + 1)
        for i in range(len(marked) - n + 1)
        if n > 1 or 0 < i < len(marked) - 1
    ]


@lru_cache(maxsize=4_096)
def counted_grams(clause: Clause) -> dict[str, int]:
    """Each gram of a clause and how often, as they first stand; several scores read the same."""
    counts: dict[str, int] = {}
    for gram in grams(clause):
        counts[gram] = counts.get(gram, 0) + 1
    return counts


class Product:
    """The matrix product `left @ right` that is never formed: texts × clauses × grams."""

    def __init__(self, left: Any, right: Any) -> None:
        self.left, self.right = left, right
        self.shape = (left.shape[0], right.shape[1])

    def __matmul__(self, vector: Array) -> Array:
        return np.asarray(self.left @ (self.right @ vector))

    @property
    def T(self) -> Product:
        """The transpose."""
        return Product(self.right.T, self.left.T)


class Corpus:
    """Texts as sets of clauses, the clauses once each.

    Attributes
    ----------
    clauses
        The distinct clauses.
    member
        Which clauses a text holds, CSR of ones, shape (texts, clauses); a text's clauses stand in its own
        order, so that what is summed over them is the same for a text alone and in a batch.
    """

    def __init__(self, clauses: list[Clause], member: Any, counts: GramCounts | None = None) -> None:
        self.clauses, self.member = clauses, member
        self._counts = counts

    @classmethod
    def read(cls, texts: Sequence[str], analyzer: Analyzer) -> Corpus:
        """Cut texts into clauses; a text that occurs often is read once."""
        place: dict[Clause, int] = {}
        seen: dict[str, list[int]] = {}
        columns = array("i")
        starts = [0]
        for text in texts:
            held = seen.get(text)
            if held is None:
                held = list(dict.fromkeys(place.setdefault(clause, len(place)) for clause in analyzer(text)))
                seen[text] = held
            columns.extend(held)
            starts.append(len(columns))
        indices = np.frombuffer(columns, dtype=np.int32) if columns else np.zeros(0, dtype=np.int32)
        member = sparse.csr_array(
            (np.ones(len(indices)), indices, np.asarray(starts, dtype=np.int64)),
            shape=(len(texts), max(len(place), 1)),
        )
        return cls(list(place) or [Clause("")], member)

    def rows(self, rows: NDArray[np.int64]) -> Corpus:
        """Some of the texts over the same clauses."""
        return Corpus(self.clauses, self.member[rows], self.counts)

    @property
    def held(self) -> list[Clause]:
        """The distinct clauses of these texts; `clauses` may hold those of others too."""
        return [self.clauses[place] for place in np.unique(self.member.indices).tolist()]

    @property
    def counts(self) -> GramCounts:
        """The grams of every clause; read once, shared by `rows`."""
        if self._counts is None:
            self._counts = GramCounts.of(self.clauses)
        return self._counts

    def over_clauses(self, values: Array) -> Array:
        """Sum over a text's clauses, and the largest of them but at least 0, shape (texts, 2)."""
        member = self.member
        answer = np.zeros((member.shape[0], 2))
        filled = np.flatnonzero(np.diff(member.indptr))
        if len(filled):
            each = values[member.indices]
            starts = member.indptr[filled]
            answer[filled, 0] = np.add.reduceat(each, starts)
            answer[filled, 1] = np.maximum(np.maximum.reduceat(each, starts), 0.0)
        return answer


@dataclass(frozen=True)
class GramCounts:
    """How often each gram stands in each clause.

    Attributes
    ----------
    names
        The grams in column order.
    matrix
        CSR, shape (clauses, grams).
    cue, mention
        Whether a clause asserts a cue, and whether it only mentions some; shape (clauses,).
    """

    names: list[str]
    matrix: Any
    cue: NDArray[np.bool_]
    mention: NDArray[np.bool_]

    @classmethod
    def of(cls, clauses: Sequence[Clause]) -> GramCounts:
        """Count the grams of clauses."""
        place: dict[str, int] = {}
        columns = array("i")
        starts = [0]
        for clause in clauses:
            columns.extend(place.setdefault(gram, len(place)) for gram in grams(clause))
            starts.append(len(columns))
        indices = np.frombuffer(columns, dtype=np.int32) if columns else np.zeros(0, dtype=np.int32)
        matrix = sparse.csr_array(
            (np.ones(len(indices)), indices, np.asarray(starts, dtype=np.int64)),
            shape=(len(clauses), max(len(place), 1)),
        )
        matrix.sum_duplicates()
        cue = np.array([clause.cue for clause in clauses], dtype=bool)
        mention = np.array([clause.mention for clause in clauses], dtype=bool)
        return cls(list(place), matrix, cue, mention)

    def tfidf(self, member: Any, least: int) -> tuple[NDArray[np.int64], Array, Any]:
        """Columns kept, their idf, and the clause × kept gram matrix with rows of unit length.

        Parameters
        ----------
        member
            The texts that count, CSR (texts, clauses). A gram is kept if about `least` of them hold it.
        """
        texts = np.asarray(member.sum(axis=0)).ravel()
        # a gram's texts, clause by clause: an upper bound where two clauses of a text share it
        present = self.matrix.copy()
        present.data = np.ones_like(present.data)
        holding = np.asarray(present.T @ texts).ravel()
        kept = np.flatnonzero(holding >= least)
        if len(kept) > MOST_GRAMS:
            kept = np.sort(kept[np.argsort(-holding[kept], kind="stable")[:MOST_GRAMS]])
        n = member.shape[0]
        idf = np.log((1 + n) / (1 + np.minimum(holding[kept], n))) + 1
        matrix = sparse.csr_array(self.matrix[:, kept] @ sparse.diags_array(idf))
        norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        scale = np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0)
        return kept, idf, sparse.csr_array(sparse.diags_array(scale) @ matrix)
