"""The law of the demo district: every number that decides who comes to harm, and what is seen of it.

Hidden are a person's propensity ``z`` (which acts when the person is the respondent) and a matter's severity
``s``. Everything else in the records is either drawn given ``s`` with the rates below, or decided from what
was already on record. Rates are a day unless said otherwise. No number here was taken from a model.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS

Floats: TypeAlias = NDArray[np.float64]

PROPENSITIES: Final = ("calm", "hot", "dangerous", "despairing")
SEVERITIES: Final = ("quiet", "heated", "dangerous", "desperate")

PROPENSITY_PRIOR: Final[Floats] = np.array([0.80, 0.11, 0.045, 0.045])

SEVERITY_BASE: Final[Floats] = np.log([0.80, 0.16, 0.017, 0.020])
SEVERITY_BY_PROPENSITY: Final[Floats] = np.array(
    [[0.0, -0.3, -1.3, -1.2], [0.0, 1.3, 0.8, 0.0], [0.0, 1.2, 3.6, 0.2], [0.0, 0.4, 0.2, 3.5]]
)
PAIR_COUNT: Final[Floats] = np.array([0.0, 0.30, 0.75, 0.45])
"""Per unit of log(1 + disputes of the same pair already on record)."""
RESPONDENT_COUNT: Final[Floats] = np.array([0.0, 0.10, 0.30, 0.20])
"""Per unit of log(1 + disputes on record in which the respondent was one before)."""

_KIND: Final = {
    "divorce": (0.0, 0.5, 0.6, 0.7),
    "domestic_violence": (0.0, 0.9, 1.5, 0.4),
    "family": (0.0, 0.3, 0.2, 0.4),
    "neighbour": (0.0, 0.3, 0.2, -0.3),
    "land": (0.0, 0.3, 0.3, -0.1),
    "debt": (0.0, 0.1, 0.0, 0.5),
    "labour": (0.0, 0.1, -0.3, 0.5),
    "injury": (0.0, 0.5, 0.6, -0.2),
    "medical": (0.0, 0.3, 0.1, 0.3),
    "demolition": (0.0, 0.3, 0.0, 0.5),
    "property_management": (0.0, -0.3, -0.7, -0.7),
    "consumer": (0.0, -0.5, -1.0, -0.9),
    "environment": (0.0, -0.3, -0.8, -0.8),
    "contract": (0.0, -0.2, -0.5, 0.0),
    "traffic": (0.0, 0.0, -0.3, -0.5),
    "school": (0.0, 0.0, -0.4, 0.2),
}
SEVERITY_BY_KIND: Final[Floats] = np.array([_KIND.get(k, (0.0, 0.0, 0.0, 0.0)) for k in DISPUTE_KINDS])
_RELATION: Final = {"spouse": (0.0, 0.1, 0.2, 0.1), "ex_spouse": (0.0, 0.2, 0.6, 0.2)}
SEVERITY_BY_RELATION: Final[Floats] = np.array([_RELATION.get(r, (0.0, 0.0, 0.0, 0.0)) for r in RELATIONS])

HARM: Final[Floats] = (
    np.array(
        [
            [0.0006, 0.0003, 0.0002, 0.0000],
            [0.0090, 0.0045, 0.0020, 0.0003],
            [0.2600, 0.1200, 0.0200, 0.0120],
            [0.0200, 0.0130, 0.1700, 0.0220],
        ]
    )
    / 180
)
"""Severity × (violence, civil_to_criminal, self_harm, extreme_act), before the scale of the base rate."""

POLICE_CALL: Final[Floats] = np.array([0.06, 0.28, 1.00, 0.40]) / 180
REPEAT_REPORT: Final[Floats] = np.array([0.20, 0.42, 0.75, 0.75]) / 180
AGREEMENT: Final[Floats] = np.array([0.66, 0.45, 0.22, 0.36])
"""Chance that a mediation session ends in an agreement."""
BREACH: Final[Floats] = np.array([0.06, 0.20, 0.60, 0.30]) / 90
"""While an agreement stands."""
FINDING: Final[Floats] = np.array(
    [[0.74, 0.17, 0.02, 0.07], [0.45, 0.40, 0.08, 0.07], [0.25, 0.42, 0.26, 0.07], [0.30, 0.42, 0.20, 0.08]]
)
"""Severity × (calm, tense, worse, unknown), of a visit that met the person."""
POLICE_DOOR: Final[Floats] = np.array([1.0, 1.4, 2.2, 1.2])
"""Odds of coming through the police, times those of the kind."""

LIFE_DAYS: Final = 400
"""Days from intake after which a matter is over."""
AGE_BREAKS: Final = np.array([0, 14, 45, 90, 180, 100_000])
AGE_WEIGHTS: Final[Floats] = np.array([1.8, 1.3, 1.0, 0.7, 0.35])
"""Rates by days since the dispute opened: what is going to happen happens early."""

EFFECT: Final = {
    "agreement": -0.9,
    "mediation_failed": 0.25,
    "agreement_breached": 0.6,
    "warning_letter": -0.6,
    "protection_order": -0.7,
    "counselling": -0.4,
    "closed": -0.8,
    "visit": -0.5,
}
"""Added to the log of every rate from the midnight after the step was recorded."""
VISIT_DAYS: Final = 45
"""Days for which a visit that met the person helps."""

DELAY_HARM: Final = (np.array([0.70, 0.22, 0.08]), np.array([0.6, 6.0, 30.0]))
DELAY_EVENT: Final = (np.array([0.85, 0.12, 0.03]), np.array([0.15, 3.0, 18.0]))
"""Recording delays are mixtures of exponentials: weights, and means in days."""


def severity_logits(
    kind: NDArray[np.int64], relation: NDArray[np.int64], pair: Floats, respondent: Floats, history: float
) -> Floats:
    """Log P(s | z, what is on record) up to a constant, normalised over s: shape (n, z, s).

    Parameters
    ----------
    kind, relation
        Codes of the contract.
    pair, respondent
        Disputes of the pair, and of the respondent as such, already on record, shape (n,).
    history
        `DistrictSettings.history`.
    """
    shared = SEVERITY_BASE + SEVERITY_BY_KIND[kind] + SEVERITY_BY_RELATION[relation]
    counts = np.log1p(np.minimum(pair, 8))[:, None] * PAIR_COUNT
    counts += np.log1p(np.minimum(respondent, 12))[:, None] * RESPONDENT_COUNT
    # Without history every person has the mean propensity, so that severity keeps its base.
    mean = np.log(PROPENSITY_PRIOR @ np.exp(SEVERITY_BY_PROPENSITY))
    own = history * SEVERITY_BY_PROPENSITY + (1 - min(history, 1.0)) * mean
    logits = (shared + history * counts)[:, None, :] + own[None]
    norm: Floats = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    return norm


def harm_scale(share: Floats, base_rate: float) -> float:
    """The factor on `HARM` at which a mean of `base_rate` of matters comes to harm within 180 days.

    Parameters
    ----------
    share
        Expected share of each severity, shape (s,).
    """
    # Steps taken lower the hazard over 180 days to about this share of what age alone would give.
    nominal = HARM.sum(axis=1) * 0.70 * _age_days(180.0)
    low, high = 1e-3, 1e3
    for _ in range(80):
        middle = float(np.sqrt(low * high))
        if float(share @ -np.expm1(-middle * nominal)) < base_rate:
            low = middle
        else:
            high = middle
    return high


def _age_days(age: float) -> float:
    return float(age_integral(np.array([age]))[0])


def age_integral(age: Floats) -> Floats:
    """The integral of the age weights from 0 to `age` days; below 0 it is 0."""
    widths = np.diff(AGE_BREAKS)
    knots = np.concatenate([[0.0], np.cumsum(widths * AGE_WEIGHTS)])
    return np.asarray(np.interp(np.maximum(age, 0.0), AGE_BREAKS.astype(float), knots))


def delay_integral(x: Floats, delay: tuple[Floats, Floats]) -> Floats:
    """The integral from 0 to `x` days of the chance that a row is on record that long after the fact."""
    x = np.maximum(x, 0.0)
    total = x.copy()
    for weight, mean in zip(*delay, strict=True):
        total += weight * mean * np.expm1(-x / mean)
    return total


def draw_delays(rng: np.random.Generator, delay: tuple[Floats, Floats], n: int) -> Floats:
    """`n` recording delays in days."""
    weights, means = delay
    return rng.exponential(size=n) * means[rng.choice(len(means), size=n, p=weights)]
