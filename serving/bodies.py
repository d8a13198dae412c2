"""Reading a request's body: JSON in UTF-8, neither packed nor bottomless, of text that can be stored."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from fastapi import Request

from serving.errors import FieldError, Invalid, Malformed, UnsupportedMedia
from serving.shapes import path_of

DEEPEST: Final = 32
"""Arrays and objects within each other; no request of ours needs more than six."""
_JSON: Final = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)
_UNSTORABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters but tab and line breaks, and halves of characters."""


class JsonRequest(Request):
    """A request whose body has been read and checked."""

    _value: Any = None

    @classmethod
    async def of(cls, request: Request) -> JsonRequest:
        """Read and check the body of `request`, if it has one.

        Raises
        ------
        UnsupportedMedia
            If it's encoded, or not said to be JSON in UTF-8.
        Malformed
            If it isn't JSON, or too deep.
        Invalid
            If a text in it can't be stored. A batch is told of that case by case.
        """
        # Packed bodies are refused unread: a few bytes of them may be gigabytes.
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMedia()
        read = cls(request.scope, request.receive)
        body = await read.body()
        if body:
            if _JSON.fullmatch(request.headers.get("content-type", "").strip()) is None:
                raise UnsupportedMedia()
            read._value = parsed(body)
            if not request.url.path.endswith(":batch"):
                errors = text_errors(read._value)
                if errors:
                    raise Invalid(errors)
        return read

    async def json(self) -> Any:
        """The body as JSON types."""
        return self._value


def parsed(body: bytes) -> Any:
    """The JSON value of a body.

    Raises
    ------
    Malformed
        Saying where it breaks, and nothing of what stands there.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start}.") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    except ValueError:
        raise Malformed("The body holds a number that can't be read.") from None
    level = [value]
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return value
    raise Malformed(_TOO_DEEP)


_TOO_DEEP: Final = f"The body is nested deeper than {DEEPEST} levels."


def _constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which are no JSON


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def text_errors(value: Any, within: tuple[int | str, ...] = ()) -> list[FieldError]:
    """Each text in a JSON value that holds what can't be stored."""
    if isinstance(value, str):
        found = _UNSTORABLE.search(value)
        if found is None:
            return []
        reason = f"U+{ord(found.group()):04X} can't be stored"
        return [FieldError(field=path_of(within), reason=reason)]
    if isinstance(value, dict):
        return [error for name, part in value.items() for error in text_errors(part, (*within, name))]
    if isinstance(value, list):
        return [error for place, part in enumerate(value) for error in text_errors(part, (*within, place))]
    return []
