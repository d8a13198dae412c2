"""How often a key may call: a token bucket each, in a worker process's memory (docs/adr/0036, 0069)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_MOST_NAMES: Final = 50_000
"""Buckets at a time; addresses that log in may be as many as somebody likes."""


class Buckets:
    """A bucket for each name: full at first, refilled steadily, one call taken out at a time.

    May be used by several threads.

    Parameters
    ----------
    rate
        Calls a second.
    burst
        Calls at once after a rest.
    clock
        Seconds that only grow.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst = rate, burst
        self._clock, self._lock = clock, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take one call: 0 if it may be made, else the seconds until one may."""
        now = self._clock()
        with self._lock:
            if len(self._left) >= _MOST_NAMES and name not in self._left:
                self._forget(now)
            left, seen = self._left.get(name, (self.burst, now))
            left = min(self.burst, left + (now - seen) * self.rate)
            allowed = left >= 1
            self._left[name] = (left - 1 if allowed else left, now)
        return 0.0 if allowed else (1 - left) / self.rate

    def _forget(self, now: float) -> None:
        """Forget the buckets that are full again, which a new one would be too; if there is none, all."""
        full = [
            name for name, (left, seen) in self._left.items() if left + (now - seen) * self.rate >= self.burst
        ]
        for name in full or list(self._left):
            del self._left[name]
