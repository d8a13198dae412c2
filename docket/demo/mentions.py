"""Which risk signals a text mentions, and in what way: asserted, denied, by hearsay, in jest …"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.contract.enumerations import DISPUTE_KINDS
from docket.demo.law import Floats
from docket.demo.world import Ints

MODES: Final = ("absent", "asserted", "denied", "hearsay", "joking", "fiction", "other_person", "past")

ASSERTED: Final = {
    "kill_threat": (0.006, 0.025, 0.085, 0.030),
    "weapon": (0.004, 0.018, 0.070, 0.020),
    "strangle": (0.003, 0.010, 0.050, 0.010),
    "beating": (0.030, 0.100, 0.180, 0.060),
    "injury": (0.030, 0.070, 0.110, 0.060),
    "stalking": (0.010, 0.035, 0.090, 0.030),
    "control": (0.012, 0.030, 0.070, 0.040),
    "jealousy": (0.020, 0.050, 0.090, 0.050),
    "alcohol": (0.040, 0.090, 0.140, 0.090),
    "gambling": (0.025, 0.045, 0.060, 0.070),
    "suicide_talk": (0.005, 0.012, 0.020, 0.130),
    "jump": (0.003, 0.007, 0.012, 0.070),
    "means": (0.003, 0.006, 0.022, 0.065),
    "hopeless": (0.015, 0.030, 0.040, 0.160),
    "smashing": (0.012, 0.050, 0.090, 0.035),
    "child_harm": (0.004, 0.012, 0.035, 0.020),
    "order_breach": (0.002, 0.006, 0.028, 0.008),
    "grudge": (0.050, 0.100, 0.140, 0.110),
    "sleepless": (0.025, 0.050, 0.060, 0.120),
    "mob": (0.010, 0.035, 0.040, 0.015),
    "injustice": (0.050, 0.080, 0.090, 0.130),
    "ruin": (0.025, 0.035, 0.045, 0.120),
    "separation": (0.060, 0.085, 0.110, 0.100),
    "reconciled": (0.130, 0.075, 0.035, 0.055),
    "support": (0.060, 0.050, 0.035, 0.020),
}
"""Family → chance of being asserted in a narrative, by severity. The last two speak for calm."""

FAMILIES: Final = tuple(ASSERTED)
CALM: Final = ("reconciled", "support")

OTHERWISE: Final = {
    "denied": (0.0240, (1.0, 1.05, 1.15, 1.10)),
    "hearsay": (0.0060, (1.0, 1.25, 1.50, 1.40)),
    "joking": (0.0035, (1.0, 1.00, 1.00, 1.00)),
    "fiction": (0.0035, (1.0, 1.00, 1.00, 1.00)),
    "other_person": (0.0050, (1.0, 1.00, 1.00, 1.00)),
    "past": (0.0060, (1.0, 1.15, 1.20, 1.20)),
}
"""Mode → (chance for each family, factor by severity)."""

_HOME: Final = {"divorce", "domestic_violence", "family"}
_STRIFE: Final = {"neighbour", "injury", "debt", "land", "housing", "labour", "demolition"}
_HOME_ONLY: Final = {"strangle": 0.25, "control": 0.15, "jealousy": 0.12, "child_harm": 0.3, "separation": 0.08,
                     "order_breach": 0.2, "gambling": 0.5, "stalking": 0.6}  # fmt: skip
_DULL: Final = 0.6


def weight_by_kind() -> Floats:
    """Factor on every mention, kind × family: who quarrels about parking rarely speaks of jealousy."""
    out = np.full((len(DISPUTE_KINDS), len(FAMILIES)), _DULL)
    for k, kind in enumerate(DISPUTE_KINDS):
        for f, family in enumerate(FAMILIES):
            if family in CALM:
                out[k, f] = 1.0
            elif kind in _HOME:
                out[k, f] = 0.3 if family == "mob" else 1.25
            else:
                out[k, f] = (1.0 if kind in _STRIFE else _DULL) * _HOME_ONLY.get(family, 1.0)
    return out


def table(signals: float) -> Floats:
    """Chance of each mode, kind × family × severity × mode.

    Parameters
    ----------
    signals
        `DistrictSettings.signals`: 0 makes every severity speak as the quiet one does.
    """
    asserted = np.array(list(ASSERTED.values()))
    asserted = asserted[:, [0]] * (asserted / asserted[:, [0]]) ** signals
    weight = weight_by_kind()
    out = np.zeros((len(DISPUTE_KINDS), len(FAMILIES), 4, len(MODES)))
    out[..., 1] = np.minimum(weight[:, :, None] * asserted[None], 0.5)
    for name, (share, factor) in OTHERWISE.items():
        calm = np.array([0.35 if f in CALM else 1.0 for f in FAMILIES])
        out[..., MODES.index(name)] = (
            share * (weight * calm)[:, :, None] * np.array(factor)[None, None] ** signals
        )
    out[..., 0] = 1 - out[..., 1:].sum(axis=-1)
    return out


def draw(
    rng: np.random.Generator, kind: Ints, severity: Ints, signals: float, amount: float = 1.0
) -> tuple[NDArray[np.int8], Floats]:
    """Modes of each family in each text (n, families), and the log evidence for each severity (n, s).

    The families are independent given severity, so the evidence of a text is a sum.

    Parameters
    ----------
    amount
        Factor on every mention; short texts say less.
    """
    chances = table(signals)
    chances[..., 1:] *= amount
    chances[..., 0] = 1 - chances[..., 1:].sum(axis=-1)
    n = len(kind)
    modes = np.zeros((n, len(FAMILIES)), dtype=np.int8)
    evidence = np.zeros((n, 4))
    logs = np.log(chances)
    for f in range(len(FAMILIES)):
        steps = np.cumsum(chances[:, f], axis=-1)[kind, severity]
        modes[:, f] = np.minimum((steps < rng.random(n)[:, None]).sum(axis=1), len(MODES) - 1)
        evidence += logs[kind, f, :, modes[:, f]]
    return modes, evidence
