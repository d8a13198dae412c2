"""What the parts of a model are worth: how far each moves a risk, and what it was learned from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.cues import CUES
from models.bootstrap import bootstrap, draws
from models.hazard import SUGGESTED
from models.metrics import roc_auc
from models.reading import CUE_POINTS
from models.targets import DEFAULT_HORIZON

if TYPE_CHECKING:
    from models.estimator import Fitted
    from models.inputs import Inputs
    from models.summary import Validated

Array = NDArray[np.float64]


def parts_of(trial: Fitted, held: Inputs, text: Array, validated: Validated) -> dict[str, Any]:
    """What the card says of the table, the cues, the texts, the lead and the tagger.

    Parameters
    ----------
    trial
        The validation model.
    held, text
        The held-out quarter at intake, and the validation model's text columns of it.

    Returns
    -------
    dict
        `table` and `cues`: how far they move the log odds of a harm in the first week, one standard deviation
        over the quarter's cases. `texts`: of each column that, its coefficient in the line, and the share of
        training rows that had a score. `lead`: None, or what taught it, how far harms follow it, how far it
        moves a risk, and how well it alone ranks. `tagger`: what it has learned, and what it expects.
    """
    hazard = trial.estimator.hazard
    moved = hazard.contributions(held.table, held.cues, text, 1)[0][0]
    columns, cues = len(hazard.columns), len(hazard.cue_names)
    of_texts = moved[:, columns + cues :]
    line = hazard.coefficients[len(hazard.coefficients) - len(hazard.text_names) :]
    scored = np.isfinite(trial.texts.columns).mean(axis=0)
    return {
        "table": float(moved[:, :columns].sum(axis=1).std()),
        "cues": float(moved[:, columns : columns + cues].sum(axis=1).std()),
        "texts": [
            {
                "column": name,
                "scored": float(scored[place]),
                "coefficient": float(line[place]),
                "moves": float(of_texts[:, place].std()),
            }
            for place, name in enumerate(hazard.text_names)
        ],
        "lead": _lead(trial, held, validated),
        "tagger": _tagger(trial, held, text),
    }


def _lead(trial: Fitted, held: Inputs, validated: Validated) -> dict[str, Any] | None:
    if trial.lead is None:
        return None
    hazard = trial.estimator.hazard
    score = np.hstack([hazard.design(held.table), held.cues]) @ trial.lead.direction
    y = validated.labels.within("escalation", DEFAULT_HORIZON)
    known = np.isfinite(y)
    ranks = None
    if known.any() and 0 < y[known].sum() < known.sum():
        counts = draws(validated.clusters[known], 200, 0)
        ranks = asdict(bootstrap(roc_auc, y[known], score[known], counts))
    return {
        "rows": len(trial.points.as_of),
        "troubled": trial.lead.troubled,
        "followed": hazard.followed,
        "moves": float((hazard.followed * score).std()),
        "roc_auc": ranks,
    }


def _tagger(trial: Fitted, held: Inputs, text: Array) -> dict[str, Any]:
    learned = set(trial.texts.tagger.cues)
    return {
        "learned": len(learned),
        "unlearned": [cue.name for cue in CUES if cue.name not in learned],
        "read": float((held.cues @ CUE_POINTS).mean()),
        "expected": float(text[:, trial.texts.names.index(SUGGESTED)].mean()),
    }
