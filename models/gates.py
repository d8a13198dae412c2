"""The gates before a champion: what a version must hold, or what a named person waives with a reason.

Harms are few, so a gate on a figure asks two things: that the figure itself isn't worse by more than a
margin, and that its interval doesn't show it to be worse. Passing is no proof that a version is better; the
figures are kept with the decision (docs/adr/0064).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.times import DAY, rfc3339
from models.bootstrap import Interval, bootstrap, draws, interval, paired_difference
from models.contest import MAIN, Contest
from models.metrics import average_precision, calibration_line
from models.scorer import Scorer

Array = NDArray[np.float64]

NAMES: Final = ("golden", "checklist", "champion", "calibration", "fairness", "speed", "fresh")
MARGIN: Final = 0.01
"""Average precision by which a version may fall short of the champion."""
TOLERANCE: Final = 1.25
"""Expected harm over observed, either way, that the interval must reach into; of the slope likewise."""
SLOWEST: Final = 0.1
"""Seconds of a processor for one case, the median: a person waits."""
OLDEST: Final = 100 * DAY
"""From the data cut to the end of the records."""
_TIMED: Final = 50
_REPLICATES: Final = 500


@dataclass(frozen=True)
class Gate:
    """One gate.

    Attributes
    ----------
    name
        One of `NAMES`.
    passed
        Whether the version holds what is asked.
    told
        What was found, and what was asked, in a line.
    """

    name: str
    passed: bool
    told: str


def quality(found: Contest, seed: int = 0) -> list[Gate]:
    """Whether a version is good enough: beside the checklist, beside the champion, and by calibration."""
    known = np.flatnonzero(np.isfinite(found.harmed))
    y, risk = found.harmed[known], found.risks[known, MAIN]
    counts = draws(found.cases.clusters[known], _REPLICATES, seed)
    harmed = f"{int(y.sum())} harmed of {len(y):,} cases"
    checklist = paired_difference(average_precision, y, risk, found.points[known], counts)
    rate = float(y.mean())
    ours = bootstrap(average_precision, y, risk, counts)
    gates = [
        Gate(
            "checklist",
            bool(checklist.value > 0 and ours.value > rate),
            f"average precision {_shown(ours)}, less the checklist's {_shown(checklist)}, base rate "
            f"{rate:.3f} ({harmed}); above both is asked",
        )
    ]
    if found.other is not None:
        less = paired_difference(average_precision, y, risk, found.other[known, MAIN], counts)
        gates.append(
            Gate(
                "champion",
                bool(less.value >= -MARGIN and less.high >= 0),
                f"average precision less the champion's {_shown(less)} ({harmed}); asked are -{MARGIN} and "
                "an interval that isn't wholly below 0",
            )
        )
    return [*gates, _calibration(y, risk, counts)]


def _calibration(y: Array, risk: Array, counts: Array) -> Gate:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = interval(float(risk.sum() / y.sum()), (counts @ risk) / (counts @ y))
    slope = bootstrap(lambda y, p, weight=None: calibration_line(y, p, weight)[1], y, risk, counts)
    asked = [_reaches(ratio), _reaches(slope)]
    return Gate(
        "calibration",
        all(asked),
        f"expected over observed harm {_shown(ratio)}, slope {_shown(slope)}; each interval must reach into "
        f"{1 / TOLERANCE:.2f} to {TOLERANCE:.2f}",
    )


def _reaches(found: Interval) -> bool:
    return bool(found.low <= TOLERANCE and found.high >= 1 / TOLERANCE)


def fairness(breaches: Sequence[str]) -> Gate:
    """What the audit by group found when the version was trained (`models.fairness`)."""
    told = "; ".join(breaches) or "no breach"
    return Gate("fairness", not breaches, told)


def speed(scorer: Scorer, found: Contest) -> Gate:
    """How long one case takes, reasons left out, by the processor's clock: other programs don't count."""
    one = scorer.with_threads(1)
    taken = []
    for row in range(min(_TIMED, len(found.frame))):
        begin = time.process_time()
        one.case(found.frame.iloc[row : row + 1])
        taken.append(time.process_time() - begin)
    median = float(np.median(taken))
    told = f"{median * 1000:.1f} ms of a processor a case, the median; at most {SLOWEST * 1000:.0f} are asked"
    return Gate("speed", median <= SLOWEST, told)


def fresh(scorer: Scorer, known_until: int) -> Gate:
    """How old the version's data are, by the records that it is promoted on."""
    age = known_until - int(scorer.info["cut"])
    return Gate(
        "fresh",
        age <= OLDEST,
        f"trained until {scorer.info['trained_until']}, {age / DAY:.0f} days before the end of the records, "
        f"{rfc3339(known_until)}; at most {OLDEST // DAY} are asked",
    )


@dataclass(frozen=True)
class Signed:
    """Who decides, and why.

    Attributes
    ----------
    by
        A person, not a role.
    reason
        In their words.
    """

    by: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse one that says nothing."""
        for what, said in (("name", self.by), ("reason", self.reason)):
            if not said.strip():
                raise UnsignedError(f"a version is named champion by a person with a reason: no {what} given")


class UnsignedError(ValueError):
    """A decision without a name, or without a reason."""


class PromotionBlockedError(RuntimeError):
    """A version must not become champion; the message says what for, and how a person may waive it."""


def waivers_of(said: Sequence[str]) -> dict[str, str]:
    """Gate to reason, from `GATE=WHY`.

    Raises
    ------
    ValueError
        If there is no such gate, or no reason.
    """
    waivers = {}
    for one in said:
        name, _, why = one.partition("=")
        if name not in NAMES:
            raise ValueError(f"{one}: GATE=WHY was expected, GATE one of {', '.join(NAMES)}")
        if not why.strip():
            raise ValueError(f"{one}: no reason given to waive {name}")
        waivers[name] = why.strip()
    return waivers


def refuse(uri: str, gates: Sequence[Gate], waivers: Mapping[str, str]) -> None:
    """Let a version through, or not.

    Raises
    ------
    PromotionBlockedError
        Naming every gate that isn't passed and that nobody waives.
    """
    shut = [gate for gate in gates if not gate.passed and gate.name not in waivers]
    if shut:
        told = "; ".join(f"{gate.name}: {gate.told}" for gate in shut)
        number = uri.rpartition("/")[2]
        raise PromotionBlockedError(
            f"{uri} is not promoted: {told}. A named person may waive it: anlan promote {number} --by NAME "
            f"--reason WHY {' '.join(f'--waive {gate.name}=WHY' for gate in shut)}"
        )


def lines(gates: Sequence[Gate], waivers: Mapping[str, str]) -> Iterator[str]:
    """Each gate in a line, for a terminal."""
    for gate in gates:
        state = "passed" if gate.passed else "WAIVED" if gate.name in waivers else "SHUT"
        waived = f" (waived: {waivers[gate.name]})" if state == "WAIVED" else ""
        yield f"{gate.name:12} {state:7} {gate.told}{waived}"


def _shown(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
