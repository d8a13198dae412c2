"""Stages of a training that have come to their end, kept on disk until all of it has.

A training that was stopped and is begun again takes what it finds and makes the rest (ADR 0071). What is kept
are numbers and fitted parts, never a text: what texts say is read from the records again, which is cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from joblib import Memory

T = TypeVar("T")


class Keeping:
    """Keeps what stages make, by their names; with no folder nothing, so that every stage is made.

    Parameters
    ----------
    folder
        Of one training: of the same records, settings, seed and code. Whoever names it sees to that.
    """

    def __init__(self, folder: Path | None = None, *, head: str = "") -> None:
        self._folder, self._head = folder, head
        # joblib writes beside and renames, and makes anew what it can't read: a stop leaves no half a stage
        self._memory = Memory(folder, verbose=0)

    def __call__(self, stage: str, make: Callable[[], T]) -> T:
        """What the stage had made, or what `make` makes, which is then kept."""
        found: T = self._memory.cache(_made, ignore=["make"])(self._head + stage, make)
        return found

    @property
    def holds_something(self) -> bool:
        """Whether a stage has come to its end."""
        return self._folder is not None and any(self._folder.rglob("output.pkl"))

    def within(self, part: str) -> Keeping:
        """The same folder for the stages of one part, such as the final model."""
        return Keeping(self._folder, head=f"{self._head}{part}: ")


def _made(stage: str, make: Callable[[], Any]) -> Any:
    return make()


NOT_KEPT: Final = Keeping()
