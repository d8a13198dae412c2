"""A version as a person names it."""

from __future__ import annotations

from docket.faults import BadInput
from models.registry import NAME


def uri_of(named: str) -> str:
    """The URI of `3`, `champion`, `challenger` or `models:/anlan/3`.

    Raises
    ------
    BadInput
        If it is none of these.
    """
    if named.startswith("models:/"):
        return named
    if named.isdigit():
        return f"models:/{NAME}/{named}"
    if named.isidentifier():
        return f"models:/{NAME}@{named}"
    raise BadInput(f"{named}: a version was expected: 3, champion, or models:/{NAME}/3")
