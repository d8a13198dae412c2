"""The character n-grams of `models.ngrams` as a member; the numbers are theirs."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.encoders.base import Encoder, Lessons, Progress, UnfittedError, read_state
from models.ngrams import NgramScore

Array = NDArray[np.float64]


class NgramEncoder(Encoder):
    """Sum over clauses, and the worst clause, of a ridge hazard on character 1- to 4-grams.

    Costs some 10 µs a clause, on any machine.
    """

    name: ClassVar[str] = "ngrams"

    def __init__(self, seed: int = 0, *, penalty: float = 10.0, score: NgramScore | None = None) -> None:
        super().__init__(seed)
        self.penalty, self.score = penalty, score

    @property
    def columns(self) -> tuple[str, ...]:
        """The sum, and the worst clause."""
        return ("sum", "worst_clause")

    @property
    def signs(self) -> tuple[int, ...]:
        """Both are of escalation."""
        return (1, 1)

    def fit(self, corpus: Corpus, lessons: Lessons, progress: Progress | None = None) -> Self:
        """See `models.ngrams.NgramScore.fit`."""
        used = np.flatnonzero(lessons.exposure > 0)
        score = NgramScore.fit(
            corpus.rows(used),
            lessons.events[used],
            lessons.exposure[used],
            lessons.weight[used],
            penalty=self.penalty,
        )
        made = type(self)(self.seed, penalty=self.penalty, score=score)
        made.facts = {"base": "character 1- to 4-grams", "parameters": len(score.coefficients)}
        return made

    def encode(self, corpus: Corpus) -> Array:
        """Shape (n, 2)."""
        if self.score is None:
            raise UnfittedError("the n-grams were not fitted")
        return self.score.columns(corpus)

    def save(self, folder: Path) -> None:
        """Write the n-grams and their coefficients."""
        if self.score is None:
            raise UnfittedError("the n-grams were not fitted")
        self._write(folder, penalty=self.penalty)
        self.score.save(folder, "text")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        state = read_state(folder)
        made = cls(state["seed"], penalty=state["penalty"], score=NgramScore.load(folder, "text"))
        made.facts = state["facts"]
        return made
