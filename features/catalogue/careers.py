"""What the respondent and the applicant have behind them: as whom, how bad, and whether it grows."""

from __future__ import annotations

from typing import Final

from docket.contract.enumerations import OUTCOME_KINDS

from ..declarations import Aggregate, Entity, Feature, Measure
from .builders import WHO, count, of, since
from .kinds import (
    AS_RESPONDENT,
    CONTACT,
    DESPAIR,
    ORDERS,
    STEPS,
    TROUBLE,
    VIOLENT_KINDS,
    in_any_role,
    in_role,
)

_RESPONDENT: Final = Entity.RESPONDENT
_APPLICANT: Final = Entity.APPLICANT
_PERSON: Final = Entity.PERSON
_CALLS: Final = in_any_role({"police_call"})


def _both(entity: Entity) -> tuple[Feature, ...]:
    """What is asked of either side."""
    who = WHO[entity]
    return (
        of(
            entity,
            "harm_worst",
            "person_outcomes",
            Aggregate.MAX,
            f"{who}以往纠纷曾造成严重程度{{n}}级的伤害",
            "severity of the worst earlier harm (DA, VPR)",
            unit="severity, 1-5",
            monotone=1,
        ),
        count(
            entity,
            "police_calls_730d",
            "person_events",
            f"{who}近{{within}}天内在其他纠纷中{{n}}次涉及报警",
            "two years of history predict best (Grogger 2021)",
            where=_CALLS,
            within=730,
            monotone=1,
        ),
        count(
            entity,
            "repeat_reports_365d",
            "person_events",
            f"{who}近{{within}}天内在其他纠纷中被重复报告{{n}}次",
            "repeats are the best single sign of repeat harm (Turner 2022)",
            where=in_any_role({"repeat_report"}),
            within=365,
        ),
        since(
            entity,
            "days_since_police_call",
            "person_events",
            f"距{who}在其他纠纷中上次涉及报警{{n}}天",
            "recency of the last call (Turner 2022)",
            where=_CALLS,
        ),
        count(
            entity,
            "registry_in_force",
            "person_registry",
            f"{who}因其他纠纷有{{n}}项风险人员管理登记在册",
            "staff judged this side at risk in another dispute",
            unit="项",
            show="centre",
        ),
        of(
            entity,
            "last_finding",
            "person_visits",
            Aggregate.LAST,
            None,
            "a trained eye at the door; who it is that is tense matters",
            where=frozenset({"calm", "tense", "worse"}),
            unit="0 calm, 1 tense, 2 worse",
            missing="no visit found anything by then",
            monotone=1,
        ),
    )


_OF_RESPONDENT: Final = (
    *_both(_RESPONDENT),
    count(
        _RESPONDENT,
        "accused_of_violence_ever",
        "person_disputes",
        "被申请人此前{n}次在家暴或人身损害纠纷中被申请",
        "complained of for violence before, by anybody (ODARA: prior domestic and other assaults)",
        where=in_role("respondent", VIOLENT_KINDS),
        unit="件",
        monotone=1,
    ),
    count(
        _RESPONDENT,
        "harm_as_respondent_ever",
        "person_outcomes",
        "被申请人此前作为被申请人的纠纷曾造成{n}次伤害后果",
        "harm in disputes where the person was the one complained of (ODARA, VPR)",
        where=in_role("respondent", OUTCOME_KINDS),
        monotone=1,
    ),
    count(
        _RESPONDENT,
        "self_harm_ever",
        "person_outcomes",
        "被申请人所涉其他纠纷中曾发生{n}次自伤或极端行为",
        "threatened or tried suicide before: a Danger Assessment item on the abuser; C-SSRS",
        where=in_any_role(DESPAIR),
        monotone=1,
    ),
    of(
        _RESPONDENT,
        "harm_rise",
        "person_outcomes",
        Aggregate.LAST,
        "被申请人以往纠纷的伤害后果呈加重趋势",
        "violence that has grown in severity (DA)",
        less=Measure("person_outcomes", _RESPONDENT, Aggregate.FIRST, not_own=True),
        unit="grades of severity",
    ),
    of(
        Entity.DISPUTE,
        "respondent_kind_rise",
        "case",
        Aggregate.LAST,
        "本次纠纷的性质比被申请人以往的更严重",
        "from quarrel to blows: this dispute's kind against the gravest before (DASH, VPR escalation)",
        where=frozenset({"gravity"}),
        less=Measure("person_disputes", _RESPONDENT, Aggregate.MAX, not_own=True),
        unit="steps of kind: about things, between people, violent",
        missing="no respondent had another dispute by then",
    ),
    of(
        _RESPONDENT,
        "worst_step",
        "person_events",
        Aggregate.MAX,
        None,
        "how far other disputes of the respondent have climbed (B-SAFER)",
        where=in_any_role(STEPS),
        unit="step, 1 reported again, 2 settlement lost, 3 police called, 4 order",
    ),
    count(
        _RESPONDENT,
        "breached_365d",
        "person_events",
        "被申请人近{within}天内所涉其他纠纷的协议被违反{n}次",
        "failure to keep conditions (ODARA: failure on conditional release; B-SAFER)",
        where=in_any_role({"agreement_breached"}),
        within=365,
        monotone=1,
    ),
    count(
        _RESPONDENT,
        "orders_against_ever",
        "person_events",
        "被申请人此前作为被申请人的纠纷中曾发出告诫书或保护令{n}份",
        "an order in a dispute where the person was the one complained of (反家庭暴力法)",
        where=in_role("respondent", ORDERS),
        unit="份",
        show="centre",
    ),
    of(
        _RESPONDENT,
        "trouble_after_order_days",
        "person_events",
        Aggregate.SINCE,
        "被申请人在其他纠纷中，告诫书或保护令发出{n}天后又有报警、重复报告或违约",
        "going on despite an order (ODARA, B-SAFER: breach of conditions)",
        where=in_role("respondent", ORDERS),
        less=Measure(
            "person_events", _RESPONDENT, Aggregate.SINCE, where=in_role("respondent", TROUBLE), not_own=True
        ),
        unit="days from the last order to the last trouble, below 0 if that came before",
        missing="there was no order against a respondent, or no trouble, by then",
        show="centre",
    ),
    count(
        _RESPONDENT,
        "violent_opponents_ever",
        "person_opponents",
        "被申请人此前与另外{n}人发生家暴或人身损害纠纷",
        "violence against others than this applicant (ODARA, VPR)",
        where=VIOLENT_KINDS,
        unit="人",
        monotone=1,
    ),
    of(
        _RESPONDENT,
        "first_dispute_days",
        "person_disputes",
        Aggregate.DURATION,
        None,
        "length of the record, beside how much is in it",
        unit="天",
    ),
)
_OF_APPLICANT: Final = (
    *_both(_APPLICANT),
    count(
        _APPLICANT,
        "harmed_ever",
        "person_outcomes",
        "申请人此前提出或受影响的纠纷曾造成{n}次伤害后果",
        "who was harmed before is harmed again (repeat victimisation: Turner 2022)",
        where=in_role("applicant", OUTCOME_KINDS) | in_role("affected", OUTCOME_KINDS),
        monotone=1,
    ),
    count(
        _APPLICANT,
        "accused_ever",
        "person_disputes",
        "申请人此前{n}次作为被申请人",
        "the one who complains may be the one to be feared",
        where=AS_RESPONDENT,
        unit="件",
    ),
    count(
        _APPLICANT,
        "opponents_365d",
        "person_opponents",
        "申请人近{within}天内与另外{n}人发生纠纷",
        "at odds with many: a grievance that is not about this respondent alone",
        within=365,
        unit="人",
    ),
    since(
        _APPLICANT,
        "days_since_harm",
        "person_outcomes",
        "距申请人所涉上次伤害后果{n}天",
        "recency of harm (VPR)",
    ),
)
_OF_ANYBODY: Final = (
    count(
        _PERSON,
        "registry_violence",
        "person_registry",
        "当事人因其他纠纷有{n}项家暴类风险人员管理登记在册",
        "entered for violence at home: what staff feared was violence (ODARA, VPR)",
        where=frozenset({"domestic_violence"}),
        unit="项",
        show="centre",
    ),
    count(
        _PERSON,
        "visits_90d",
        "person_visits",
        None,
        "how closely it is watched; also an intervention, so no direction is imposed",
        where=frozenset({"calm", "tense", "worse", "unknown"}),
        within=90,
    ),
    since(
        _PERSON,
        "days_since_worse_visit",
        "person_visits",
        "距上次走访发现情况恶化{n}天",
        "recency of the last alarm at the door",
        where=frozenset({"worse"}),
    ),
    of(
        _PERSON,
        "finding_rise",
        "person_visits",
        Aggregate.LAST,
        "近{within}天内走访情况由好转坏",
        "the latest visit against the first of the half-year (VPER: has the risk changed?)",
        where=frozenset({"calm", "tense", "worse"}),
        within=180,
        less=Measure(
            "person_visits", _PERSON, Aggregate.FIRST, within=180, where=frozenset({"calm", "tense", "worse"})
        ),
        unit="steps, calm, tense, worse",
        missing="no visit of the half-year found anything",
    ),
    since(
        _PERSON,
        "days_since_contact",
        "person_events",
        None,
        "recency of contact in other disputes: known, or forgotten (Johnson County: Bauman 2018)",
        where=in_any_role(CONTACT),
    ),
    count(
        _PERSON,
        "agreements_730d",
        "person_events",
        None,
        "has settled before: mediation works with this person",
        where=in_any_role({"agreement"}),
        within=730,
    ),
)

CAREERS: Final[tuple[Feature, ...]] = (*_OF_RESPONDENT, *_OF_APPLICANT, *_OF_ANYBODY)
"""Features of what either side, or anybody, has behind them."""
