"""The audit by group on later cases, with far more of them than a held-out quarter has."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.trust.held import Held
from models.fairness import audit
from models.groups import groups_of
from models.reading import floored
from models.targets import RISK_COLUMNS
from models.underreporting import sensitivity


def section(held: Held) -> list[str]:
    """The lines of the report."""
    scorer, rows = held.trained.scorer, np.flatnonzero(held.cases.at_intake)
    points = held.cases.points.iloc[rows]
    ids, as_of = points["dispute_id"].to_numpy(object), points["as_of"].to_numpy(np.int64)
    place = RISK_COLUMNS.index("escalation_90")

    def score(frame: Any) -> tuple[np.ndarray, np.ndarray]:
        risks = scorer.risks(frame)
        chosen = (scorer.policy.by_score(risks) > 0) | floored(frame["text"].tolist())
        return risks[:, place], chosen

    groups = groups_of(held.snapshot, ids.tolist(), as_of)
    risk, chosen = score(held.frame.iloc[rows])
    harmed = held.cases.labels.within("escalation", 90)[rows]
    found = audit(groups, risk, chosen, harmed, held.cases.clusters[rows])
    lines = [
        f"By group, later cases at intake: {found['cases']} known, {found['harmed']} harmed; 95 % intervals",
        f"  {'':<32} {'n':>5} {'harmed':>6}  {'with a colour':>13}  selection ratio     "
        "missed ratio        false alarm ratio   observed / expected",
    ]
    for row in found["rows"]:
        names = ("selection_ratio", "false_negative_ratio", "false_positive_ratio", "calibration")
        cells = "  ".join(_cell(row[name]) for name in names)
        lines.append(
            f"  {row['attribute']:<16} {row['group']:<15} {row['n']:5d} {row['harmed']:6d}  "
            f"{row['selection_rate']:13.1%}  {cells}"
        )
    lines.append(f"  {found['small']} groups of fewer than {found['least']} cases are not shown")
    for where, told in (("later cases", found), ("held-out quarter", held.trained.report["audit"])):
        breaches = "; ".join(breach["text"] for breach in told["breaches"]) or "none"
        lines.append(f"  breaches, {where} ({told['checks']} checks, Bonferroni, tolerance 1.25): {breaches}")
    less = sensitivity(held.snapshot, groups["street"].to_numpy(object), ids, as_of, risk, chosen, score)
    assert less is not None
    lines.append(
        f"  Had street {less['street']} reported {less['less']:.0%} less ({less['cases']} cases): mean risk "
        f"{less['risk']:.4f} -> {less['risk_then']:.4f}, with a colour {less['selected']} -> "
        f"{less['selected_then']}, of those with one {less['left_out']} without"
    )
    return lines


def _cell(ratio: dict[str, Any]) -> str:
    if ratio["value"] is None:
        return f"{'–':<18}"
    return f"{ratio['value']:5.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]".ljust(18)
