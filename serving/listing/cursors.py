"""Places in a list, as callers are given them to read on from."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, Final

from serving.errors import FieldError, Invalid

_LARGEST: Final = 2**62


def cursor_of(parts: Sequence[int | str]) -> str:
    """A place as a word that means nothing to the caller."""
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode()


def parts_of(cursor: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """The parts of a place: whole numbers and printable words.

    Raises
    ------
    Invalid
        If it isn't one that was given.
    """
    try:
        parts = json.loads(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise Invalid([FieldError(field="cursor", reason="not one that was given")])
    for part in parts:
        good = 0 <= part <= _LARGEST if isinstance(part, int) else part.isprintable()
        if not good:
            raise Invalid([FieldError(field="cursor", reason="not one that was given")])
    return tuple(parts)
