"""Why a person is visited, as far as their visitor may know: nothing that the other side reported.

Whoever visits a respondent must have nothing to let slip: not that somebody called the police, reported
again, was visited, or had trouble with others. What a visitor is told is listed here by name; all else isn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from features.catalogue import BY_NAME, CATALOGUE
from features.cues import Finding
from features.declarations import Entity
from models.reading import asserted, cue_title

_CATEGORIES: Final = {
    "divorce": "离婚纠纷",
    "domestic_violence": "家庭暴力",
    "neighbour_grudge": "邻里积怨",
    "other": "其他",
}

TO_ANYBODY: Final = frozenset(
    {
        "closest_relation",
        "contact_missed_24h",
        "grid_disputes_90d",
        "handovers",
        "mediations_failed",
        "reopened",
    }
)
"""Features that tell of what both sides were part of, of the centre's own doing, or of the place."""

_BY_ANY_PARTY: Final = frozenset({"days_since_contact"})
_HOW_OFTEN_REPORTED: Final = frozenset(
    {"respondent_accused_ever", "respondent_accused_of_violence_ever", "pair_same_direction_ever"}
)
TO_WHO_BROUGHT_IT: Final = TO_ANYBODY | {
    feature.name
    for feature in CATALOGUE
    if feature.entity is Entity.DISPUTE and feature.show == "all" and feature.name not in _BY_ANY_PARTY
    and not feature.name.startswith(("respondent_", "pair_"))
} | _HOW_OFTEN_REPORTED  # fmt: skip
"""For whoever visits the applicant: the course of the applicant's own report, and how often the respondent
has been reported; nothing that may come from the respondent or from a visit there."""

_UNKNOWN: Final = sorted(TO_WHO_BROUGHT_IT - BY_NAME.keys())
if _UNKNOWN:
    raise ValueError(f"no such features: {_UNKNOWN}")


def told_of(*, brought_it: bool, merged: bool) -> frozenset[str]:
    """The features that a person's visitor may be told of.

    Parameters
    ----------
    brought_it
        The person's own report is the dispute's.
    merged
        Others' reports count in the dispute as well: its course may be what they told.
    """
    return TO_WHO_BROUGHT_IT if brought_it and not merged else TO_ANYBODY


def visit_reasons(own: Sequence[Finding], facts: Sequence[str], category: object) -> list[str]:
    """Why this person: what they said themselves, what the records show, what they are registered for."""
    said = dict.fromkeys(cue_title(finding.cue) for finding in asserted(own))
    reasons = [f"本人反映：{'、'.join(said)}"] if said else []
    reasons += facts
    if isinstance(category, str):
        reasons.append(f"在册风险人员（{_CATEGORIES[category]}）")
    return reasons or ["有未办结的纠纷，按周期走访"]
