"""How alike two records of disputes are: a few comparisons, each a number that a person could check."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.candidates import Record
from docket.times import DAY

COMPARISONS: Final = (
    "shared_applicant",
    "shared_respondent",
    "shared_both",
    "swapped",
    "other_applicant",
    "other_respondent",
    "same_kind",
    "same_grid",
    "log_gap_days",
    "text",
    "amount_equal",
    "amount_differs",
    "other_door",
)
"""In this order in every array."""
GRAM: Final = 3
"""Characters in a gram: two are too common in Chinese, four too rare in texts of two sentences."""


def compare(one: Record, other: Record, text: float | None = None) -> NDArray[np.float64]:
    """The comparisons of two records, shape (13,); the same in either order.

    Parameters
    ----------
    text
        How alike the texts are; None: they are compared.

    Notes
    -----
    When the dispute opened isn't compared: doors date it as they please, and it says little beyond when they
    took it down.
    """
    applicant = not one.applicants.isdisjoint(other.applicants)
    respondent = not one.respondents.isdisjoint(other.respondents)
    swapped = not one.applicants.isdisjoint(other.respondents) or not one.respondents.isdisjoint(
        other.applicants
    )
    amounts = one.amount_cny is not None and other.amount_cny is not None
    equal = amounts and one.amount_cny == other.amount_cny
    return np.array(
        [
            applicant,
            respondent,
            applicant and respondent,
            swapped,
            bool(one.applicants and other.applicants) and not applicant and not swapped,
            bool(one.respondents and other.respondents) and not respondent and not swapped,
            one.kind == other.kind,
            one.grid_id == other.grid_id,
            math.log1p(gap_days(one, other)),
            text_likeness(one.text, other.text) if text is None else text,
            equal,
            amounts and not equal,
            one.source != other.source,
        ],
        dtype=np.float64,
    )


def gap_days(one: Record, other: Record) -> float:
    """Days between the first records of two disputes."""
    return abs(one.first_recorded - other.first_recorded) / DAY


def text_likeness(one: str, other: str) -> float:
    """Share of the grams of two prepared texts that both have (Dice), 0 to 1; 0 if one is empty.

    References
    ----------
    Dice (1945), Measures of the amount of ecologic association between species.
    """
    mine, theirs = _grams(one), _grams(other)
    if not mine or not theirs:
        return 0.0
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


@lru_cache(maxsize=20_000)
def _grams(text: str) -> frozenset[str]:
    said = "".join(character for character in text if character.isalnum())
    return frozenset(said[place : place + GRAM] for place in range(len(said) - GRAM + 1))
