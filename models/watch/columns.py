"""Which columns of the catalogue may raise an alarm, and why the others can't."""

from __future__ import annotations

from typing import Final

from features.catalogue import CATALOGUE
from features.declarations import Feature
from features.vocabulary import Entity

LONGEST: Final = 90
"""Days. What counts over a longer time fills up for as long after the records begin."""
_AREAS: Final = frozenset({Entity.GRID, Entity.COMMUNITY, Entity.STREET})
_MOVING: Final = {
    "opened_month": "follows the calendar",
    "opened_on_holiday": "follows the calendar",
    "respondent_kind_rise": "grows with the records",
    "pair_kind_rise": "grows with the records",
}


def silent(feature: Feature) -> str | None:
    """Why a column raises no alarm; None if it may.

    A check asks whether the last days could have been drawn from those before. That is no question for what
    moves in a district where nothing has changed: a count over all that is known grows by itself, an area's
    average is the same for all its cases and wanders slowly, and the month is another one.
    """
    if feature.name in _MOVING:
        return _MOVING[feature.name]
    if feature.entity in _AREAS:
        return "an area's average wanders"
    if feature.entity is not Entity.DISPUTE and (feature.within is None or feature.within > LONGEST):
        return "grows with the records"
    return None


WATCHED: Final = tuple(feature.name for feature in CATALOGUE if silent(feature) is None)
