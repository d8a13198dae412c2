"""The persons: what the respondent, the applicant and anybody else in it have been party to before."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from ..declarations import Aggregate, Entity, Feature
from .kinds import AS_RESPONDENT, DESPAIR, LOST, ORDERS, VIOLENT_KINDS, in_any_role

_WHO: Final = {Entity.RESPONDENT: "被申请人", Entity.APPLICANT: "申请人", Entity.PERSON: "当事人"}


VIOLENT_DISPUTES: Final = in_any_role(VIOLENT_KINDS)


def _count(
    entity: Entity,
    name: str,
    stream: str,
    phrase: str | None,
    why: str,
    *,
    where: frozenset[str] | None = None,
    within: int | None = None,
    monotone: Literal[-1, 0, 1] = 0,
    unit: str = "次",
    show: Literal["all", "centre"] = "all",
) -> Feature:
    who = _WHO[entity]
    return Feature(
        name=f"{entity}_{name}",
        stream=stream,
        entity=entity,
        aggregate=Aggregate.COUNT,
        within=within,
        where=where,
        not_own=True,
        unit=unit,
        missing=f"no {entity} was known by then"
        if entity is not Entity.PERSON
        else "no party was known by then",
        monotone=monotone,
        phrase=None if phrase is None else who + phrase,
        show=show,
        why=why,
    )


def _since(entity: Entity, name: str, stream: str, phrase: str, why: str) -> Feature:
    return Feature(
        name=f"{entity}_{name}",
        stream=stream,
        entity=entity,
        aggregate=Aggregate.SINCE,
        not_own=True,
        unit="天",
        missing="none was known by then",
        phrase=phrase.format(who=_WHO[entity], n="{n}"),
        why=why,
    )


def _history(entity: Entity) -> tuple[Feature, ...]:
    """What both sides have in common."""
    count = partial(_count, entity)
    disputes, events, outcomes = "person_disputes", "person_events", "person_outcomes"
    return (
        *(
            count(
                f"disputes_{days}d",
                disputes,
                "近{within}天内另涉{n}起纠纷",
                "history beats questionnaires (Turner 2022; Grogger 2021)",
                within=days,
                unit="件",
            )
            for days in (30, 90, 365)
        ),
        count(
            "disputes_ever", disputes, "此前另涉{n}起纠纷", "length of the history (Turner 2022)", unit="件"
        ),
        count(
            "violent_disputes_ever",
            disputes,
            "此前涉及{n}起家暴或人身损害纠纷",
            "prior violence against anybody (ODARA, VPR, DASH)",
            where=VIOLENT_DISPUTES,
            monotone=1,
            unit="件",
        ),
        count(
            "police_calls_365d",
            events,
            "近{within}天内在其他纠纷中{n}次涉及报警",
            "police calls within a year (Grogger 2021: two-year history predicts best)",
            where=in_any_role({"police_call"}),
            within=365,
            monotone=1,
        ),
        count(
            "failed_or_breached_ever",
            events,
            "此前在其他纠纷中调解失败或违反协议{n}次",
            "attitude to settlement; breach of conditions is an ODARA and B-SAFER item",
            where=in_any_role(LOST),
            monotone=1,
        ),
        count(
            "harm_ever",
            outcomes,
            "此前的纠纷曾造成{n}次伤害后果",
            "prior harm is the strongest predictor in every instrument (ODARA, DA, VPR)",
            monotone=1,
        ),
        Feature(
            name=f"{entity}_harm_recent",
            stream=outcomes,
            entity=entity,
            aggregate=Aggregate.DECAYED,
            half_life=365.0,
            not_own=True,
            unit="severity, halved each year",
            missing=f"no {entity} was known by then",
            monotone=1,
            why="how bad and how long ago (VPR severity and recency items)",
        ),
        _since(
            entity,
            "days_since_dispute",
            disputes,
            "距{who}上一起纠纷{n}天",
            "recency of the last dispute (Turner 2022)",
        ),
    )


_RESPONDENT: Final = (
    *_history(Entity.RESPONDENT),
    _count(
        Entity.RESPONDENT,
        "violent_disputes_365d",
        "person_disputes",
        "近{within}天内涉及{n}起家暴或人身损害纠纷",
        "recent violence against anybody (ODARA, DASH)",
        where=VIOLENT_DISPUTES,
        within=365,
        monotone=1,
        unit="件",
    ),
    _count(
        Entity.RESPONDENT,
        "accused_ever",
        "person_disputes",
        "此前{n}次作为被申请人",
        "to have been complained of before, whoever complained",
        where=AS_RESPONDENT,
        unit="件",
    ),
    _count(
        Entity.RESPONDENT,
        "opponents_365d",
        "person_opponents",
        "近{within}天内与另外{n}人发生纠纷",
        "disputes with third parties: violence is not confined to one relation (VPR)",
        within=365,
        unit="人",
    ),
    _count(
        Entity.RESPONDENT,
        "orders_ever",
        "person_events",
        "所涉其他纠纷中曾发出告诫书或保护令{n}份",
        "violence found proven (反家庭暴力法); also an intervention, so no direction is imposed",
        where=in_any_role(ORDERS),
        unit="份",
        show="centre",
    ),
    _since(
        Entity.RESPONDENT,
        "days_since_harm",
        "person_outcomes",
        "距{who}所涉上次伤害后果{n}天",
        "recency of harm (VPR)",
    ),
    Feature(
        name="respondent_trend",
        stream="person_disputes",
        entity=Entity.RESPONDENT,
        aggregate=Aggregate.TREND,
        within=60,
        long=365,
        not_own=True,
        unit="ratio, 1 = steady",
        missing="no respondent was known by then",
        why="escalation in frequency (DASH)",
    ),
)

_APPLICANT: Final = (
    *_history(Entity.APPLICANT),
    _count(
        Entity.APPLICANT,
        "self_harm_ever",
        "person_outcomes",
        "所涉其他纠纷中曾发生{n}次自伤或极端行为",
        "an earlier attempt is the strongest predictor of another (C-SSRS)",
        where=in_any_role(DESPAIR),
        monotone=1,
    ),
)

_ANYBODY: Final = (
    _count(
        Entity.PERSON,
        "registry_in_force",
        "person_registry",
        "因其他纠纷有{n}项风险人员管理登记在册",
        "staff judged the person at risk in another dispute",
        unit="项",
        show="centre",
    ),
    Feature(
        name="person_registry_days",
        stream="person_registry",
        entity=Entity.PERSON,
        aggregate=Aggregate.DURATION,
        not_own=True,
        unit="天",
        missing="no entry was in force",
        show="centre",
        why="how long the oldest entry in force has stood",
    ),
    Feature(
        name="person_last_finding",
        stream="person_visits",
        entity=Entity.PERSON,
        aggregate=Aggregate.LAST,
        where=frozenset({"calm", "tense", "worse"}),
        unit="0 calm, 1 tense, 2 worse",
        missing="no visit found anything by then",
        monotone=1,
        why="a trained eye at the door; the most worrying of the parties counts",
    ),
    _count(
        Entity.PERSON,
        "worse_visits_180d",
        "person_visits",
        "近{within}天内{n}次走访发现情况恶化",
        "worse twice is worse than once",
        where=frozenset({"worse"}),
        within=180,
        monotone=1,
    ),
    _count(
        Entity.PERSON,
        "no_contact_180d",
        "person_visits",
        "近{within}天内{n}次走访未见到本人",
        "avoiding contact: nobody knows how things stand",
        where=frozenset({"no_contact"}),
        within=180,
    ),
    Feature(
        name="person_days_since_visit",
        stream="person_visits",
        entity=Entity.PERSON,
        aggregate=Aggregate.SINCE,
        where=frozenset({"calm", "tense", "worse", "unknown"}),
        unit="天",
        missing="no visit met anybody by then",
        phrase="距上次走访见到当事人{n}天",
        why="time since somebody last looked; the latest visit to any party counts",
    ),
)

PEOPLE: Final[tuple[Feature, ...]] = (*_RESPONDENT, *_APPLICANT, *_ANYBODY)
"""Features of the persons."""
