"""The pair: what an applicant and a respondent have been through with each other before."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from ..declarations import Aggregate, Entity, Feature
from .kinds import LOST, VIOLENT_KINDS, in_any_role

_feature = partial(
    Feature, entity=Entity.PAIR, not_own=True, missing="no applicant with a respondent was known by then"
)


def _count(
    name: str,
    stream: str,
    phrase: str,
    why: str,
    *,
    where: frozenset[str] | None = None,
    within: int | None = None,
    monotone: Literal[-1, 0, 1] = 1,
    unit: str = "次",
) -> Feature:
    return _feature(
        name=f"pair_{name}",
        stream=stream,
        aggregate=Aggregate.COUNT,
        where=where,
        within=within,
        monotone=monotone,
        unit=unit,
        phrase=phrase,
        why=why,
    )


def _since(name: str, stream: str, phrase: str, why: str) -> Feature:
    return Feature(
        name=f"pair_{name}",
        stream=stream,
        entity=Entity.PAIR,
        aggregate=Aggregate.SINCE,
        not_own=True,
        unit="天",
        missing="none was known by then",
        phrase=phrase,
        why=why,
    )


_REPEAT: Final = "repeat victimisation of the same person by the same person (DASH; Turner 2022)"

PAIRS: Final[tuple[Feature, ...]] = (
    *(
        _count(
            f"disputes_{days}d",
            "pair_disputes",
            "双方近{within}天内另有{n}起纠纷",
            _REPEAT,
            within=days,
            unit="件",
        )
        for days in (90, 365)
    ),
    _count("disputes_ever", "pair_disputes", "双方此前另有{n}起纠纷", _REPEAT, unit="件"),
    _count(
        "violent_disputes_ever",
        "pair_disputes",
        "双方此前有{n}起家暴或人身损害纠纷",
        "prior violence against the same person (ODARA, DA)",
        where=in_any_role(VIOLENT_KINDS),
        unit="件",
    ),
    _count(
        "police_calls_365d",
        "pair_events",
        "双方近{within}天内在其他纠纷中报警{n}次",
        "police calls between the same two (Turner 2022)",
        where=frozenset({"police_call"}),
        within=365,
    ),
    _count(
        "failed_or_breached_ever",
        "pair_events",
        "双方此前调解失败或违反协议{n}次",
        "earlier attempts to settle that came to nothing: a long grudge",
        where=LOST,
    ),
    _count(
        "harm_ever",
        "pair_outcomes",
        "双方此前的纠纷曾造成{n}次伤害后果",
        "prior harm between the same two is the strongest predictor (ODARA, DA)",
    ),
    _feature(
        name="pair_harm_recent",
        stream="pair_outcomes",
        aggregate=Aggregate.DECAYED,
        half_life=365.0,
        unit="severity, halved each year",
        monotone=1,
        why="how bad and how long ago (VPR severity and recency items)",
    ),
    _since(
        "days_since_dispute", "pair_disputes", "距双方上一起纠纷{n}天", "recency between the same two (VPR)"
    ),
    _since(
        "days_since_harm",
        "pair_outcomes",
        "距双方上次伤害后果{n}天",
        "recency of harm between the same two (VPR)",
    ),
)
"""Features of the pair."""
