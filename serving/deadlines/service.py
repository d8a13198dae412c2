"""Which deadlines of a case are met, and whether the case is closed: for the queue and for webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from docket.times import parse_instant
from features.catalogue.kinds import CONTACT
from serving.deadlines import repository

_SETTLED: Final = frozenset({"mediation_failed", "agreement", "closed"})
MET_BY: Final[Mapping[str, frozenset[str]]] = {
    "respond": CONTACT | _SETTLED,
    "classify": frozenset({"mediation_session", "counselling", "legal_aid", "handover"}) | _SETTLED,
}
"""The events that meet a deadline. A visit that met a party is a response, the next
assessment a review."""


def met(conn: sa.Connection, dispute_id: str, first_recorded: int | None, now: int) -> set[str]:
    """The kinds of deadlines that are met by now.

    Parameters
    ----------
    first_recorded
        µs: since when a visit counts; None: none does, for the case isn't known.
    """
    kinds = repository.happened(conn, dispute_id, now)
    found = {deadline for deadline, events in MET_BY.items() if events & kinds.keys()}
    if first_recorded is not None and repository.was_visited(conn, dispute_id, first_recorded, now):
        found.add("respond")
    return found


def is_closed(conn: sa.Connection, dispute_id: str, now: int) -> bool:
    """Whether a case was closed and not opened again."""
    kinds = repository.happened(conn, dispute_id, now)
    return "closed" in kinds and kinds["closed"] >= kinds.get("reopened", 0)


def unmet(deadlines: list[dict[str, Any]], done: set[str]) -> list[tuple[int, str]]:
    """The deadlines of an assessment that aren't met: when (µs) and which, the first first."""
    return sorted((parse_instant(one["due_at"]), one["kind"]) for one in deadlines if one["kind"] not in done)
