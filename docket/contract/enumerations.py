"""The enumerations of the record contract, in the order that fixes their codes.

A code is the position in the tuple. Append, never reorder: a trained model has learned the codes.
"""

from __future__ import annotations

from typing import Final

SOURCES: Final = (
    "app_report",
    "app_voice",
    "police_110",
    "grid_worker",
    "walk_in",
    "hotline_12345",
    "transfer",
)
DISPUTE_KINDS: Final = (
    "divorce",
    "domestic_violence",
    "family",
    "neighbour",
    "housing",
    "land",
    "debt",
    "contract",
    "labour",
    "injury",
    "traffic",
    "medical",
    "property_management",
    "consumer",
    "school",
    "demolition",
    "environment",
    "other",
)
EVENT_KINDS: Final = (
    "repeat_report",
    "contacted",
    "mediation_session",
    "mediation_failed",
    "agreement",
    "agreement_breached",
    "police_call",
    "warning_letter",
    "protection_order",
    "court_filing",
    "legal_aid",
    "counselling",
    "handover",
    "closed",
    "reopened",
)
OUTCOME_KINDS: Final = ("violence", "civil_to_criminal", "self_harm", "extreme_act")
SEXES: Final = ("female", "male", "unknown")
WORKER_ROLES: Final = ("grid_worker", "mediator", "community_police")
PARTY_ROLES: Final = ("applicant", "respondent", "affected")
RELATIONS: Final = (
    "spouse",
    "ex_spouse",
    "family",
    "neighbour",
    "colleague",
    "business",
    "stranger",
    "authority",
    "unknown",
)
REGISTRY_CATEGORIES: Final = ("divorce", "domestic_violence", "neighbour_grudge", "other")
FINDINGS: Final = ("calm", "tense", "worse", "unknown")
