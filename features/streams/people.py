"""Streams about what a person was party to, and about the person."""

from __future__ import annotations

from typing import Final

from ..declarations import Entity, Stream
from .ladders import EVENT_STEPS, KIND_STEPS
from .parts import AGAINST, LEAVING, TWO_PARTIES, code, earliest, latest, select

_PEOPLE: Final = frozenset(
    {Entity.APPLICANT, Entity.RESPONDENT, Entity.PERSON, Entity.RELATIVE, Entity.CONTACT}
)
FINDING_SCORES: Final = {"calm": 0.0, "tense": 1.0, "worse": 2.0}
"""What a visit found, as a number; a visit without contact found nothing."""

_PERSON: Final = "known_parties AS p JOIN known_disputes AS d ON d.dispute_id = p.dispute_id"

PERSON_DISPUTES = Stream(
    "person_disputes",
    select(
        "p.person_id",
        "p.dispute_id",
        "p.dispute_id",
        known=latest("p", "d"),
        at="d.opened_at",
        until=earliest("p", "d", excluded="d"),
        kind="p.role || '/' || d.kind",
        value=code("d.kind", KIND_STEPS, 0),
        rows=_PERSON,
    ),
    _PEOPLE,
    ("p.person_id",),
    "d.opened_at",
    others=True,
    kind="p.role || '/' || d.kind",
    dispute="p.dispute_id",
)
PERSON_EVENTS = Stream(
    "person_events",
    select(
        "p.person_id",
        "p.dispute_id",
        "e.event_id",
        known=latest("p", "d", "e"),
        at='e."at"',
        until=earliest("p", "d", "e", excluded="d"),
        kind="p.role || '/' || e.kind",
        value=code("e.kind", EVENT_STEPS, 0),
        rows=f"{_PERSON} JOIN known_events AS e ON e.dispute_id = p.dispute_id",
    ),
    _PEOPLE,
    ("p.person_id",),
    'e."at"',
    others=True,
    kind="p.role || '/' || e.kind",
    dispute="p.dispute_id",
)
PERSON_OUTCOMES = Stream(
    "person_outcomes",
    select(
        "p.person_id",
        "p.dispute_id",
        "o.outcome_id",
        known=latest("p", "d", "o"),
        at='o."at"',
        until=earliest("p", "d", "o", excluded="d"),
        kind="p.role || '/' || o.kind",
        value="o.severity",
        rows=f"{_PERSON} JOIN known_outcomes AS o ON o.dispute_id = p.dispute_id",
    ),
    _PEOPLE,
    ("p.person_id",),
    'o."at"',
    others=True,
    kind="p.role || '/' || o.kind",
    dispute="p.dispute_id",
)
PERSON_OPPONENTS = Stream(
    "person_opponents",
    select(
        "a.person_id",
        "a.dispute_id",
        "b.person_id",
        known=latest("a", "b", "d"),
        at="d.opened_at",
        until=earliest("a", "b", "d", excluded="d"),
        kind="d.kind",
        value="1",
        rows=TWO_PARTIES,
        where=AGAINST,
    ),
    _PEOPLE,
    ("a.person_id",),
    "d.opened_at",
    others=True,
    kind="d.kind",
    dispute="a.dispute_id",
)
PERSON_REGISTRY = Stream(
    "person_registry",
    select(
        "r.person_id",
        "r.dispute_id",
        "r.entry_id",
        known=latest("r", "d"),
        at="r.entered_at",
        until=earliest("r", "d", excluded="d", also=LEAVING),
        kind="r.category",
        value="1",
        rows="known_registry AS r JOIN known_disputes AS d ON d.dispute_id = r.dispute_id",
    ),
    _PEOPLE,
    ("r.person_id",),
    "r.entered_at",
    others=True,
    kind="r.category",
    dispute="r.dispute_id",
)
_SCORED: Final = " ".join(f"WHEN '{name}' THEN {score:.0f}" for name, score in FINDING_SCORES.items())
PERSON_VISITS = Stream(
    "person_visits",
    select(
        "v.person_id",
        "''",
        "v.visit_id",
        known=latest("v"),
        at='v."at"',
        until=earliest("v"),
        kind="CASE WHEN v.contact THEN v.finding ELSE 'no_contact' END",
        value=f"CASE v.finding {_SCORED} ELSE 0 END",
        rows="known_visits AS v",
    ),
    _PEOPLE,
    ("v.person_id",),
    'v."at"',
    others=False,
    kind="CASE WHEN v.contact THEN v.finding ELSE 'no_contact' END",
)
