"""Whether a colour holds when the same report is written otherwise, and what colours mean for staff."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta

from bench.trust.held import Held
from bench.trust.perturbing import PERTURBATIONS, Perturbation
from docket.text import prepare
from docket.times import DAY
from models.policy import COLOURS, policy_report
from models.reading import floored
from models.scorer import Scorer

MOST = 1500


def section(held: Held) -> list[str]:
    """The lines of the report."""
    intake = np.flatnonzero(held.cases.at_intake)
    chosen = np.sort(np.random.default_rng(0).permutation(intake)[:MOST])
    points = held.cases.points.iloc[chosen]
    raw = [held.snapshot.originals(*row) for row in points[["dispute_id", "as_of"]].itertuples(index=False)]
    scorer = held.trained.scorer
    frame = held.frame.iloc[chosen]
    before = colours(scorer, frame, raw, None)
    lines = [
        f"Colours of {len(raw)} reports at intake, written otherwise: how many change, 95 % interval",
        f"  {'':<30} {'of all':<26} {'to a lower one':<16} of those with a colour",
    ]
    for name, perturbation in PERTURBATIONS.items():
        after = colours(scorer, frame, raw, perturbation)
        moved, coloured = after != before, before > 0
        cells = (_share(moved), f"{(after < before).mean():6.2%}", _share(moved[coloured]))
        lines.append(f"  {name:<30} {cells[0]:<26} {cells[1]:<16} {cells[2]}")
    return [*lines, "", *_staff(held)]


def colours(scorer: Scorer, frame: object, raw: list[str], perturbation: Perturbation | None) -> np.ndarray:
    """Position in `COLOURS` of each report, floors in it."""
    rng = np.random.default_rng(0)
    texts = [prepare(text if perturbation is None else perturbation(text, rng)).text for text in raw]
    by_score = scorer.policy.by_score(scorer.risks(frame.assign(text=texts)))  # type: ignore[attr-defined]
    return np.where(floored(texts), COLOURS.index("red"), by_score)


def _share(values: np.ndarray) -> str:
    good, n = int(values.sum()), len(values)
    low = beta.ppf(0.025, good, n - good + 1) if good else 0.0
    high = beta.ppf(0.975, good + 1, n - good) if good < n else 1.0
    return f"{good / n:6.2%} [{low:.2%}, {high:.2%}]"


def _staff(held: Held) -> list[str]:
    rows = np.flatnonzero(held.cases.at_intake)
    risks = held.trained.scorer.risks(held.inputs.rows(rows))
    as_of = held.cases.points["as_of"].to_numpy(np.int64)[rows]
    report = policy_report(
        held.trained.scorer.policy,
        risks,
        floored(held.frame["text"].iloc[rows].tolist()),
        held.cases.labels.within("escalation", 90)[rows],
        float(np.ptp(as_of)) / DAY,
    )
    lines = ["What colours mean for staff, later cases at intake (exact 95 % intervals)"]
    for name in ("red", "floor", "yellow", "blue", "none"):
        own = report[name]
        precision = own["precision"]
        told = "–" if precision is None else f"{precision:6.1%} [{own['low']:.1%}, {own['high']:.1%}]"
        slips = f"{own['per_day']:.2f} [{own['per_day_low']:.2f}, {own['per_day_high']:.2f}] a day"
        size = f"{own['cases']:5d} cases  {own['share']:6.2%} of intake"
        lines.append(f"  {name:<8} {size}  {slips}  harmed {told}")
    missed = report["missed"]
    lines.append(
        f"  harmed without a colour: {missed['cases']} of {missed['harmed']}, {missed['share']:.1%} "
        f"[{missed['low']:.1%}, {missed['high']:.1%}]"
    )
    return lines
