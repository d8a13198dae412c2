"""On whose behalf the program works at the moment: what rows of the log name as the actor."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes
    ----------
    name
        A key's id, `token:` and a token's subject, `command:` and the operating system's user, or `service`.
    scope
        Of the key or token; None for who has none.
    """

    name: str
    scope: str | None = None


SERVICE = Actor("service")
"""What the service does of itself, nobody having asked."""

_ACTOR: ContextVar[Actor] = ContextVar("anlan_actor", default=SERVICE)


def actor() -> Actor:
    """Who acts now."""
    return _ACTOR.get()


@contextmanager
def acting(who: Actor) -> Iterator[None]:
    """Let what happens inside, threads that are started for it included, be done by `who`."""
    token = _ACTOR.set(who)
    try:
        yield
    finally:
        _ACTOR.reset(token)


def operator() -> Actor:
    """Whoever runs a command."""
    return Actor(f"command:{getpass.getuser()}")
