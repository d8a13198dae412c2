"""The colour policy (三色三单): data, not code, with a version that is the hash of its content.

A policy reads one *index*, a weighted mean of the twelve risks with weights of zero or more, and three
thresholds. More risk is never less index, so it is never a lower colour. What the safety floors name is red
whatever the index says; it is told apart from red by score and doesn't use up the staff's red capacity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, gamma

from models.targets import RISK_COLUMNS

Array = NDArray[np.float64]
Colour = Literal["none", "blue", "yellow", "red"]

COLOURS: Final[tuple[Colour, ...]] = ("none", "blue", "yellow", "red")
"""In order of urgency."""
CAPACITY: Final[Mapping[str, float]] = {"red": 0.01, "yellow": 0.04, "blue": 0.10}
"""Shares of intake that staff can take on, by colour, where a district doesn't name its own (`--policy`)."""
REVIEW_DAYS: Final[Mapping[str, int]] = {"red": 1, "yellow": 3, "blue": 7}
CUE_POINTS: Final[Mapping[str, float]] = {"yellow": 6.0, "blue": 3.0}
"""Checklist points from which a case is coloured while no model is at hand."""


class PolicyError(ValueError):
    """A policy that contradicts itself; the message names the field."""


@dataclass(frozen=True)
class ColourPolicy:
    """Which risks make which colour.

    Attributes
    ----------
    weights
        Weight of each risk column in the index; columns not named weigh nothing. Used as shares of their sum.
    thresholds
        The least index of red, yellow and blue.
    capacity
        The shares of intake that the thresholds were fitted to.
    review_days
        Days from `as_of` to the review that a colour asks for.
    cue_points
        Checklist points for yellow and blue while no model is at hand; red is then by floor alone.
    fitted_on
        Where the thresholds come from: rows, period.
    """

    thresholds: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=lambda: {"escalation_90": 1.0})
    capacity: Mapping[str, float] = field(default_factory=lambda: dict(CAPACITY))
    review_days: Mapping[str, int] = field(default_factory=lambda: dict(REVIEW_DAYS))
    cue_points: Mapping[str, float] = field(default_factory=lambda: dict(CUE_POINTS))
    fitted_on: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a policy that contradicts itself."""
        for name, keys in (
            ("thresholds", COLOURS[1:]),
            ("capacity", COLOURS[1:]),
            ("review_days", COLOURS[1:]),
            ("cue_points", COLOURS[1:3]),
        ):
            values = getattr(self, name)
            if set(values) != set(keys):
                raise PolicyError(f"{name}: needs exactly {', '.join(keys)}, has {', '.join(sorted(values))}")
            if not all(np.isfinite(v) and v >= 0 for v in values.values()):
                raise PolicyError(f"{name}: every value must be a number of zero or more")
        unknown = sorted(set(self.weights) - set(RISK_COLUMNS))
        if unknown:
            raise PolicyError(f"weights: no such risk: {', '.join(unknown)}")
        if (
            not all(np.isfinite(w) and w >= 0 for w in self.weights.values())
            or not sum(self.weights.values()) > 0
        ):
            raise PolicyError("weights: must be zero or more, and not all zero")
        if not self.thresholds["red"] >= self.thresholds["yellow"] >= self.thresholds["blue"]:
            raise PolicyError("thresholds: red must not be below yellow, nor yellow below blue")
        if self.cue_points["yellow"] < self.cue_points["blue"]:
            raise PolicyError("cue_points: yellow must not be below blue")
        if sum(self.capacity.values()) > 1:
            raise PolicyError("capacity: the shares add up to more than 1")

    @cached_property
    def version(self) -> str:
        """A name that is the content's own hash."""
        return "colours-" + hashlib.sha256(self.to_json().encode()).hexdigest()[:12]

    def index(self, risks: Array) -> Array:
        """The index that the thresholds are compared with, shape (n, 12) -> (n,)."""
        weight = np.array([self.weights.get(column, 0.0) for column in RISK_COLUMNS])
        # a plain sum in fixed order: a BLAS product may round one row otherwise than the same row in a batch
        return np.asarray((np.atleast_2d(risks) * (weight / weight.sum())).sum(axis=1))

    def by_score(self, risks: Array) -> NDArray[np.int64]:
        """Position in `COLOURS` by the index alone, shape (n,)."""
        steps = np.array([self.thresholds[colour] for colour in COLOURS[1:]])
        return np.asarray(np.searchsorted(steps, self.index(risks), side="right"), dtype=np.int64)

    def colour(self, risks: Array, floored: bool) -> Colour:
        """The colour of one case, risks of shape (12,)."""
        return "red" if floored else COLOURS[int(self.by_score(risks)[0])]

    def without_model(self, points: float, floored: bool) -> Colour:
        """The colour by cue rules alone."""
        if floored:
            return "red"
        if points >= self.cue_points["yellow"]:
            return "yellow"
        return "blue" if points >= self.cue_points["blue"] else "none"

    def to_json(self) -> str:
        """Canonical JSON: the same policy is the same text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ColourPolicy:
        """Read a policy back.

        Raises
        ------
        PolicyError
            If a field is unknown or missing, or the policy contradicts itself.
        """
        try:
            return cls(**cast("dict[str, Any]", json.loads(text)))
        except TypeError as error:
            raise PolicyError(f"not a colour policy: {error}") from error


DEFAULT: Final = ColourPolicy(
    thresholds={"red": 0.20, "yellow": 0.08, "blue": 0.04}, fitted_on={"origin": "default, not fitted"}
)
"""What applies before any model has been trained."""


def fit(
    risks: Array,
    *,
    capacity: Mapping[str, float] = CAPACITY,
    thresholds: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    fitted_on: Mapping[str, Any] | None = None,
) -> ColourPolicy:
    """A policy whose colours take up the staff's capacity on the intake of a validation quarter.

    Parameters
    ----------
    risks
        Calibrated risks of that quarter's cases at intake, shape (n, 12). They must come from a model that
        had not seen the quarter.
    thresholds
        The least index of red, yellow and blue, where the district names risks instead of shares of intake;
        `capacity` is then what the report warns by.

    Raises
    ------
    PolicyError
        If there is no case to fit on.
    """
    if len(risks) == 0:
        raise PolicyError("no case of the validation quarter to fit the thresholds on")
    weights = {"escalation_90": 1.0} if weights is None else weights
    top: dict[str, float] = dict.fromkeys(map(str, COLOURS[1:]), 1.0)
    draft = ColourPolicy(thresholds=top, weights=weights, capacity=dict(capacity))
    index = draft.index(risks)
    taken = 0.0
    steps: dict[str, float] = {}
    for colour in ("red", "yellow", "blue"):
        taken += capacity[colour]
        steps[colour] = float(np.quantile(index, 1 - taken, method="higher"))
    return ColourPolicy(
        thresholds=steps if thresholds is None else dict(thresholds),
        weights=weights,
        capacity=dict(capacity),
        fitted_on={"rows": len(risks), **(fitted_on or {})},
    )


def exact_interval(hits: int, n: int) -> tuple[float | None, float | None]:
    """The exact 95 % interval of a share (Clopper and Pearson); None where nothing was counted.

    Colours hold few harms, often none: a bootstrap would give those no width at all.
    """
    if n == 0:
        return None, None
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def exact_rate(count: int, days: float) -> tuple[float, float]:
    """The exact 95 % interval of a count's daily rate, the count taken as Poisson."""
    if not days > 0:
        return 0.0, 0.0
    low = float(gamma.ppf(0.025, count)) if count else 0.0
    return low / days, float(gamma.ppf(0.975, count + 1)) / days


def policy_report(
    policy: ColourPolicy, risks: Array, floored: NDArray[np.bool_], harmed: Array, days: float
) -> dict[str, Any]:
    """What the colours would have meant on some cases at intake.

    Parameters
    ----------
    risks, floored, harmed
        Shape (n, 12), (n,), (n,): risks, whether a safety floor applies, harm within the horizon (1, 0, or
        NaN where not yet known).
    days
        Length of the period in days.

    Returns
    -------
    dict
        For `red` (by score), `floor`, `yellow`, `blue`, `none`: cases, share of intake, slips a day, and of
        those whose outcome is known precision with its interval; `missed`: harmed cases without a colour, of
        all harmed, with its interval; and `warnings`. A case under a floor is counted there only.
    """
    by_score = policy.by_score(risks)
    known = np.isfinite(harmed)
    report: dict[str, Any] = {"policy_version": policy.version, "cases": len(risks), "days": days}
    groups: dict[str, NDArray[np.bool_]] = {}
    groups |= {colour: (by_score == place) & ~floored for place, colour in enumerate(COLOURS)}
    groups["floor"] = floored
    for name, group in groups.items():
        labelled = group & known
        hits, n = int(harmed[labelled].sum()), int(labelled.sum())
        low, high = exact_interval(hits, n)
        slips_low, slips_high = exact_rate(int(group.sum()), days)
        report[name] = {
            "cases": int(group.sum()),
            "share": float(group.mean()) if len(group) else 0.0,
            "per_day": float(group.sum() / days) if days > 0 else 0.0,
            "per_day_low": slips_low,
            "per_day_high": slips_high,
            "precision": hits / n if n else None,
            "low": low,
            "high": high,
            "harmed": hits,
            "labelled": n,
        }
    missed, harms = report["none"]["harmed"], int(np.nansum(harmed))
    low, high = exact_interval(missed, harms)
    share = missed / harms if harms else None
    report["missed"] = {"cases": missed, "harmed": harms, "share": share, "low": low, "high": high}
    report["warnings"] = []
    if report["floor"]["share"] > 2 * policy.capacity["red"]:
        report["warnings"].append(
            f"red by floor is {report['floor']['share']:.1%} of intake, above twice the red capacity of "
            f"{policy.capacity['red']:.1%}: look at what the floors catch"
        )
    return report
