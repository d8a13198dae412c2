"""Programs that are started, held up, killed and ended, each with all that it has started itself."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import httpx

_T = TypeVar("_T")
_ENDING = 20.0


class Process:
    """A program in a process group of its own.

    Parameters
    ----------
    words
        What to run.
    environment
        All of it.
    log
        File that takes what it says.
    """

    def __init__(self, words: Sequence[object], environment: Mapping[str, str], log: Path) -> None:
        self.words, self.environment, self.log = [str(word) for word in words], dict(environment), log
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it; it must not be running."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.words, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Of the program itself."""
        if self._running is None:
            raise RuntimeError("it was never started")
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it runs, be it held up."""
        return self._running is not None and self._running.poll() is None

    def kill(self) -> None:
        """SIGKILL: it gets no chance to end anything."""
        self._signal(signal.SIGKILL)
        if self._running is not None:
            self._running.wait()

    def pause(self) -> None:
        """SIGSTOP: it holds what it has, and does nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it as an operator does, and by force if it doesn't."""
        if not self.alive:
            return
        self.resume()
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            if self._running is not None:
                self._running.wait(_ENDING)
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, RuntimeError):
            os.killpg(self.pid, number)


def wait_for(what: str, ask: Callable[[], _T], *, seconds: float = 180.0, pause: float = 0.1) -> _T:
    """What `ask` answers as soon as that is true.

    Raises
    ------
    TimeoutError
        If it isn't in time.
    """
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(pause)


def wait_until_up(url: str, process: Process, *, seconds: float = 180.0) -> None:
    """Wait until something answers there, whatever it says.

    Raises
    ------
    RuntimeError
        If the process has ended instead; with the end of its log.
    """

    def answers() -> bool:
        if not process.alive:
            raise RuntimeError(f"{process.words[0]} ended at once:\n{process.log.read_text()[-2_000:]}")
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            return False
        return True

    wait_for(f"{url} answers", answers, seconds=seconds)
