"""What more records would bring: the last step fitted anew on the latest part of what there was."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from docket.times import rfc3339
from models.blocks import Points
from models.bootstrap import bootstrap, draws
from models.design import catalogue_columns
from models.estimator import Fitted, fit_hazard
from models.metrics import average_precision, roc_auc
from models.rows import HazardRows
from models.targets import DEFAULT_HORIZON, EDGES, labels

if TYPE_CHECKING:
    from models.calibration import HazardMap
    from models.hazard_settings import HazardSettings
    from models.inputs import Inputs
    from models.summary import Validated

Array = NDArray[np.float64]

PARTS: Final = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Shares of the query points in time order, the latest ones: as if the records had begun later."""
LEAST_HARMED: Final = 5
FIGURES: Final = {"average_precision": average_precision, "roc_auc": roc_auc}
_REACHED: Final = EDGES.index(DEFAULT_HORIZON)


def learning_curve(
    trial: Fitted,
    inputs: Inputs,
    held: Inputs,
    text: Array,
    calibration: HazardMap,
    validated: Validated,
    *,
    until: int,
    settings: HazardSettings,
    seed: int,
    replicates: int = 200,
) -> list[dict[str, Any]]:
    """Escalation within 90 days on the held-out quarter, by how much of the time before it taught.

    Parameters
    ----------
    trial, inputs
        The validation model and what it learned from. Texts are read as all of that taught: what is fitted
        anew is the lead, the line and the trees.
    held, text
        The held-out quarter at intake, and the validation model's text columns of it.
    until
        When the quarter began, µs.

    Returns
    -------
    list of dict
        `share, since, query_points, harmed_disputes`, and of each figure value, `.low` and `.high`. Parts
        with fewer than five harmed disputes are left out; where nobody was harmed in the quarter, all are.
    """
    y = validated.labels.within("escalation", DEFAULT_HORIZON)
    known = np.isfinite(y)
    if not known.any() or not 0 < y[known].sum() < known.sum():
        return []
    counts = draws(validated.clusters[known], replicates, seed)
    points = trial.points
    order = np.argsort(points.as_of, kind="stable")
    table = []
    for share in PARTS:
        rows = np.sort(order[len(order) - round(share * len(order)) :])
        part = Points(points.snapshot, points.ids(rows), points.as_of[rows], points.weight[rows])
        taught = HazardRows.of(labels(points.snapshot, part.dispute_ids, part.as_of, until))
        harmed = {part.dispute_ids[row] for row in taught.example[taught.event > 0].tolist()}
        if len(harmed) < LEAST_HARMED:
            continue
        hazard = trial.estimator.hazard
        if share < 1:
            hazard, _ = fit_hazard(
                part,
                inputs.rows(rows),
                trial.texts.rows(rows),
                taught,
                until,
                settings=settings,
                seed=seed,
                columns=catalogue_columns(),
            )
        hazards = calibration(hazard.hazards(held.table, held.cues, text))[:, :_REACHED]
        risk = 1 - np.prod(1 - hazards, axis=1)
        row: dict[str, Any] = {
            "share": share,
            "since": rfc3339(int(part.as_of.min())),
            "query_points": len(rows),
            "harmed_disputes": len(harmed),
        }
        for name, figure in FIGURES.items():
            found = asdict(bootstrap(figure, y[known], risk[known], counts))
            row |= {f"{name}{end and '.' + end}": found[end or "value"] for end in ("", "low", "high")}
        table.append(row)
    return table
