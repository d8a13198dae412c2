"""Those around the parties: the family, and whom else they had to do with.

What these features tell is other people's affairs. None has a phrase: nobody is told of a third person's
past as a reason, and no direction is imposed, or guilt by association would be built in.
"""

from __future__ import annotations

from typing import Final

from ..declarations import Aggregate, Entity, Feature
from .builders import MISSING, count, of, since
from .kinds import VIOLENT_KINDS, in_any_role

_FAMILY: Final = Entity.RELATIVE
_OTHERS: Final = Entity.CONTACT
_VIOLENT: Final = in_any_role(VIOLENT_KINDS)
_CLUSTERS: Final = "harm clusters among people who know each other (Papachristos 2015, on gunshot injuries)"

_HOUSEHOLD: Final = (
    count(
        _FAMILY,
        "disputes_365d",
        "person_disputes",
        None,
        "a family at odds with others too: strain at home (B-SAFER: relationship problems)",
        within=365,
        unit="件",
    ),
    count(
        _FAMILY,
        "violent_disputes_ever",
        "person_disputes",
        None,
        "violence against others of the family (DASH asks of children and other relatives hurt)",
        where=_VIOLENT,
        unit="件",
    ),
    count(
        _FAMILY,
        "police_calls_365d",
        "person_events",
        None,
        "police at the family's door, whoever of them it was for (Turner 2022: history)",
        where=in_any_role({"police_call"}),
        within=365,
    ),
    count(
        _FAMILY,
        "harm_ever",
        "person_outcomes",
        None,
        "harm in other disputes of the family (DASH: others hurt; VPR)",
    ),
    of(
        _FAMILY,
        "harm_recent",
        "person_outcomes",
        Aggregate.DECAYED,
        None,
        "how bad and how long ago, in the family",
        half_life=365.0,
        unit="severity, halved each year",
        missing=MISSING[_FAMILY],
    ),
    since(_FAMILY, "days_since_dispute", "person_disputes", None, "recency of the family's last dispute"),
    count(
        _FAMILY,
        "worse_visits_180d",
        "person_visits",
        None,
        "a visit to the family found things worse",
        where=frozenset({"worse"}),
        within=180,
    ),
    count(
        _FAMILY,
        "registry_in_force",
        "person_registry",
        None,
        "staff judged somebody of the family at risk",
        unit="项",
        show="centre",
    ),
)
_NETWORK: Final = (
    count(
        _OTHERS,
        "disputes_365d",
        "person_disputes",
        None,
        "other disputes of those whom the parties have fallen out with: a circle of quarrels",
        within=365,
        unit="件",
    ),
    count(_OTHERS, "violent_disputes_ever", "person_disputes", None, _CLUSTERS, where=_VIOLENT, unit="件"),
    count(_OTHERS, "harm_365d", "person_outcomes", None, _CLUSTERS, within=365),
    since(_OTHERS, "days_since_harm", "person_outcomes", None, _CLUSTERS),
    count(
        _OTHERS,
        "opponents_365d",
        "person_opponents",
        None,
        "how far the circle reaches: opponents of opponents",
        within=365,
        unit="人",
    ),
)

CIRCLE: Final[tuple[Feature, ...]] = (*_HOUSEHOLD, *_NETWORK)
"""Features of those around the parties."""
