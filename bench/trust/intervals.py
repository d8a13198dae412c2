"""How often a risk's interval holds what a perfect reader of the same records would say."""

from __future__ import annotations

import numpy as np

from bench.trust.held import Held
from models.bootstrap import draws, interval
from models.spread import LEVEL
from models.targets import RISK_COLUMNS


def section(held: Held) -> list[str]:
    """The lines of the report."""
    scorer, inputs = held.trained.scorer, held.inputs
    risks = scorer.risks(inputs)
    found = scorer.estimator.bounds(inputs, scorer.calibration, scorer.estimator.text_columns(inputs))
    assert found is not None
    low, high = found
    lines = [
        f"Intervals: meant to hold p_seen in {LEVEL:.0%} of cases. 95 % bootstrap by pair of parties.",
        f"  {'':<24} {'intake':<22} {'after records':<22} {'top 5 % at intake':<22} width (high / low)",
    ]
    for place, name in enumerate(RISK_COLUMNS):
        seen = held.truth[1][:, place]
        known, intake = np.isfinite(seen), held.cases.at_intake
        inside = (low[:, place] <= seen) & (seen <= high[:, place])
        top = risks[:, place] >= np.quantile(risks[intake, place], 0.95)
        cells = [_share(held, inside, known & group) for group in (intake, ~intake, intake & top)]
        width = np.median(high[:, place] / low[:, place])
        lines.append(f"  {name:<24} {'  '.join(cells)}  {width:5.1f}")
    place = RISK_COLUMNS.index("escalation_90")
    lines.append(
        "  By tenth of the risk, escalation within 90 days at intake: mean of low, risk, high; rate of p_true"
    )
    intake = held.cases.at_intake & np.isfinite(held.truth[0][:, place])
    order = np.argsort(risks[intake, place], kind="stable")
    for number, rows in enumerate(np.array_split(np.flatnonzero(intake)[order], 10)):
        ends = (low[rows, place].mean(), risks[rows, place].mean(), high[rows, place].mean())
        rate = held.truth[0][rows, place].mean()
        lines.append(f"    {number + 1:2d}  {ends[0]:.4f}  {ends[1]:.4f}  {ends[2]:.4f}   {rate:.4f}")
    return lines


def _share(held: Held, inside: np.ndarray, group: np.ndarray) -> str:
    counts = draws(held.cases.clusters[group], 200, 0)
    values = inside[group].astype(float)
    found = interval(values.mean(), counts @ values / counts.sum(axis=1))
    return f"{found.value:6.1%} [{found.low:.1%}, {found.high:.1%}]"
