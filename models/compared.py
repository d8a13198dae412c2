"""What differs between two versions on the same cases: figures, groups, colours, and the cases that flip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from models.bootstrap import bootstrap, draws, paired_difference
from models.contest import MAIN, Contest
from models.explaining import OneCase
from models.fairness import LEAST
from models.groups import ATTRIBUTES, groups_of
from models.metrics import FIGURES, brier
from models.policy import COLOURS
from models.reasons import fact_reasons
from models.scorer import Scorer
from models.targets import RISK_COLUMNS

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]

REPLICATES: Final = 500
FLIPS: Final = 20
_FACTS: Final = 3


def figures(found: Contest, *, replicates: int = REPLICATES, seed: int = 0) -> pd.DataFrame:
    """Every figure of both versions and their difference, by target and horizon.

    Returns
    -------
    DataFrame
        `target, horizon_days, metric, ours, theirs, difference, low, high, n, n_pos`; the interval is of the
        difference, ours less theirs, on the same draws.
    """
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(RISK_COLUMNS):
        target, horizon = name.rsplit("_", 1)
        y = found.cases.labels.within(target, int(horizon))
        known = np.flatnonzero(np.isfinite(y))
        if len(known) == 0 or not 0 < y[known].sum() < len(known):
            continue
        counts = draws(found.cases.clusters[known], replicates, seed)
        ours, theirs = found.risks[known, place], _other(found)[known, place]
        for metric, figure in FIGURES.items():
            less = paired_difference(figure, y[known], ours, theirs, counts)
            rows.append(
                {
                    "target": target,
                    "horizon_days": int(horizon),
                    "metric": metric,
                    "ours": figure(y[known], ours),
                    "theirs": figure(y[known], theirs),
                    "difference": less.value,
                    "low": less.low,
                    "high": less.high,
                    "n": len(known),
                    "n_pos": int(y[known].sum()),
                }
            )
    return pd.DataFrame(rows)


def by_group(
    found: Contest, snapshot: Snapshot, *, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """How far each version's risks are off in each group of at least `models.fairness.LEAST` cases.

    Returns
    -------
    DataFrame
        `attribute, group, n, n_pos, coloured_ours, coloured_theirs` (shares that get any slip), and the Brier
        score of both with the paired interval of its difference (below 0: ours is nearer). Average precision
        would say nothing: most groups have a harm or two.
    """
    points = found.cases.points
    groups = groups_of(snapshot, points["dispute_id"].tolist(), points["as_of"].to_numpy(np.int64))
    known = np.isfinite(found.harmed)
    ours, theirs = (rank > 0 for rank in ranks(found))
    rows: list[dict[str, Any]] = []
    for attribute in ATTRIBUTES:
        of = groups[attribute].to_numpy(object)
        for group in sorted(set(of[known].tolist())):
            chosen = np.flatnonzero(known & (of == group))
            if len(chosen) < LEAST:
                continue
            y, mine, other = (
                found.harmed[chosen],
                found.risks[chosen, MAIN],
                _other(found)[chosen, MAIN],
            )
            less = paired_difference(
                brier, y, mine, other, draws(found.cases.clusters[chosen], replicates, seed)
            )
            rows.append(
                {
                    "attribute": attribute,
                    "group": group,
                    "n": len(chosen),
                    "n_pos": int(y.sum()),
                    "coloured_ours": float(ours[chosen].mean()),
                    "coloured_theirs": float(theirs[chosen].mean()),
                    "brier_ours": brier(y, mine),
                    "brier_theirs": brier(y, other),
                    "difference": less.value,
                    "low": less.low,
                    "high": less.high,
                }
            )
    return pd.DataFrame(rows)


def ranks(found: Contest) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The colour of each case by each version, floors included, as its position in `COLOURS`."""
    red = COLOURS.index("red")
    answer = []
    for scorer, risks in ((found.ours, found.risks), (_their_scorer(found), _other(found))):
        answer.append(np.where(found.floored, red, scorer.policy.by_score(risks)))
    return answer[0], answer[1]


def colours(found: Contest) -> pd.DataFrame:
    """What would have changed: cases, and harmed ones among them, by their colour and ours.

    Returns
    -------
    DataFrame
        `theirs, ours, cases, harmed`, of pairs that occur.
    """
    ours, theirs = ranks(found)
    table = pd.DataFrame(
        {"theirs": theirs, "ours": ours, "cases": 1, "harmed": np.nan_to_num(found.harmed).astype(int)}
    )
    counted = table.groupby(["theirs", "ours"], as_index=False).sum()
    for side in ("theirs", "ours"):
        counted[side] = [COLOURS[place] for place in counted[side]]
    return counted


def flips(found: Contest, most: int = FLIPS) -> pd.DataFrame:
    """The cases that flip most: by colour, then by how far the risk moves.

    Returns
    -------
    DataFrame
        `dispute_id, theirs, ours, risk_theirs, risk_ours, harmed, facts_theirs, facts_ours, moved`: the facts
        that raise each version's risk, and the columns whose weight differs most (logits, ours less theirs).
        Nothing of a narrative.
    """
    ours, theirs = ranks(found)
    moved = np.abs(logit(found.risks[:, MAIN]) - logit(_other(found)[:, MAIN]))
    order = np.lexsort((-moved, -np.abs(ours - theirs)))
    chosen = order[(ours != theirs)[order]][:most]
    frame = found.frame.iloc[chosen]
    mine, other = found.ours.cases(frame), _their_scorer(found).cases(frame)
    rows = []
    for place, case, against in zip(chosen.tolist(), mine, other, strict=True):
        rows.append(
            {
                "dispute_id": found.cases.points["dispute_id"].iloc[place],
                "theirs": COLOURS[theirs[place]],
                "ours": COLOURS[ours[place]],
                "risk_theirs": _other(found)[place, MAIN],
                "risk_ours": found.risks[place, MAIN],
                "harmed": found.harmed[place],
                "facts_theirs": _facts(against),
                "facts_ours": _facts(case),
                "moved": _moved(case, against),
            }
        )
    return pd.DataFrame(rows, columns=_FLIP_COLUMNS)


_FLIP_COLUMNS: Final = [
    "dispute_id",
    "theirs",
    "ours",
    "risk_theirs",
    "risk_ours",
    "harmed",
    "facts_theirs",
    "facts_ours",
    "moved",
]


def summary(found: Contest, *, replicates: int = REPLICATES, seed: int = 0) -> pd.DataFrame:
    """The main figures of escalation within 90 days, each side with its interval.

    Returns
    -------
    DataFrame
        `metric, ours, ours_low, ours_high, theirs, theirs_low, theirs_high`.
    """
    known = np.flatnonzero(np.isfinite(found.harmed))
    counts = draws(found.cases.clusters[known], replicates, seed)
    y = found.harmed[known]
    rows = []
    for metric in ("average_precision", "roc_auc", "brier_skill", "calibration_slope", "recall_at_5pct"):
        row: dict[str, Any] = {"metric": metric}
        for side, risks in (("ours", found.risks), ("theirs", _other(found))):
            got = bootstrap(FIGURES[metric], y, risks[known, MAIN], counts)
            row |= {side: got.value, f"{side}_low": got.low, f"{side}_high": got.high}
        rows.append(row)
    return pd.DataFrame(rows)


def _facts(case: OneCase) -> str:
    told = fact_reasons(case.values, case.contributions, case.scores, most=_FACTS)
    return "; ".join(reason.text for reason in told)


def _moved(ours: OneCase, theirs: OneCase) -> str:
    names = sorted(ours.contributions.keys() | theirs.contributions.keys())
    less = {name: ours.contributions.get(name, 0.0) - theirs.contributions.get(name, 0.0) for name in names}
    largest = sorted(less.items(), key=lambda item: -abs(item[1]))[:_FACTS]
    return "; ".join(f"{name} {value:+.2f}" for name, value in largest)


def _other(found: Contest) -> Array:
    if found.other is None:
        raise ValueError("there is no second version to compare with")
    return found.other


def _their_scorer(found: Contest) -> Scorer:
    if found.theirs is None:
        raise ValueError("there is no second version to compare with")
    return found.theirs
