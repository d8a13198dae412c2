"""How long before a harm its dispute first had a colour that people act on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY
from features.frame import feature_frame
from features.sources import DuckSource
from models.examples import record_points
from models.inputs import Inputs
from models.policy import COLOURS, ColourPolicy
from models.reading import floored
from models.targets import DEFAULT_HORIZON, TARGETS

if TYPE_CHECKING:
    from models.calibration import HazardMap
    from models.estimator import Estimator
    from models.material import Material

EDGES: Final = (0, 7, 30, 90)
"""Days before the harm; a lead of a week lets somebody visit twice."""
LEADS: Final = tuple(f"{low}–{high}" for low, high in pairwise(EDGES))
ACTED_ON: Final = COLOURS.index("yellow")
NEVER: Final = "never"


def lead_times(
    m: Material, trial: Estimator, calibration: HazardMap, colours: ColourPolicy, rows: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Days from the first yellow or red to the first harm within 90 days of intake, by target.

    The disputes are coloured as a service would have: at intake and after each record about them or their
    people, by the validation model, which had not seen the quarter, and by floors.

    Parameters
    ----------
    rows
        The held-out quarter's intakes among the material's points; all their 90-day labels have matured.

    Returns
    -------
    list of dict
        A row a target: `target, harmed`, how many of these had the colour before the harm by how many days
        (`0–7`, `7–30`, `30–90`) or `never`, and the median of those who had.
    """
    first = m.labels.take(rows).first
    within = first <= DEFAULT_HORIZON * DAY
    harmed = rows[within.any(axis=1)]
    began = _first_coloured(m, trial, calibration, colours, harmed)
    coloured = np.array([began.get(name, np.inf) for name in m.ids[rows].tolist()])
    days = (m.as_of[rows][:, None] + first - coloured[:, None]) / DAY
    return [_row(target, days[within[:, place], place]) for place, target in enumerate(TARGETS)]


def _row(target: str, days: NDArray[np.float64]) -> dict[str, Any]:
    """A target's distribution; a colour at or after the harm is none before it."""
    led = days[days > 0]
    # closed on the right, as the intervals of the targets are
    bins = np.searchsorted(EDGES[1:], led, side="left")
    counts = np.bincount(bins, minlength=len(LEADS))
    return {
        "target": target,
        "harmed": len(days),
        **dict(zip(LEADS, counts.tolist(), strict=True)),
        NEVER: len(days) - len(led),
        "median_days": float(np.median(led)) if len(led) else None,
    }


def _first_coloured(
    m: Material,
    trial: Estimator,
    calibration: HazardMap,
    colours: ColourPolicy,
    rows: NDArray[np.int64],
) -> Mapping[str, int]:
    """When each dispute first was yellow or red, µs; those that never were are left out."""
    if len(rows) == 0:
        return {}
    intake = pd.DataFrame({"dispute_id": m.ids[rows], "as_of": m.as_of[rows]})
    later = record_points(m.known, m.cut).merge(intake.rename(columns={"as_of": "intake"}), on="dispute_id")
    later = later[
        (later["as_of"] > later["intake"]) & (later["as_of"] <= later["intake"] + DEFAULT_HORIZON * DAY)
    ]
    moments = pd.concat([intake, later[["dispute_id", "as_of"]]], ignore_index=True)
    frame = feature_frame(
        DuckSource(m.known), moments["dispute_id"].tolist(), moments["as_of"].to_numpy(np.int64)
    )
    risks = trial.risks(Inputs.read(frame), calibration)
    acted_on = (colours.by_score(risks) >= ACTED_ON) | floored(frame["text"].tolist())
    found = moments[acted_on].groupby("dispute_id")["as_of"].min()
    return dict(zip(found.index.astype(str), found.to_numpy(np.int64).tolist(), strict=True))
