"""Streams about the dispute being scored. None asks whether it involves an authority."""

from __future__ import annotations

from typing import Final

from docket.asof import NEVER
from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS

from ..declarations import Entity, Stream
from .ladders import EVENT_STEPS, KIND_STEPS
from .parts import LEAVING, code, earliest, latest, select

_OWN: Final = frozenset({Entity.DISPUTE})
_KINDS: Final = {name: position for position, name in enumerate(DISPUTE_KINDS)}
_RELATIONS: Final = {name: position for position, name in enumerate(RELATIONS) if name != "authority"}


def _case_row(kind: str, value: str, where: str = "", until: str = "") -> str:
    return select(
        "d.dispute_id",
        "d.dispute_id",
        "d.dispute_id",
        known=latest("d"),
        at="d.recorded_at" if kind == "recorded" else "d.opened_at",
        until=until or earliest("d"),
        kind=f"'{kind}'",
        value=value,
        rows="known_disputes AS d",
        where=where,
    )


def _door(table: str, at: str, police: str, where: str = "") -> str:
    """The police, or any other door: which other one is told by no row, so no feature can count them."""
    return select(
        "d.dispute_id",
        "d.dispute_id",
        f"CASE WHEN {police} THEN 'police' ELSE 'other' END",
        known=latest("d"),
        at=at,
        until=earliest("d"),
        kind="'door'",
        value="1",
        rows=f"{table} AS d",
        where=where,
    )


CASE = Stream(
    "case",
    " UNION ALL ".join(
        (
            _case_row("kind", code("d.kind", _KINDS, _KINDS["other"])),
            # Which door it came in by is no feature, but for whether it was the police.
            _case_row("gravity", code("d.kind", KIND_STEPS, 0)),
            _case_row("police", "CASE WHEN d.source = 'police_110' THEN 1 ELSE 0 END"),
            _case_row("amount", "d.amount_cny", where="d.amount_cny IS NOT NULL"),
            _case_row("opened", "d.opened_at"),
            # What a first report said of itself stays true after a correction.
            _case_row("delay", "d.recorded_at - d.opened_at", until=str(NEVER)),
            _case_row("recorded", "d.recorded_at", until=str(NEVER)),
            _door("known_disputes", "d.opened_at", "d.source = 'police_110'"),
            _door(
                "known_events",
                'd."at"',
                # A second record that was merged is a repeat report by the door it came through.
                "d.kind = 'police_call' OR d.source = 'police_110'",
                "d.kind IN ('police_call', 'repeat_report')",
            ),
        )
    ),
    _OWN,
    ("d.dispute_id",),
    "",
    others=False,
)
CASE_PARTIES = Stream(
    "case_parties",
    select(
        "p.dispute_id",
        "p.dispute_id",
        "p.person_id",
        known=latest("p"),
        at="p.recorded_at",
        until=earliest("p"),
        kind="p.role",
        # An authority has no code of its own: no feature can tell it from an unknown relation.
        value=code("p.relation", _RELATIONS, _RELATIONS["unknown"]),
        rows="known_parties AS p",
    ),
    _OWN,
    ("p.dispute_id",),
    "p.recorded_at",
    others=False,
)
CASE_EVENTS = Stream(
    "case_events",
    select(
        "e.dispute_id",
        "e.dispute_id",
        "e.event_id",
        known=latest("e"),
        at='e."at"',
        until=earliest("e"),
        kind="e.kind",
        # Among the closings and reopenings, whether it is closed; among the others, the step of the ladder.
        value=code("e.kind", {"closed": 1, **EVENT_STEPS}, 0),
        rows="known_events AS e",
    ),
    _OWN,
    ("e.dispute_id",),
    'e."at"',
    others=False,
)
CASE_OUTCOMES = Stream(
    "case_outcomes",
    select(
        "o.dispute_id",
        "o.dispute_id",
        "o.outcome_id",
        known=latest("o"),
        at='o."at"',
        until=earliest("o"),
        kind="o.kind",
        value="o.severity",
        rows="known_outcomes AS o",
    ),
    _OWN,
    ("o.dispute_id",),
    'o."at"',
    others=False,
)
CASE_REGISTRY = Stream(
    "case_registry",
    select(
        "r.dispute_id",
        "r.dispute_id",
        "r.entry_id",
        known=latest("r"),
        at="r.entered_at",
        until=earliest("r", also=LEAVING),
        kind="r.category",
        value="1",
        rows="known_registry AS r",
    ),
    _OWN,
    ("r.dispute_id",),
    "r.entered_at",
    others=False,
)
