"""The dispute itself: what it is, and what has happened in it."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS

from ..declarations import Aggregate, Entity, Feature, Transform
from .kinds import CONTACT, ORDERS

_KIND_NAMES: Final = {
    "divorce": "离婚纠纷",
    "domestic_violence": "家庭暴力",
    "family": "家庭纠纷",
    "neighbour": "邻里纠纷",
    "housing": "房屋纠纷",
    "land": "土地纠纷",
    "debt": "债务纠纷",
    "contract": "合同纠纷",
    "labour": "劳动纠纷",
    "injury": "人身损害纠纷",
    "traffic": "交通事故纠纷",
    "medical": "医疗纠纷",
    "property_management": "物业纠纷",
    "consumer": "消费纠纷",
    "school": "校园纠纷",
    "demolition": "拆迁纠纷",
    "environment": "环境污染纠纷",
    "other": "",
}
_RELATION_NAMES: Final = {
    "spouse": "夫妻",
    "ex_spouse": "离异夫妻",
    "family": "亲属",
    "neighbour": "邻居",
    "colleague": "同事",
    "business": "生意或经济往来",
    "stranger": "陌生人",
}

_feature = partial(Feature, entity=Entity.DISPUTE)
_case = partial(_feature, stream="case", missing="the dispute was not known by then")


def _events(
    name: str,
    kinds: frozenset[str] | None,
    phrase: str | None,
    why: str,
    *,
    within: int | None = None,
    monotone: Literal[-1, 0, 1] = 0,
    show: Literal["all", "centre"] = "all",
) -> Feature:
    return _feature(
        name=name,
        stream="case_events",
        aggregate=Aggregate.COUNT,
        where=kinds,
        within=within,
        unit="次",
        missing="the dispute was not known by then",
        monotone=monotone,
        phrase=phrase,
        show=show,
        why=why,
    )


def _since(name: str, stream: str, kinds: frozenset[str] | None, phrase: str | None, why: str) -> Feature:
    return _feature(
        name=name,
        stream=stream,
        aggregate=Aggregate.SINCE,
        where=kinds,
        unit="天",
        missing="none was known by then",
        phrase=phrase,
        why=why,
    )


OWN: Final[tuple[Feature, ...]] = (
    _case(
        name="dispute_kind",
        aggregate=Aggregate.LAST,
        where=frozenset({"kind"}),
        unit="code of disputes.kind",
        categorical=True,
        labels=tuple(_KIND_NAMES[kind] for kind in DISPUTE_KINDS),
        phrase="纠纷类型为{label}",
        why="intimate and family disputes carry most serious harm (DASH, DA); debts and land most 民转刑",
    ),
    _feature(
        name="closest_relation",
        stream="case_parties",
        aggregate=Aggregate.MIN,
        unit="code of parties.relation, the closest of the dispute's",
        missing="no party was known by then",
        categorical=True,
        labels=tuple(_RELATION_NAMES.get(relation, "") for relation in RELATIONS),
        phrase="当事人之间为{label}关系",
        why="relation decides which mechanism of harm is at work (B-SAFER); an authority reads as unknown",
    ),
    _case(
        name="from_police",
        aggregate=Aggregate.LAST,
        where=frozenset({"police"}),
        unit="1 if disputes.source is police_110",
        phrase="由110非警务警情转来",
        why="a call to the police marks fear or a fight already under way; no other door is told apart",
    ),
    _case(
        name="opened_hour",
        aggregate=Aggregate.LAST,
        where=frozenset({"opened"}),
        transform=Transform.HOUR,
        unit="hour of day, Asia/Shanghai",
        why="incidents at night go with alcohol and with partners living together (Turner 2022)",
    ),
    _case(
        name="opened_weekday",
        aggregate=Aggregate.LAST,
        where=frozenset({"opened"}),
        transform=Transform.WEEKDAY,
        unit="day of week, Monday 0, Asia/Shanghai",
        why="violence among people who know each other peaks at weekends",
    ),
    _feature(
        name="log_amount",
        stream="case",
        aggregate=Aggregate.LAST,
        where=frozenset({"amount"}),
        transform=Transform.LOG1P,
        unit="log(1 + yuan)",
        missing="no amount was stated",
        phrase="涉及金额约{n}元",
        why="the stake: large unpaid sums are the usual ground of civil-to-criminal cases",
    ),
    _case(
        name="report_delay_days",
        aggregate=Aggregate.FIRST,
        where=frozenset({"delay"}),
        transform=Transform.DAYS,
        unit="天",
        phrase="纠纷发生{n}天后才登记",
        why="a dispute that simmered before anybody reported it differs from one reported at once",
    ),
    _case(
        name="dispute_age_days",
        aggregate=Aggregate.DURATION,
        where=frozenset({"recorded"}),
        unit="天",
        why="the hazard of harm falls with time since intake; long open disputes are long grudges",
    ),
    _feature(
        name="person_count",
        stream="case_parties",
        aggregate=Aggregate.COUNT,
        unit="人",
        missing="the dispute was not known by then",
        why="more people involved, more ways to escalate, and more who may calm it",
    ),
    _feature(
        name="affected_count",
        stream="case_parties",
        aggregate=Aggregate.COUNT,
        where=frozenset({"affected"}),
        unit="人",
        missing="the dispute was not known by then",
        phrase="另有{n}名受影响的人",
        why="children and others at home are at risk themselves (DASH)",
    ),
    _events("event_count", None, None, "how much has gone on"),
    _events("event_count_30d", None, None, "how much is going on now", within=30),
    _feature(
        name="event_trend",
        stream="case_events",
        aggregate=Aggregate.TREND,
        within=14,
        long=90,
        unit="ratio, 1 = steady",
        missing="the dispute was not known by then",
        why="a quickening series is the escalation that DASH asks about ('is it happening more often?')",
    ),
    _events(
        "repeat_reports",
        frozenset({"repeat_report"}),
        "因同一纠纷重复报告{n}次",
        "repeat reports are the best single sign of repeat harm (Turner 2022)",
        monotone=1,
    ),
    _events(
        "repeat_reports_30d",
        frozenset({"repeat_report"}),
        "近{within}天内因同一纠纷重复报告{n}次",
        "recent repeats weigh more than old ones",
        within=30,
        monotone=1,
    ),
    _events(
        "police_calls",
        frozenset({"police_call"}),
        "本纠纷已{n}次报警",
        "police calls in the same dispute (Turner 2022; ODARA prior incidents)",
        monotone=1,
    ),
    _events(
        "police_calls_30d",
        frozenset({"police_call"}),
        "近{within}天内因本纠纷报警{n}次",
        "recent calls weigh more than old ones",
        within=30,
        monotone=1,
    ),
    _events(
        "mediation_sessions", frozenset({"mediation_session"}), None, "how much has been tried to settle it"
    ),
    _events(
        "mediations_failed",
        frozenset({"mediation_failed"}),
        "本纠纷调解失败{n}次",
        "a failed mediation leaves the grievance and takes away a way out",
        monotone=1,
    ),
    _events("agreements", frozenset({"agreement"}), None, "a settlement takes most of the heat out"),
    _events(
        "agreements_breached",
        frozenset({"agreement_breached"}),
        "本纠纷的协议被违反{n}次",
        "a breach renews the grievance ; breach of conditions is an ODARA and B-SAFER item",
        monotone=1,
    ),
    _events(
        "orders",
        ORDERS,
        "本纠纷已发出告诫书或保护令{n}份",
        "marks violence that an authority found proven; also an intervention, so no direction is imposed",
        show="centre",
    ),
    _events(
        "helped", frozenset({"counselling", "legal_aid"}), None, "help given may lower risk, and marks need"
    ),
    _events("contacts_30d", CONTACT, None, "staff in touch with the parties", within=30),
    _events("court_filings", frozenset({"court_filing"}), None, "the fight has moved to court"),
    _events(
        "reopened",
        frozenset({"reopened"}),
        "纠纷已重新打开{n}次",
        "what came back after it was closed was not settled",
        monotone=1,
    ),
    _feature(
        name="is_closed",
        stream="case_events",
        aggregate=Aggregate.LAST,
        where=frozenset({"closed", "reopened"}),
        unit="1 closed, 0 reopened",
        missing="it was never closed by then",
        why="closed disputes rarely turn harmful; reopened ones do",
    ),
    _since("days_since_event", "case_events", None, None, "recency of whatever happened in it"),
    _since(
        "days_since_contact",
        "case_events",
        CONTACT,
        "距上次接触当事人已{n}天",
        "a case that nobody looks after",
    ),
    _feature(
        name="harm_in_dispute",
        stream="case_outcomes",
        aggregate=Aggregate.COUNT,
        unit="次",
        missing="the dispute was not known by then",
        monotone=1,
        phrase="本纠纷已造成{n}次伤害后果",
        why="prior harm is the strongest predictor of harm in every instrument (ODARA, DA, VPR)",
    ),
    _feature(
        name="harm_in_dispute_worst",
        stream="case_outcomes",
        aggregate=Aggregate.MAX,
        unit="severity, 1-5",
        missing="none was known by then",
        monotone=1,
        phrase="本纠纷曾造成严重程度{n}级的伤害",
        why="severity of the worst earlier assault (DA)",
    ),
    _since(
        "days_since_harm_in_dispute",
        "case_outcomes",
        None,
        "距本纠纷上次伤害后果{n}天",
        "recency of harm (VPR)",
    ),
    _feature(
        name="registry_for_dispute",
        stream="case_registry",
        aggregate=Aggregate.COUNT,
        unit="项",
        missing="the dispute was not known by then",
        phrase="因本纠纷有{n}项风险人员管理登记在册",
        show="centre",
        why="staff who met the parties thought them at risk",
    ),
)
"""Features of the dispute being scored."""
