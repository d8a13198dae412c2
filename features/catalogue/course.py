"""The course of the dispute itself: how it climbs, what came after what, and who has looked after it."""

from __future__ import annotations

from typing import Final

from ..declarations import Aggregate, Entity, Feature, Measure, Transform
from .builders import MISSING, count, of, since
from .kinds import CONTACT, LOST, ORDERS, STEPS, TROUBLE

_SELF: Final = Entity.DISPUTE
_CONTACTED: Final = Measure("case_events", _SELF, Aggregate.DURATION, where=CONTACT)
_LAST_TROUBLE: Final = Measure("case_events", _SELF, Aggregate.SINCE, where=TROUBLE)
_MONTHS: Final = tuple(f"{month}月" for month in (*"一二三四五六七八九十", "十一", "十二"))

_WHEN: Final = (
    of(
        _SELF,
        "opened_month",
        "case",
        Aggregate.LAST,
        None,
        "seasonality: wages and debts fall due before the Spring Festival; no source that fits this district",
        where=frozenset({"opened"}),
        transform=Transform.MONTH,
        unit="month, January 0, Asia/Shanghai",
        missing=MISSING[_SELF],
        categorical=True,
        labels=_MONTHS,
    ),
    of(
        _SELF,
        "opened_on_holiday",
        "case",
        Aggregate.LAST,
        "纠纷发生在法定节假日",
        "families are together and drink on public holidays; no source checked, so no direction is imposed",
        where=frozenset({"opened"}),
        transform=Transform.HOLIDAY,
        unit="1 on a public holiday of China, days off in lieu included",
        missing=MISSING[_SELF],
    ),
)
_WHO: Final = (
    count(
        _SELF,
        "applicant_count",
        "case_parties",
        None,
        "one against many, or many against one: grievances in common last",
        where=frozenset({"applicant"}),
        unit="人",
    ),
    count(
        _SELF,
        "respondent_count",
        "case_parties",
        None,
        "several people complained of at once may stand by each other",
        where=frozenset({"respondent"}),
        unit="人",
    ),
    count(
        _SELF,
        "doors",
        "case",
        None,
        "contact with several services marks the few who need most (Johnson County: Bauman 2018); only the "
        "police are told from other doors",
        where=frozenset({"door"}),
        unit="doors of two: the police, any other",
    ),
)


def _wait(name: str, phrase: str | None, why: str, unit: str, limit: float | None = None) -> Feature:
    return of(
        _SELF,
        name,
        "case",
        Aggregate.DURATION,
        phrase,
        why,
        where=frozenset({"recorded"}),
        less=_CONTACTED,
        less_absent=0.0,
        limit=limit,
        unit=unit,
        missing=MISSING[_SELF],
    )


_CARE: Final = (
    _wait(
        "contact_wait_days",
        None,
        "how long the parties waited for a first contact, or have been waiting: help that is late is no help",
        "days from recording to first contact, or until now",
    ),
    _wait(
        "contact_missed_24h",
        "登记后24小时内未接触当事人",
        "the deadline of a day passed without contact: nobody knows how things stand",
        "1 if over 24 hours passed before a first contact",
        limit=1.0,
    ),
    _wait(
        "contact_missed_30min",
        None,
        "the deadline of half an hour passed without contact",
        "1 if over 30 minutes passed before a first contact",
        limit=0.5 / 24,
    ),
    count(
        _SELF,
        "handovers",
        "case_events",
        "本纠纷已移交{n}次",
        "what is passed on is followed by nobody for a while",
        where=frozenset({"handover"}),
    ),
    of(
        _SELF,
        "registry_for_dispute_days",
        "case_registry",
        Aggregate.DURATION,
        None,
        "how long a party has stood in the registry for this dispute",
        unit="天",
        missing="no entry was in force",
        show="centre",
    ),
)
_CLIMB: Final = (
    of(
        _SELF,
        "worst_step",
        "case_events",
        Aggregate.MAX,
        None,
        "how far it has climbed (DASH and B-SAFER ask whether it is getting worse)",
        where=STEPS,
        unit="step, 1 reported again, 2 settlement lost, 3 police called, 4 order",
    ),
    of(
        _SELF,
        "step_rise",
        "case_events",
        Aggregate.LAST,
        "本纠纷的事态较初期升级",
        "escalation of kind: the latest step against the first (DASH: is it getting worse?; VPR: escalation)",
        where=STEPS,
        less=Measure("case_events", _SELF, Aggregate.FIRST, where=STEPS),
        unit="steps",
    ),
    of(
        _SELF,
        "heat",
        "case_events",
        Aggregate.DECAYED,
        None,
        "frequency, gravity and recency of trouble in one number (VPR rates escalation of late)",
        where=STEPS,
        half_life=14.0,
        unit="steps, halved each fortnight",
        missing=MISSING[_SELF],
    ),
    of(
        _SELF,
        "harm_in_dispute_rise",
        "case_outcomes",
        Aggregate.LAST,
        "本纠纷的伤害后果较初次加重",
        "violence that has grown in severity (DA: increased in severity or frequency)",
        less=Measure("case_outcomes", _SELF, Aggregate.FIRST),
        unit="grades of severity",
    ),
    of(
        _SELF,
        "harm_in_dispute_recent",
        "case_outcomes",
        Aggregate.DECAYED,
        None,
        "how bad and how long ago (VPR severity and recency items)",
        half_life=90.0,
        unit="severity, halved each quarter",
        missing=MISSING[_SELF],
        monotone=1,
    ),
)
_ORDER: Final = (
    since(
        _SELF,
        "days_since_police_call",
        "case_events",
        "距本纠纷上次报警{n}天",
        "recency of the last call (Turner 2022)",
        where=frozenset({"police_call"}),
    ),
    since(
        _SELF,
        "days_since_lost",
        "case_events",
        "距本纠纷上次调解失败或违约{n}天",
        "the days after a settlement is lost are when a way out is missing",
        where=LOST,
    ),
    since(
        _SELF,
        "days_since_court_filing",
        "case_events",
        None,
        "papers served are news of separation or of a claim (DA: leaving as the moment of danger)",
        where=frozenset({"court_filing"}),
    ),
    of(
        _SELF,
        "trouble_after_agreement_days",
        "case_events",
        Aggregate.SINCE,
        "达成协议{n}天后又有报警、重复报告或违约",
        "a settlement that did not hold",
        where=frozenset({"agreement"}),
        less=_LAST_TROUBLE,
        unit="days from the last agreement to the last trouble, below 0 if that came before",
        missing="there was no agreement, or no trouble, by then",
    ),
    of(
        _SELF,
        "trouble_after_order_days",
        "case_events",
        Aggregate.SINCE,
        "告诫书或保护令发出{n}天后又有报警、重复报告或违约",
        "going on despite an order: breach of conditions (ODARA, B-SAFER)",
        where=ORDERS,
        less=_LAST_TROUBLE,
        unit="days from the last order to the last trouble, below 0 if that came before",
        missing="there was no order, or no trouble, by then",
        show="centre",
    ),
)

COURSE: Final[tuple[Feature, ...]] = (*_WHEN, *_WHO, *_CARE, *_CLIMB, *_ORDER)
"""Features of how the dispute being scored has gone."""
