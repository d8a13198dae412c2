"""Streams about what two persons have been through with each other."""

from __future__ import annotations

from typing import Final

from ..declarations import Entity, Stream
from .ladders import EVENT_STEPS, KIND_STEPS
from .parts import AGAINST, TWO_PARTIES, code, earliest, latest, select

# Both orders of a pair are emitted and one is asked for: an order decided in SQL would follow a database's
# collation. CHR(31), the unit separator, occurs in no id.
_PAIR_KEY: Final = "a.person_id || CHR(31) || b.person_id"
_PAIR: Final = frozenset({Entity.PAIR})

PAIR_DISPUTES = Stream(
    "pair_disputes",
    select(
        _PAIR_KEY,
        "a.dispute_id",
        "a.dispute_id",
        known=latest("a", "b", "d"),
        at="d.opened_at",
        until=earliest("a", "b", "d", excluded="d"),
        # The role of the one named first: `respondent` where it was the other who complained.
        kind="a.role || '/' || d.kind",
        value=code("d.kind", KIND_STEPS, 0),
        rows=TWO_PARTIES,
        where=AGAINST,
    ),
    _PAIR,
    ("a.person_id", "b.person_id"),
    "d.opened_at",
    others=True,
)
PAIR_EVENTS = Stream(
    "pair_events",
    select(
        _PAIR_KEY,
        "a.dispute_id",
        "e.event_id",
        known=latest("a", "b", "d", "e"),
        at='e."at"',
        until=earliest("a", "b", "d", "e", excluded="d"),
        kind="e.kind",
        value=code("e.kind", EVENT_STEPS, 0),
        rows=f"{TWO_PARTIES} JOIN known_events AS e ON e.dispute_id = a.dispute_id",
        where=AGAINST,
    ),
    _PAIR,
    ("a.person_id", "b.person_id"),
    'e."at"',
    others=True,
)
PAIR_OUTCOMES = Stream(
    "pair_outcomes",
    select(
        _PAIR_KEY,
        "a.dispute_id",
        "o.outcome_id",
        known=latest("a", "b", "d", "o"),
        at='o."at"',
        until=earliest("a", "b", "d", "o", excluded="d"),
        kind="o.kind",
        value="o.severity",
        rows=f"{TWO_PARTIES} JOIN known_outcomes AS o ON o.dispute_id = a.dispute_id",
        where=AGAINST,
    ),
    _PAIR,
    ("a.person_id", "b.person_id"),
    'o."at"',
    others=True,
)
