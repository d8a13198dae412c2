"""Progress of long work, on stderr: a bar for a person, a line now and then for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]
"""Called with the stage, how much of it is done, and how much there is."""

_LINE_EVERY = 5.0  # seconds between lines where stderr is not a terminal


@contextmanager
def progress() -> Iterator[Report]:
    """A function to report progress to, for as long as the block runs."""
    if sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield _Lines()


@contextmanager
def _bars() -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}/{task.total:,}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as shown:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=total)
            shown.update(tasks[stage], completed=done, total=total)

        yield report


class _Lines:
    """Prints a stage when it has run a while and when it ends after that; short stages stay silent."""

    def __init__(self) -> None:
        self._stage = ""
        self._last = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._last = stage, now
            return
        if now - self._last >= _LINE_EVERY:
            self._last = now
            sys.stderr.write(f"{stage}: {done:,}/{total:,}\n")
            sys.stderr.flush()


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """A function to tell the name of each piece of work as it begins; only work of some length is shown."""
    with progress() as report:
        yield _Stages(report)


class _Stages:
    """Numbers pieces of work whose number isn't known beforehand."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._begun = time.monotonic()
        self._shown = self._begun

    def __call__(self, stage: str) -> None:
        now = time.monotonic()
        if sys.stderr.isatty():
            self._report(stage, 0, 1)
        elif now - self._begun >= _LINE_EVERY and now - self._shown >= 1:
            self._shown = now
            sys.stderr.write(f"{stage}\n")
            sys.stderr.flush()
