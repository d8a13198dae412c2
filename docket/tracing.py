"""Where the time goes, if anybody asks: spans, which are nothing until somebody takes them.

Whoever takes them stands in `serving`; what may say where it spends time stands everywhere, so this is down
here. A span's name and attributes are written into the program: never a text, an id of a case or person, or a
statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Attribute = str | int | float | bool


class Span(Protocol):
    """A stretch of time with a name."""

    def rename(self, name: str) -> None:
        """Call it otherwise, once it is known what it was."""

    def tell(self, **attributes: Attribute) -> None:
        """Say more of it."""


class _Untold:
    def rename(self, name: str) -> None: ...
    def tell(self, **attributes: Attribute) -> None: ...


UNTOLD: Span = _Untold()
"""A span that nobody takes."""
Take = Callable[[str, bool], AbstractContextManager[Span]]
"""Given a span's name, and whether it may begin a trace, takes the span."""
_take: Take | None = None


@contextmanager
def span(name: str, *, begins: bool = False, **attributes: Attribute) -> Iterator[Span]:
    """The time that the block takes, within the span around it.

    Parameters
    ----------
    begins
        Whether it is told if there is none around it: most of what the service does of itself isn't worth it.
    """
    if _take is None:
        yield UNTOLD
        return
    with _take(name, begins) as begun:
        begun.tell(**attributes)
        yield begun


@contextmanager
def taken_by(take: Take) -> Iterator[None]:
    """Let `take` have all spans of this process while the block runs."""
    global _take  # noqa: PLW0603 - one for the process: spans are begun where no state is at hand
    before, _take = _take, take
    try:
        yield
    finally:
        _take = before
