"""Which deadlines of a case are met, and whether the case is closed: for the queue and for webhooks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Course:
    """How far a case has come.

    Attributes
    ----------
    closed_at
        µs: when it was closed; None: it wasn't, or was opened again.
    met
        The kinds of deadlines that are met.
    """

    closed_at: int | None
    met: frozenset[str]


def course(conn: sa.Connection, dispute_id: str, first_recorded: int | None, now: int) -> Course:
    """How far a case has come by now.

    Parameters
    ----------
    first_recorded
        µs: since when a visit counts; None: none does, for the case isn't known.
    """
    return courses(conn, {dispute_id: first_recorded}, now)[dispute_id]


def courses(conn: sa.Connection, first_recorded: Mapping[str, int | None], now: int) -> dict[str, Course]:
    """`course` of each of some cases."""
    kinds = repository.happened_in(conn, first_recorded, now)
    met = {
        name: {deadline for deadline, events in MET_BY.items() if events & kinds[name].keys()}
        for name in first_recorded
    }
    waiting = {
        name: since
        for name, since in first_recorded.items()
        if since is not None and "respond" not in met[name]
    }
    for name, last in repository.last_visited(conn, waiting, now).items():
        if last >= waiting[name]:
            met[name].add("respond")
    return {name: Course(closed_at(kinds[name]), frozenset(met[name])) for name in first_recorded}


def closed_at(kinds: Mapping[str, int]) -> int | None:
    """When a case was closed (µs), by the latest moment of each kind of event; None if it stands open."""
    closed = kinds.get("closed")
    return None if closed is None or closed < kinds.get("reopened", 0) else closed


def unmet(deadlines: list[dict[str, Any]], done: Collection[str]) -> list[tuple[int, str]]:
    """The deadlines of an assessment that aren't met: when (µs) and which, the first first."""
    return sorted((parse_instant(one["due_at"]), one["kind"]) for one in deadlines if one["kind"] not in done)
