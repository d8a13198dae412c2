"""Sets of kinds that several declarations share, as the streams write them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from docket.contract.enumerations import DISPUTE_KINDS, PARTY_ROLES

from ..streams.ladders import EVENT_STEPS


def in_role(role: str, kinds: Iterable[str]) -> frozenset[str]:
    """The kinds of a stream that says `role/kind`, for one role."""
    return frozenset(f"{role}/{kind}" for kind in kinds)


def in_any_role(kinds: Iterable[str]) -> frozenset[str]:
    """The kinds of a stream that says `role/kind`, whatever the role."""
    wanted = tuple(kinds)
    return frozenset(f"{role}/{kind}" for role in PARTY_ROLES for kind in wanted)


VIOLENT_KINDS: Final = frozenset({"domestic_violence", "injury"})
AS_RESPONDENT: Final = in_role("respondent", DISPUTE_KINDS)
CONTACT: Final = frozenset({"contacted", "mediation_session", "counselling"})
"""Somebody of the staff was in touch with a party."""
LOST: Final = frozenset({"mediation_failed", "agreement_breached"})
"""An attempt to settle that came to nothing."""
ORDERS: Final = frozenset({"warning_letter", "protection_order"})
TROUBLE: Final = frozenset({"repeat_report", "police_call", "agreement_breached"})
"""Signs that it goes on."""
DESPAIR: Final = frozenset({"self_harm", "extreme_act"})
"""Outcomes that a person brings upon themselves, or upon anybody at hand."""
AREA_DISPUTES: Final = frozenset(f"dispute/{kind}" for kind in DISPUTE_KINDS)
AREA_VIOLENT: Final = frozenset(f"dispute/{kind}" for kind in VIOLENT_KINDS)
STEPS: Final = frozenset(EVENT_STEPS)
"""Events that are a step of an escalation."""
