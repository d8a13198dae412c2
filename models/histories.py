"""Facts of the past: what either side, or the two with each other, have behind them, each told once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import nan
from typing import Final

from features.catalogue import BY_NAME, CATALOGUE
from features.declarations import Entity
from models.facts import OWN, Change, Fact, Values, cleared, number

SIDES: Final = (Entity.PAIR, Entity.RESPONDENT, Entity.APPLICANT)
"""Whose earlier disputes are told apart; the pair first, for what both have in common is told of it."""
_OTHERS: Final = frozenset(
    {
        "person_disputes",
        "person_events",
        "person_outcomes",
        "person_opponents",
        "person_registry",
        "pair_disputes",
        "pair_events",
        "pair_outcomes",
    }
)

_TOPICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "disputes": (
        "disputes_ever",
        (
            "disputes_30d",
            "disputes_90d",
            "disputes_365d",
            "days_since_dispute",
            "accused_ever",
            "opponents_365d",
            "first_dispute_days",
            "trend",
            "reversed_ever",
            "same_direction_ever",
        ),
    ),
    "violence": (
        "violent_disputes_ever",
        ("violent_disputes_365d", "accused_of_violence_ever", "violent_opponents_ever"),
    ),
    "police": (
        "police_calls_365d",
        ("police_calls_90d", "police_calls_730d", "days_since_police_call"),
    ),
    "repeat": ("repeat_reports_365d", ()),
    "lost": ("failed_or_breached_ever", ("breached_365d", "breached_ever")),
    "orders": ("orders_ever", ("orders_against_ever", "trouble_after_order_days")),
    "harm": (
        "harm_ever",
        (
            "harm_recent",
            "harm_worst",
            "harm_rise",
            "harm_as_respondent_ever",
            "harmed_ever",
            "self_harm_ever",
            "days_since_harm",
        ),
    ),
}
"""Topic to the column that counts its rows, and the others that are read from the same rows."""
_RECENT: Final = {
    "disputes": "days_since_dispute",
    "police": "days_since_police_call",
    "harm": "days_since_harm",
}
"""Topic to the column that says when the last of its rows was."""
_STEPS: Final = ("repeat", "lost", "police", "orders")
_WINDOWS: Final = ("365d",)


@cache
def _columns(side: Entity, topic: str) -> tuple[str, ...]:
    counted, others = _TOPICS[topic]
    return tuple(name for name in (f"{side}_{short}" for short in (counted, *others)) if name in BY_NAME)


@cache
def _history(side: Entity) -> tuple[str, ...]:
    """Every column that is read from the side's other disputes."""
    return tuple(f.name for f in CATALOGUE if f.entity is side and f.stream in _OTHERS)


def _gone_of(side: Entity, topic: str, values: Values) -> Change:
    if topic == "disputes":
        rise = f"{side}_kind_rise"
        return {**cleared(*_history(side))(values), **({rise: nan} if rise in BY_NAME else {})}
    change = cleared(*_columns(side, topic))(values)
    if topic == "violence":
        for window in ("ever", *_WINDOWS):
            whole, part = f"{side}_disputes_{window}", f"{side}_violent_disputes_{window}"
            change[whole] = max(number(values, whole) - number(values, part), 0.0)
        # the gravest kind before is then a quarrel between people at most
        change |= {rise: values[rise] + 1 for rise in (f"{side}_kind_rise",) if rise in values}
    if topic in _STEPS and f"{side}_worst_step" in BY_NAME:
        left = [
            place
            for place, step in enumerate(_STEPS, 1)
            if step != topic and any(number(values, name) for name in _columns(side, step)[:1])
        ]
        change[f"{side}_worst_step"] = float(max(left)) if left else nan
    return change


@cache
def _of_sides(sides: tuple[Entity, ...], topic: str) -> Fact:
    """The fact of a topic, where the rows of these sides are the same."""
    # what a person has behind them with the other goes when all that the person has goes
    reach = sides if Entity.PAIR in sides else (Entity.PAIR, *sides)
    columns = tuple(name for side in sides for name in _columns(side, topic))

    def gone(values: Values) -> Change:
        change: Change = {}
        for side in reach:
            change |= _gone_of(side, topic, values)
        return change

    return Fact(f"{sides[0]}/{topic}", columns, gone)


def facts_of(values: Values) -> list[Fact]:
    """The facts that a case's columns may tell of, each of rows of its own as far as the counts show it.

    A side whose rows of a topic are all rows of the pair has no such fact of its own, and neither has one
    whose other disputes were all violent: then the two are one fact. So are both sides' rows where they are
    as many and the last is of the same moment.
    """
    found = list(OWN)
    for topic, (counted, _) in _TOPICS.items():
        both = number(values, f"{Entity.PAIR}_{counted}")
        shared = tuple(side for side in SIDES[1:] if both and number(values, f"{side}_{counted}") == both)
        found.append(_of_sides((Entity.PAIR, *shared), topic))
        own = tuple(side for side in SIDES[1:] if side not in shared)
        if len(own) == 2 and _alike(values, topic):
            found.append(_of_sides(own, topic))
        else:
            found += [_of_sides((side,), topic) for side in own]
    return _nested(found, values)


def _alike(values: Values, topic: str) -> bool:
    """Whether both sides seem to have the same rows, though not all of them with each other."""
    if topic not in _RECENT:
        return False
    counts, last = (
        [number(values, f"{side}_{column}") for side in SIDES[1:]]
        for column in (_TOPICS[topic][0], _RECENT[topic])
    )
    return counts[0] == counts[1] > 0 and last[0] == last[1] > 0


def _nested(found: list[Fact], values: Values) -> list[Fact]:
    """Other disputes that were all violent are one fact with the violence."""
    answer = {fact.name: fact for fact in found}
    for side in SIDES:
        whole, part = answer.get(f"{side}/disputes"), answer.get(f"{side}/violence")
        violent = number(values, f"{side}_violent_disputes_ever")
        if whole and part and violent and violent == number(values, f"{side}_disputes_ever"):
            answer[whole.name] = Fact(whole.name, (*whole.columns, *part.columns), whole.gone)
            del answer[part.name]
    return list(answer.values())
