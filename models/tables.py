"""metrics.csv and reliability.csv: every figure of every model with its interval.

`metric` names the figure; a suffix says on which cases: none is intake, `@events` after records,
`@intervened` and `@left_alone` intake with and without a mediation, order, help or visit in the 30 days
after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY
from models import truth as truths
from models.baselines import NO_PROBABILITY
from models.bootstrap import Interval, bootstrap, draws, interval, paired_difference
from models.evaluation import OURS, Judged
from models.metrics import FIGURES, RANKING_ONLY, average_precision, reliability
from models.policy import COLOURS
from models.targets import DEFAULT_HORIZON, HORIZONS, RISK_COLUMNS, TARGETS

Array = NDArray[np.float64]

COLUMNS: Final = ("model", "target", "horizon_days", "metric", "value", "low", "high", "n", "n_pos")
REPLICATES: Final = 200
_MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")
_BRIEF: Final = (
    "average_precision",
    "roc_auc",
    "brier_skill",
    "calibration_slope",
    "calibration_intercept",
    "ece",
)


@dataclass(frozen=True)
class _Row:
    model: str
    target: str
    horizon_days: int
    metric: str
    value: float
    low: float
    high: float
    n: int
    n_pos: float


def _scopes(judged: Judged) -> dict[str, NDArray[np.bool_]]:
    intake, intervened = judged.cases.at_intake, judged.cases.intervened
    return {
        "": intake,
        "@events": ~intake,
        "@intervened": intake & intervened,
        "@left_alone": intake & ~intervened,
    }


def metrics_table(
    judged: Judged, truth: pd.DataFrame | None = None, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """All figures, in the columns of metrics.csv.

    Parameters
    ----------
    truth
        From `models.truth.read_truth`, where the records are simulated: adds soft average precision, its
        ceiling and the share of it.
    """
    rows: list[_Row] = []
    for suffix, scope in _scopes(judged).items():
        for place, name in enumerate(RISK_COLUMNS):
            target, horizon = name.rsplit("_", 1)
            y = judged.cases.labels.within(target, int(horizon))
            chosen = np.flatnonzero(scope & np.isfinite(y))
            if len(chosen) == 0 or not 0 < y[chosen].sum() < len(chosen):
                continue
            counts = draws(judged.cases.clusters[chosen], replicates, seed)
            scores = {OURS: judged.risks[:, place]}
            if place == _MAIN:
                scores |= judged.others
            for model, score in scores.items():
                rows += _figures(model, target, int(horizon), suffix, y[chosen], score[chosen], counts)
            if place == _MAIN:
                rows += _differences(suffix, y[chosen], {m: s[chosen] for m, s in scores.items()}, counts)
    rows += _staff(judged, replicates, seed)
    if truth is not None:
        rows += _against_truth(judged, truth, replicates, seed)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _figures(
    model: str, target: str, horizon: int, suffix: str, y: Array, score: Array, counts: Array
) -> Iterator[_Row]:
    for metric, figure in FIGURES.items():
        if (model in NO_PROBABILITY and metric not in RANKING_ONLY) or (suffix and metric not in _BRIEF):
            continue
        found = bootstrap(figure, y, score, counts)
        yield _row(model, target, horizon, metric + suffix, found, len(y), y.sum())


def _differences(suffix: str, y: Array, scores: dict[str, Array], counts: Array) -> Iterator[_Row]:
    """Our average precision less each other's, on the same draws."""
    ours = scores[OURS]
    for other, theirs in scores.items():
        if other != OURS:
            found = paired_difference(average_precision, y, ours, theirs, counts)
            metric = f"average_precision_minus_{other}{suffix}"
            yield _row(OURS, "escalation", DEFAULT_HORIZON, metric, found, len(y), y.sum())


def _staff(judged: Judged, replicates: int, seed: int) -> Iterator[_Row]:
    """What it means for staff: slips a day by colour, and days from the first red to the harm."""
    intake = np.flatnonzero(judged.cases.at_intake)
    y = judged.cases.labels.within("escalation", DEFAULT_HORIZON)
    counts = draws(judged.cases.clusters[intake], replicates, seed)
    groups: dict[str, NDArray[np.bool_]] = {}
    groups |= {colour: judged.colours == place for place, colour in enumerate(COLOURS) if place}
    groups["red_floor"] = judged.floored
    for name, group in groups.items():
        # a case under a floor is red by floor, whatever its score says
        at = (group & ~judged.floored if name != "red_floor" else group)[intake].astype(float)
        positives = np.nansum(y[intake] * at)
        for metric, scale in (("slips_per_day", judged.days), ("share_of_intake", float(len(intake)))):
            found = interval(at.sum() / scale, counts @ at / scale)
            yield _row(OURS, "escalation", DEFAULT_HORIZON, f"{metric}_{name}", found, len(intake), positives)
        known = np.isfinite(y[intake])
        if (at * known).sum() > 0:
            hit = np.nan_to_num(y[intake]) * at
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = (counts @ hit) / (counts @ (at * known))
            found = interval(hit.sum() / (at * known).sum(), drawn)
            n = int((at * known).sum())
            yield _row(OURS, "escalation", DEFAULT_HORIZON, f"precision_{name}", found, n, positives)
    found, n = _lead_time(judged, replicates, seed)
    yield _row(OURS, "escalation", DEFAULT_HORIZON, "median_lead_days_from_red", found, n, n)


def _lead_time(judged: Judged, replicates: int, seed: int) -> tuple[Interval, int]:
    """Median days from a dispute's first red to its first harm after that, where it came within 180 days."""
    red = (judged.colours == COLOURS.index("red")) | judged.floored
    points = judged.cases.points.assign(
        red=red,
        harm=judged.cases.labels.first[:, TARGETS.index("escalation")],
        cluster=judged.cases.clusters,
    )
    first_red = points[points["red"]].sort_values("as_of").groupby("dispute_id").head(1)
    first_red = first_red[first_red["harm"] <= HORIZONS[-1] * DAY]
    days = first_red["harm"].to_numpy(np.float64) / DAY
    if len(days) == 0:
        return Interval(float("nan"), float("nan"), float("nan")), 0
    counts = draws(first_red["cluster"].to_numpy(np.int64), replicates, seed)
    drawn = [float(np.median(np.repeat(days, row.astype(np.int64)))) for row in counts if row.sum() > 0]
    return interval(float(np.median(days)), drawn), len(days)


def _against_truth(judged: Judged, truth: pd.DataFrame, replicates: int, seed: int) -> Iterator[_Row]:
    points = judged.cases.points
    found = truths.looked_up(truth, points["dispute_id"].to_numpy(object), points["as_of"].to_numpy(np.int64))
    for suffix, scope in list(_scopes(judged).items())[:2]:
        for place, name in enumerate(RISK_COLUMNS):
            target, horizon = name.rsplit("_", 1)
            p_true, p_seen = found[:, :, place]
            chosen = np.flatnonzero(scope & np.isfinite(p_true) & np.isfinite(p_seen))
            if len(chosen) == 0:
                continue
            counts = draws(judged.cases.clusters[chosen], replicates, seed)
            scores = {OURS: judged.risks[:, place]}
            if place == _MAIN:
                scores |= judged.others
            n_pos = float(p_true[chosen].sum())
            for model, score in scores.items():
                shares = truths.ceiling_figures(p_true[chosen], p_seen[chosen], score[chosen], counts)
                for metric, value in shares.items():
                    yield _row(model, target, int(horizon), metric + suffix, value, len(chosen), n_pos)
                if model != OURS:
                    less = truths.share_difference(
                        p_true[chosen], p_seen[chosen], scores[OURS][chosen], score[chosen], counts
                    )
                    metric = f"ceiling_share_minus_{model}{suffix}"
                    yield _row(OURS, target, int(horizon), metric, less, len(chosen), n_pos)


def _row(model: str, target: str, horizon: int, metric: str, found: Interval, n: int, n_pos: float) -> _Row:
    return _Row(model, target, horizon, metric, found.value, found.low, found.high, n, float(n_pos))


def reliability_table(judged: Judged) -> pd.DataFrame:
    """Mean risk and observed rate by decile of the risk at intake: the columns of reliability.csv."""
    rows = []
    intake = judged.cases.at_intake
    for place, name in enumerate(RISK_COLUMNS):
        target, horizon = name.rsplit("_", 1)
        y = judged.cases.labels.within(target, int(horizon))
        chosen = intake & np.isfinite(y)
        if not chosen.any():
            continue
        for number, (risk, rate, n) in enumerate(reliability(y[chosen], judged.risks[chosen, place])):
            rows.append((OURS, target, int(horizon), number + 1, risk, rate, int(n)))
    columns = ["model", "target", "horizon_days", "bin", "mean_risk", "observed_rate", "n"]
    return pd.DataFrame(rows, columns=columns)
