"""Instants that options of the commands name."""

from __future__ import annotations

from typing import overload

from docket.faults import BadInput
from docket.times import parse_instant


@overload
def instant(option: str, text: str) -> int: ...
@overload
def instant(option: str, text: None) -> None: ...
@overload
def instant(option: str, text: str | None) -> int | None: ...
def instant(option: str, text: str | None) -> int | None:
    """Microseconds of a date or an RFC 3339 instant; None where the option isn't given.

    Raises
    ------
    BadInput
        If `text` is neither, naming the option.
    """
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadInput(f"{option} {text}: a date or an RFC 3339 instant was expected") from error
