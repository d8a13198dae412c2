"""What a training finds out about itself on its held-out quarter: groups, silence, intervals, ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import fairness
from models.groups import groups_of
from models.inputs import Inputs
from models.ranges import ALARM
from models.reading import floored
from models.spread import LEVEL
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS
from models.underreporting import sensitivity

if TYPE_CHECKING:
    from models.calibration import HazardMap
    from models.estimator import Estimator
    from models.material import Material
    from models.policy import ColourPolicy
    from models.ranges import Ranges
    from models.summary import Validated

Array = NDArray[np.float64]
FIFTHS: Final = 5
_MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")


def groups_audited(
    m: Material,
    trial: Estimator,
    calibration: HazardMap,
    colours: ColourPolicy,
    validated: Validated,
    rows: NDArray[np.int64],
) -> dict[str, Any]:
    """The audit by group of the held-out quarter at intake, and what a street's silence would do.

    Parameters
    ----------
    trial, calibration, colours
        The validation model, which had not seen the quarter, its map and its colours.
    rows
        The quarter's intakes among the material's points.
    """

    def selected(risks: Array, floors: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray((colours.by_score(risks) > 0) | floors)

    def score(frame: pd.DataFrame) -> tuple[Array, NDArray[np.bool_]]:
        risks = trial.risks(Inputs.read(frame), calibration)
        return risks[:, _MAIN], selected(risks, floored(frame["text"].tolist()))

    ids, as_of = m.ids[rows], m.as_of[rows]
    groups = groups_of(m.known, ids.tolist(), as_of)
    risk, chosen = validated.risks[:, _MAIN], selected(validated.risks, validated.floored)
    harmed = validated.labels.within("escalation", DEFAULT_HORIZON)
    found = fairness.audit(groups, risk, chosen, harmed, validated.clusters, seed=m.seed)
    street = groups["street"].to_numpy(object)
    found["underreporting"] = sensitivity(m.known, street, ids, as_of, risk, chosen, score, m.seed)
    return found


def uncertainty(
    m: Material,
    trial: Estimator,
    calibration: HazardMap,
    ranges: Ranges,
    final: Estimator,
    validated: Validated,
    rows: NDArray[np.int64],
) -> dict[str, Any]:
    """How wide intervals are, whether observed rates lie in them, how often an ordinary case is strange."""
    inputs = m.inputs.rows(rows)
    strange = ranges.outside(inputs, final.hazard.design, trial.score).mean(axis=0)
    answer: dict[str, Any] = {
        "level": LEVEL,
        "alarm": ALARM,
        "strange": {"table": float(strange[0]), "text": float(strange[1])},
        "fifths": [],
        "width": None,
    }
    bounds = trial.bounds(inputs, calibration, trial.text_columns(inputs))
    if bounds is None:
        return answer
    low, high = (end[:, _MAIN] for end in bounds)
    risk, harmed = validated.risks[:, _MAIN], validated.labels.within("escalation", DEFAULT_HORIZON)
    answer["width"] = float(np.median(high / low))
    known = np.flatnonzero(np.isfinite(harmed))
    for part in np.array_split(known[np.argsort(risk[known], kind="stable")], FIFTHS):
        if len(part):
            means = {"low": low, "risk": risk, "high": high, "observed": harmed}
            answer["fifths"].append({name: float(x[part].mean()) for name, x in means.items()})
    return answer
