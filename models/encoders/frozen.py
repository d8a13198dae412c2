"""A frozen embedder: mean-pooled vectors of any body, and a ridge hazard on their sum over clauses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus, Product
from models.encoders.base import Encoder, Lessons, Progress, UnfittedError, read_state
from models.encoders.bodies import BATCH, Body, embed, read_body, reading, used_clauses
from models.linear import fit_ridge

Array = NDArray[np.float64]


class FrozenEncoder(Encoder):
    """Sum over clauses, and the worst clause, of a ridge hazard on a body's vectors, which learn nothing.

    Costs one pass of the body over the distinct clauses to fit, and again to encode.

    Parameters
    ----------
    base
        A folder in Hugging Face format or a name on the hub.
    penalty
        Ridge penalty of a standardised dimension, scaled so that a clause's vector is of unit length.
    """

    name: ClassVar[str] = "frozen"

    def __init__(self, seed: int = 0, *, base: str, penalty: float = 10.0, batch: int = BATCH) -> None:
        super().__init__(seed)
        self.base, self.penalty, self.batch = base, penalty, batch
        self._body: Body | None = None
        self._state: dict[str, Array] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The sum, and the worst clause."""
        return ("sum", "worst_clause")

    @property
    def signs(self) -> tuple[int, ...]:
        """Both are of escalation."""
        return (1, 1)

    def prepare(self, corpus: Corpus, progress: Progress | None = None) -> Self:
        """Read the body; the texts teach it nothing."""
        made = type(self)(self.seed, base=self.base, penalty=self.penalty, batch=self.batch)
        made._body = self._body or read_body(self.base)
        made.facts = {"base": self.base, "parameters": made._body.size, "precision": "fp32"}
        return made

    def fit(self, corpus: Corpus, lessons: Lessons, progress: Progress | None = None) -> Self:
        """Fit the hazard on the vectors' sums."""
        made = self.prepare(corpus, progress)
        rows = np.flatnonzero(lessons.exposure > 0)
        vectors = made._vectors(corpus)
        used = used_clauses(corpus)
        mean, spread = vectors[used].mean(axis=0), vectors[used].std(axis=0)
        scale = np.divide(1.0, spread * np.sqrt(len(mean)), out=np.zeros_like(spread), where=spread > 1e-8)
        coefficients = np.zeros(len(mean))
        if (lessons.weight * lessons.events)[rows].sum() > 0:
            _, coefficients = fit_ridge(
                Product(corpus.member[rows], (vectors - mean) * scale),
                lessons.events[rows],
                loss="poisson",
                penalty=self.penalty,
                weight=lessons.weight[rows],
                offset=np.log(lessons.exposure[rows]),
            )
        made._state = {"mean": mean, "scale": scale, "coefficients": coefficients}
        return made

    def _vectors(self, corpus: Corpus) -> Array:
        assert self._body is not None
        used = used_clauses(corpus)
        answer = np.zeros((len(corpus.clauses), self._body.width))
        if len(used):
            texts = [reading(corpus.clauses[place]) for place in used]
            answer[used] = embed(self._body, texts, size=self.batch)
        return answer

    def with_batch(self, batch: int) -> Self:
        """The same fit, so many clauses at a time."""
        made = type(self)(self.seed, base=self.base, penalty=self.penalty, batch=batch)
        made._body, made._state, made.facts = self._body, self._state, self.facts
        return made

    def encode(self, corpus: Corpus) -> Array:
        """Shape (n, 2): log hazard beside a text that says nothing."""
        if self._state is None:
            raise UnfittedError("the frozen embedder was not fitted")
        centred = (self._vectors(corpus) - self._state["mean"]) * self._state["scale"]
        # row by row, so that a clause alone and among others gives the same bits from here on
        each = (centred * self._state["coefficients"]).sum(axis=1)
        cue, mention = (
            np.array([getattr(clause, name) for clause in corpus.clauses], dtype=bool)
            for name in ("cue", "mention")
        )
        each[cue] = np.maximum(each[cue], 0.0)
        each[mention] = np.minimum(each[mention], 0.0)
        return corpus.over_clauses(each)

    def save(self, folder: Path) -> None:
        """Write `encoder.json`, `head.npz`, and the body, so that nothing need be fetched later."""
        if self._state is None or self._body is None:
            raise UnfittedError("the frozen embedder was not fitted")
        self._write(folder, base=self.base, penalty=self.penalty)
        self._body.save(folder / "body")
        arrays: dict[str, Any] = dict(self._state)
        np.savez_compressed(folder / "head.npz", **arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing is fetched."""
        state = read_state(folder)
        made = cls(state["seed"], base=state["base"], penalty=state["penalty"])
        made._body = replace(read_body(str(folder / "body"), offline=True), base=state["base"])
        with np.load(folder / "head.npz", allow_pickle=False) as held:
            made._state = {name: held[name] for name in held.files}
        made.facts = state["facts"]
        return made
