"""What the held-out quarter says of a training: figures with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bootstrap import bootstrap, draws
from models.metrics import FIGURES
from models.targets import RISK_COLUMNS, Labels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Validated:
    """The validation quarter's disputes at intake, as the validation model saw them.

    Attributes
    ----------
    risks
        Calibrated risks, shape (n, 12).
    labels
        As known at the cut.
    clusters
        Disputes between the same people share a number, shape (n,).
    floored
        Whether a safety floor applies, shape (n,).
    """

    risks: Array
    labels: Labels
    clusters: NDArray[np.int64]
    floored: NDArray[np.bool_]
    begin: int
    end: int


def figures(validated: Validated, replicates: int = 200, seed: int = 0) -> list[dict[str, Any]]:
    """The figures of the validation model on its held-out quarter at intake, with intervals.

    The calibration slope is of the risks as they came out of the map that was fitted on this same quarter.
    """
    table = []
    for place, name in enumerate(RISK_COLUMNS):
        target, horizon = name.rsplit("_", 1)
        y = validated.labels.within(target, int(horizon))
        known = np.isfinite(y)
        if not known.any() or not 0 < y[known].sum() < known.sum():
            continue
        counts = draws(validated.clusters[known], replicates, seed)
        for metric, figure in FIGURES.items():
            found = bootstrap(figure, y[known], validated.risks[known, place], counts)
            table.append(
                {
                    "target": target,
                    "horizon_days": int(horizon),
                    "metric": metric,
                    **asdict(found),
                    "n": int(known.sum()),
                    "n_pos": int(y[known].sum()),
                }
            )
    return table
