"""Which of the service's processes one is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Worker:
    """A worker process's place among all of them.

    Attributes
    ----------
    place
        From 0 on; the first does what is done once.
    of
        How many there are.
    """

    place: int = 0
    of: int = 1
