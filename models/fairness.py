"""The audit by group: who is selected, who is missed, whose risks are off; and what counts as a breach.

A group is compared with everybody else of the same attribute. Harms are few, so a ratio says little without
its interval: a breach is one whose interval lies beyond the tolerance, at a level that allows for how many
are looked at. What can't be told for want of cases is said to be so, and is no breach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, count, false_negative_rate, false_positive_rate, selection_rate
from numpy.typing import NDArray
from scipy.stats import gamma, norm

from models.bootstrap import draws
from models.groups import ATTRIBUTES

Array = NDArray[np.float64]

LEAST: Final = 30
"""Cases below which a group's figures are not shown: they would tell of persons, and of nothing else."""
TOLERANCE: Final = 1.25
"""The four-fifths rule, either way."""
REPLICATES: Final = 500
LEVEL: Final = 0.95
OF_PERSONS: Final = frozenset(
    {"respondent_sex", "applicant_sex", "respondent_age", "applicant_age", "street"}
)
"""What must not decide whom staff are sent to. Kind and door may, and are judged by harm alone."""
WORDS: Final = {
    "calibration": "observed harm over expected",
    "false_negative_ratio": "harmed cases without a colour, against everybody else",
    "false_positive_ratio": "harmless cases with a colour, against everybody else",
}


@dataclass(frozen=True)
class Ratio:
    """A ratio with its 95 % interval; None where there is nothing to divide."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Breach:
    """A group whose interval lies beyond the tolerance."""

    attribute: str
    group: str
    figure: str
    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """In a line."""
        return (
            f"{self.attribute} {self.group}: {WORDS[self.figure]} {self.value:.2f} "
            f"[{self.low:.2f}, {self.high:.2f}]"
        )


def audit(
    groups: pd.DataFrame,
    risk: Array,
    selected: NDArray[np.bool_],
    harmed: Array,
    clusters: NDArray[np.int64],
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Figures by group, and the breaches among them.

    Parameters
    ----------
    groups
        From `models.groups.groups_of`.
    risk, selected, harmed
        Shape (n,): of escalation within the horizon, whether the case got a colour, whether it came to harm
        (NaN: not yet known; left out).
    clusters
        Disputes between the same people share a number.

    Returns
    -------
    dict
        `rows`, one a group of at least `LEAST` cases; `small`, how many groups are below; `breaches`;
        `checks`, what the level of a breach allows for.
    """
    known = np.isfinite(harmed)
    y, s, p = harmed[known], selected[known].astype(np.float64), risk[known]
    cases = _Cases(y, s, p, draws(clusters[known], REPLICATES, seed))
    rows: list[dict[str, Any]] = []
    small = 0
    for attribute in ATTRIBUTES:
        own = groups[attribute].to_numpy(object)[known]
        points = (
            MetricFrame(
                metrics={
                    "selection_rate": selection_rate,
                    "false_negative_rate": false_negative_rate,
                    "false_positive_rate": false_positive_rate,
                    "n": count,
                },
                y_true=y.astype(int),
                y_pred=s.astype(int),
                sensitive_features=pd.Series(own, name=attribute),
            ).by_group
            if len(y)
            else pd.DataFrame()
        )
        for group, figures in points.iterrows():
            if figures["n"] < LEAST:
                small += 1
                continue
            rows.append(
                {"attribute": attribute, "group": str(group), **cases.row(own == group, figures.to_dict())}
            )
    checks = sum(len(_judged(row["attribute"])) for row in rows)
    breaches = [breach for row in rows for breach in _breaches(row, checks)]
    for row in rows:
        del row["errors"]
    return {
        "rows": rows,
        "small": small,
        "least": LEAST,
        "tolerance": TOLERANCE,
        "checks": checks,
        "cases": len(y),
        "harmed": int(y.sum()),
        "breaches": [{**asdict(breach), "text": breach.text} for breach in breaches],
    }


@dataclass(frozen=True)
class _Cases:
    """Cases whose outcome is known, with bootstrap counts."""

    y: Array
    s: Array
    p: Array
    counts: Array

    def row(self, own: NDArray[np.bool_], figures: Mapping[Any, float]) -> dict[str, Any]:
        """The figures of a group against everybody else."""
        harmed, expected = float(self.y[own].sum()), float(self.p[own].sum())
        low, high = _poisson(harmed, expected, LEVEL)
        answer: dict[str, Any] = {
            "n": int(own.sum()),
            "harmed": int(harmed),
            "selected": int(self.s[own].sum()),
            "selection_rate": float(figures["selection_rate"]),
            "false_negative_rate": float(figures["false_negative_rate"]) if harmed else None,
            "false_positive_rate": float(figures["false_positive_rate"]) if harmed < own.sum() else None,
            "expected": expected,
            "calibration": asdict(Ratio(harmed / expected, low, high)),
            "errors": {},
        }
        for name, hit, among in (
            ("selection_ratio", self.s, np.ones_like(self.y)),
            ("false_negative_ratio", 1 - self.s, self.y),
            ("false_positive_ratio", self.s, 1 - self.y),
        ):
            ratio, error = self._ratio(hit, among, own.astype(np.float64))
            answer[name], answer["errors"][name] = asdict(ratio), error
        return answer

    def _ratio(self, hit: Array, among: Array, own: Array) -> tuple[Ratio, float]:
        """A rate in a group over that outside of it, and the standard error of its logarithm."""
        parts = [among * own * hit, among * own, among * (1 - own) * hit, among * (1 - own)]
        if not parts[1].sum() > 0 or not parts[3].sum() > 0:
            return Ratio(None, None, None), float("nan")
        # half a case is added to both, so that none of few is no ratio of nought
        log = _log_ratio(*(part.sum() for part in parts))
        drawn = _log_ratio(*(self.counts @ part for part in parts))
        error = float(np.std(drawn, ddof=1))
        reach = norm.ppf((1 + LEVEL) / 2) * error
        return Ratio(*(float(np.exp(log + side * reach)) for side in (0, -1, 1))), error


def _log_ratio(hits: Any, n: Any, other_hits: Any, other_n: Any) -> Any:
    return np.log((hits + 0.5) / (n + 1)) - np.log((other_hits + 0.5) / (other_n + 1))


def _poisson(count_: float, expected: float, level: float) -> tuple[float, float]:
    """The exact interval of a count over what was expected (Garwood)."""
    tail = (1 - level) / 2
    low = float(gamma.ppf(tail, count_)) if count_ else 0.0
    return low / expected, float(gamma.ppf(1 - tail, count_ + 1)) / expected


def _judged(attribute: str) -> tuple[str, ...]:
    of_harm = ("calibration", "false_negative_ratio")
    return (*of_harm, "false_positive_ratio") if attribute in OF_PERSONS else of_harm


def _breaches(row: Mapping[str, Any], checks: int) -> Iterator[Breach]:
    level = 1 - (1 - LEVEL) / max(checks, 1)  # Bonferroni
    for figure in _judged(row["attribute"]):
        value = row[figure]["value"]
        if value is None:
            continue
        if figure == "calibration":
            low, high = _poisson(row["harmed"], row["expected"], level)
            beyond = low > TOLERANCE or high < 1 / TOLERANCE
        else:
            reach = norm.ppf((1 + level) / 2) * row["errors"][figure]
            low, high = value * np.exp(-reach), value * np.exp(reach)
            beyond = low > TOLERANCE  # to be missed, or to be sent for, more often than others
        if beyond:
            yield Breach(row["attribute"], row["group"], figure, float(value), float(low), float(high))
