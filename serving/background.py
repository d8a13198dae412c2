"""What the service does again and again of itself, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import structlog

from serving.logs import log_failure

_log = structlog.get_logger("anlan.background")
_ENDING: Final = 30.0
"""Seconds that an ending service waits for what has been begun."""
_PAUSE: Final = 5.0
"""Seconds to the next try after a fault that the work hasn't dealt with itself."""


class Repeating:
    """Does some work until it is told to stop.

    Parameters
    ----------
    name
        Of the thread, and in the log.
    work
        Does it once and says in how many seconds to do it again. What it raises is logged, and it goes on.
    """

    def __init__(self, name: str, work: Callable[[], float]) -> None:
        self._name, self._work = name, work
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, after: float = 0.0) -> None:
        """Begin in so many seconds."""
        self._first = after
        self._thread.start()

    def tell(self) -> None:
        """Tell it to end what it has begun, and begin no more."""
        self._stopped.set()

    def stop(self) -> None:
        """Tell it so, and wait for it."""
        self.tell()
        if self._thread.is_alive():
            self._thread.join(_ENDING)

    @property
    def stopped(self) -> bool:
        """Whether it has been told to stop: work of several parts asks between them."""
        return self._stopped.is_set()

    def _run(self) -> None:
        pause = self._first
        while not self._stopped.wait(pause):
            try:
                pause = self._work()
            except Exception as error:  # noqa: BLE001 - a thread that ends would end the work unseen
                log_failure(_log, f"{self._name}_failed", error)
                pause = _PAUSE
