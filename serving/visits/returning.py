"""What a phone brings back: findings written down while it was away, held against what came in meanwhile."""

from __future__ import annotations

from typing import Any, Final, Literal

from docket.keys import Key
from docket.times import now_micros, rfc3339
from serving.errors import Conflict
from serving.repeats.service import Ask
from serving.state import State
from serving.visits import reporting, repository
from serving.visits.schemas import VisitsIn

Outcome = Literal["kept", "before", "changed", "visited"]
STANDS: Final[frozenset[Outcome]] = frozenset({"kept", "before"})
"""Outcomes after which the service holds the finding."""


def bring(
    state: State, key: Key, ask: Ask, asked: VisitsIn, *, listed_at: int | None
) -> tuple[Outcome, dict[str, Any] | None]:
    """Keep one finding unless a person has to choose first.

    Parameters
    ----------
    asked
        One visit.
    listed_at
        When the list was made that the worker had in hand (µs); None: whatever came in meanwhile, both visits
        were paid, and both are kept.

    Returns
    -------
    Outcome
        `kept`; `before`: it stands already, a repeat; `changed`: its id stands with other values; `visited`:
        somebody visited the person since the list was made. Of the last two nothing is stored.
    dict
        The visit that stands against it: `at`, `contact`, `finding`, `mine`; nothing of what was written.
    """
    (sent,) = asked.visits
    visit = sent.model_dump()
    with state.store.snapshot() as conn:
        own = repository.visit(conn, visit["visit_id"], now_micros())
        if own is None and listed_at is not None:
            other = repository.visit_since(conn, visit["person_id"], listed_at, now_micros())
            if other is not None:
                return "visited", _told(other, key)
    try:
        answer = reporting.report(state, key, ask, asked)
    except Conflict:
        if own is None:  # the other came in between: the same as if it had been there
            with state.store.snapshot() as conn:
                own = repository.visit(conn, visit["visit_id"], now_micros())
        if own is None:
            raise
        return "changed", _told(own, key)
    return ("kept" if answer.new else "before"), None


def paid_at(state: State, visit_id: str) -> str | None:
    """When a visit that stands already was paid; None: there is none of that id."""
    with state.store.snapshot() as conn:
        own = repository.visit(conn, visit_id, now_micros())
    return None if own is None else rfc3339(own["at"])


def _told(visit: dict[str, Any], key: Key) -> dict[str, Any]:
    return {
        "at": rfc3339(visit["at"]),
        "contact": bool(visit["contact"]),
        "finding": visit["finding"],
        "mine": visit["worker_id"] == key.worker_id,
    }
