"""The text encoder: what it learns from, what it answers, and the rules that every member keeps.

A member reads texts as sets of clauses (`models.corpus`) and scores a text as a *sum over its clauses*. A
clause that asserts a risk cue never lowers a score, and one that only mentions cues never raises it, whatever
the network inside thinks of it: more evidence of the same cue can then never lower a risk.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.rows import HazardRows, collapsed
from models.targets import RISK_COLUMNS, TARGETS, Labels

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

STATE: Final = "encoder.json"


class EncoderMissingError(ImportError):
    """The extra that a member needs isn't installed; the message says which."""


class UnfittedError(ValueError):
    """The encoder has learned nothing yet."""


@dataclass(frozen=True)
class Lessons:
    """What became of n texts, as known at some cut.

    Attributes
    ----------
    within
        Whether the harm came, by target and horizon, shape (n, 12); NaN where that isn't known yet.
    events, exposure
        Escalations and their expected count under the baseline hazard, shape (n,); see `models.rows`.
    cues
        The cue columns, shape (n, c).
    weight
        Shape (n,).
    """

    within: Array
    events: Array
    exposure: Array
    cues: Array
    weight: Array

    @classmethod
    def of(cls, known: Labels, cues: Array, weight: Array) -> Lessons:
        """The lessons of labelled query points."""
        events, exposure = collapsed(HazardRows.of(known), weight, len(weight))
        within = [known.within(*risk_of(column)) for column in RISK_COLUMNS]
        return cls(np.column_stack(within), events, exposure, cues, weight)

    @property
    def harms(self) -> float:
        """How many texts are known to have been followed by harm."""
        return float(self.events.sum())


def risk_of(column: str) -> tuple[str, int]:
    """Target and horizon of a risk column."""
    target, _, horizon = column.rpartition("_")
    assert target in TARGETS
    return target, int(horizon)


class Encoder(ABC):
    """A score of texts that is learned.

    Attributes
    ----------
    name
        The member's name in the catalogue.
    seed
        The same seed, texts and lessons give the same numbers on the same machine.
    facts
        What it was made of and how long that took: JSON types, for the card.
    """

    name: ClassVar[str]
    facts: Mapping[str, Any]

    def __init__(self, seed: int = 0) -> None:
        self.seed, self.facts = seed, {}

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Names of the scores, in order."""

    @property
    @abstractmethod
    def signs(self) -> tuple[int, ...]:
        """+1 for the scores of escalation that the hazard reads as never lowering it, 0 for the others."""

    def prepare(self, corpus: Corpus, progress: Progress | None = None) -> Self:
        """Learn from texts alone, no lessons; by default there is nothing to learn."""
        return self

    @abstractmethod
    def fit(self, corpus: Corpus, lessons: Lessons, progress: Progress | None = None) -> Self:
        """A fitted encoder; this one stays as it is, so that folds begin alike.

        Raises
        ------
        EncoderMissingError
            If what it needs isn't installed.
        """

    @abstractmethod
    def encode(self, corpus: Corpus) -> Array:
        """The scores of texts, shape (n, k) in the order of `columns`; 0 for a text without clauses.

        Raises
        ------
        UnfittedError
            If it wasn't fitted.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write it into a folder, which is made if need be: JSON, npz and safetensors, no pickles."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""

    def _write(self, folder: Path, **state: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        held = {"name": self.name, "seed": self.seed, "facts": dict(self.facts), **state}
        text = json.dumps(held, ensure_ascii=False, indent=1, allow_nan=False)
        (folder / STATE).write_text(text, encoding="utf-8")


def read_state(folder: Path) -> dict[str, Any]:
    """The JSON state of a saved encoder."""
    state: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
    return state


def read_by_hazard(encoder: Encoder) -> tuple[list[int], tuple[str, ...]]:
    """Places and names of the columns that the hazard model reads of an encoder."""
    places = [place for place, sign in enumerate(encoder.signs) if sign > 0]
    return places, tuple(f"encoder_{encoder.columns[place]}" for place in places)


def over_clauses(corpus: Corpus, each: Array) -> Array:
    """Sums over a text's clauses, shape (texts, k), in the texts' own order whatever the batch.

    Parameters
    ----------
    each
        Contributions of the corpus' clauses, shape (clauses, k).
    """
    return np.column_stack([corpus.over_clauses(column)[:, 0] for column in each.T])
