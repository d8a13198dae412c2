"""What an experienced clerk would do without a computer: count what came before, the latest the most.

A point for each earlier dispute of the pair, call to the police and report of the last year, three for each
harm that either side or the pair has been in, halved for every year that it lies back. Nothing is learned.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from bench.model.districts import Sheets

COUNTS: Final = {
    "pair_disputes_365d": 1.0,
    "pair_police_calls_365d": 1.0,
    "respondent_police_calls_365d": 1.0,
    "respondent_disputes_365d": 0.5,
    "applicant_disputes_365d": 0.5,
    "repeat_reports": 1.0,
    "police_calls": 1.0,
}
HARMS: Final = {
    "pair_harm_ever": "pair_days_since_harm",
    "respondent_harm_ever": "respondent_days_since_harm",
    "applicant_harm_ever": "applicant_days_since_harm",
}
"""Count to the days since the latest."""
HARM_POINTS: Final = 3.0
HALVES_IN: Final = 365.0


def scores(sheets: Sheets) -> dict[str, Any]:
    """The points."""
    test = sheets.test
    points = sum(weight * test[name].fillna(0).to_numpy() for name, weight in COUNTS.items())
    for count, since in HARMS.items():
        recent = np.exp2(-test[since].fillna(np.inf).to_numpy() / HALVES_IN)
        points = points + HARM_POINTS * test[count].fillna(0).to_numpy() * recent
    return {"score": np.asarray(points)}
