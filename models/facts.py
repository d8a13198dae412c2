"""Facts of the record: which columns tell of the same rows, and what they would be without those rows.

One earlier harm shows in a dozen columns (its count, its severity, how long ago, of the respondent, of the
pair). To people it is one fact. So columns are grouped by the rows that they are read from: a fact's weight
is what its columns add together, and its proof is the score that the case would have had without it.

What a fact's absence would be is written here for columns only. Rows know more than columns do (which of two
calls was the later one), so a few columns stay as they are; how far that is from taking the rows themselves
away is measured by `bench/reasons.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan, nan
from typing import Final

from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS
from features.catalogue import BY_NAME
from features.declarations import Aggregate, Feature
from features.streams.ladders import KIND_STEPS

Values = Mapping[str, float]
Change = dict[str, float]


@dataclass(frozen=True)
class Fact:
    """What people would call one fact.

    Attributes
    ----------
    name
        `own/police`, `pair/harm`.
    columns
        Whose contributions are the fact's.
    gone
        From the case's values to those columns that would be otherwise without it, with their values.
    """

    name: str
    columns: tuple[str, ...]
    gone: Callable[[Values], Change]


def nothing(feature: Feature) -> float:
    """The value of a column where nothing of what it counts is there."""
    if feature.aggregate in {Aggregate.COUNT, Aggregate.SUM, Aggregate.DECAYED}:
        return 0.0
    return 1.0 if feature.aggregate is Aggregate.TREND else nan


def number(values: Values, name: str) -> float:
    """A count, zero where it is missing or no column of this catalogue."""
    value = values.get(name, nan)
    return 0.0 if isnan(value) else value


def cleared(*names: str) -> Callable[[Values], Change]:
    """The change that sets columns to nothing."""
    # what is missing (no respondent is known) stays missing
    return lambda values: {name: nothing(BY_NAME[name]) for name in names if not isnan(values.get(name, nan))}


def _set(**to: float) -> Callable[[Values], Change]:
    return lambda values: dict(to)


# The dispute itself

_OWN_STEPS: Final = {
    "own/repeat": ("repeat_reports",),
    "own/lost": ("mediations_failed", "agreements_breached"),
    "own/police": ("police_calls",),
    "own/orders": ("orders",),
}
"""In the order of the steps (`features.streams.ladders.EVENT_STEPS`), 1 to 4."""
_TROUBLE: Final = ("repeat_reports", "police_calls", "agreements_breached")


def without_events(values: Values, counts: tuple[str, ...]) -> Change:
    """The columns of the dispute's own course without the events that `counts` count."""
    gone = sum(number(values, name) for name in counts)
    recent = sum(number(values, f"{name}_30d") for name in counts if f"{name}_30d" in BY_NAME)
    left = [
        place
        for place, names in enumerate(_OWN_STEPS.values(), 1)
        if any(number(values, name) for name in names if name not in counts)
    ]
    change = {
        **dict.fromkeys(counts, 0.0),
        **{f"{name}_30d": 0.0 for name in counts if f"{name}_30d" in BY_NAME},
        "event_count": max(number(values, "event_count") - gone, 0.0),
        "event_count_30d": max(number(values, "event_count_30d") - recent, 0.0),
        "worst_step": float(max(left)) if left else nan,
    }
    if not left:
        change |= {"step_rise": nan, "heat": 0.0}
    if not any(number(values, name) for name in _TROUBLE if name not in counts):
        change |= {"trouble_after_agreement_days": nan, "trouble_after_order_days": nan}
    return change


def _events(counts: tuple[str, ...], *also: str) -> Callable[[Values], Change]:
    return lambda values: {**without_events(values, counts), **cleared(*also)(values)}


def _kind_gone(values: Values) -> Change:
    code = number(values, "dispute_kind")
    step = KIND_STEPS.get(DISPUTE_KINDS[int(code)], 0) if 0 <= code < len(DISPUTE_KINDS) else 0
    rises = ("respondent_kind_rise", "pair_kind_rise")
    other = float(DISPUTE_KINDS.index("other"))
    return {"dispute_kind": other, **{name: values.get(name, nan) - step for name in rises}}


def _affected_gone(values: Values) -> Change:
    left = number(values, "person_count") - number(values, "affected_count")
    return {"affected_count": 0.0, "person_count": max(left, 0.0)}


def _reopened_gone(values: Values) -> Change:
    closed = values.get("is_closed", nan)
    return {**without_events(values, ("reopened",)), "is_closed": closed if isnan(closed) else 1.0}


def contacted_now(values: Values) -> Change:
    """As if somebody had been in touch with a party just now."""
    return {
        "days_since_contact": 0.0,
        "days_since_event": 0.0,
        **{name: number(values, name) + 1 for name in ("contacts_30d", "event_count", "event_count_30d")},
    }


def visited_now(values: Values) -> Change:
    """As if a visit had just met a party."""
    return {"person_days_since_visit": 0.0, "person_visits_90d": number(values, "person_visits_90d") + 1}


_AFTER_ORDER: Final = "trouble_after_order_days"
_HARM: Final = (
    "harm_in_dispute",
    "harm_in_dispute_worst",
    "days_since_harm_in_dispute",
    "harm_in_dispute_rise",
    "harm_in_dispute_recent",
)
_ENTRY: Final = ("registry_for_dispute", "registry_for_dispute_days")
_PEOPLES_ENTRIES: Final = (
    "person_registry_in_force",
    "person_registry_violence",
    "respondent_registry_in_force",
    "applicant_registry_in_force",
    "person_registry_days",
)
_WORSE: Final = (
    "person_worse_visits_180d",
    "person_days_since_worse_visit",
    "person_finding_rise",
    "person_last_finding",
    "respondent_last_finding",
    "applicant_last_finding",
)

OWN: Final[tuple[Fact, ...]] = (
    Fact("own/kind", ("dispute_kind", "respondent_kind_rise", "pair_kind_rise"), _kind_gone),
    Fact("own/relation", ("closest_relation",), _set(closest_relation=float(RELATIONS.index("unknown")))),
    Fact("own/door", ("from_police",), _set(from_police=0.0)),
    Fact("own/amount", ("log_amount",), cleared("log_amount")),
    Fact("own/delay", ("report_delay_days",), _set(report_delay_days=0.0)),
    Fact("own/holiday", ("opened_on_holiday",), _set(opened_on_holiday=0.0)),
    Fact("own/affected", ("affected_count",), _affected_gone),
    Fact("own/repeat", ("repeat_reports", "repeat_reports_30d"), _events(("repeat_reports",))),
    Fact(
        "own/police",
        ("police_calls", "police_calls_30d", "days_since_police_call"),
        _events(("police_calls",), "days_since_police_call"),
    ),
    Fact(
        "own/lost",
        ("mediations_failed", "agreements_breached", "days_since_lost"),
        _events(("mediations_failed", "agreements_breached"), "days_since_lost"),
    ),
    Fact("own/orders", ("orders", _AFTER_ORDER), _events(("orders",), _AFTER_ORDER)),
    Fact(
        "own/course",
        ("step_rise", "trouble_after_agreement_days", "worst_step", "heat"),
        _events(tuple(name for names in _OWN_STEPS.values() for name in names), "days_since_police_call",
                "days_since_lost"),
    ),
    Fact("own/reopened", ("reopened",), _reopened_gone),
    Fact("own/handover", ("handovers",), _events(("handovers",))),
    Fact("own/contact", ("days_since_contact",), contacted_now),
    Fact(
        "own/late",
        ("contact_missed_24h", "contact_missed_30min", "contact_wait_days"),
        _set(contact_missed_24h=0.0, contact_missed_30min=0.0, contact_wait_days=0.0),
    ),
    Fact("own/entry", _ENTRY, cleared(*_ENTRY)),
    Fact("own/harm", _HARM, cleared(*_HARM)),
    Fact("people/entry", _PEOPLES_ENTRIES, cleared(*_PEOPLES_ENTRIES)),
    Fact("people/worse", _WORSE, cleared(*_WORSE)),
    Fact("people/missed", ("person_no_contact_180d",), cleared("person_no_contact_180d")),
    Fact("people/visit", ("person_days_since_visit",), visited_now),
    Fact("area/disputes", ("grid_disputes_90d",), cleared("grid_disputes_90d")),
)  # fmt: skip
"""Facts of the dispute, of its people as they are now, and of the place."""
