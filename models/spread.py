"""How far a risk may be off: the posterior spread of the log hazard around the model's own answer.

Ridge penalties are a normal prior on how much each column may be worth, and records shrink what it leaves
open. Around the fitted hazard, whatever it was fitted with, the log hazard is taken as linear in the
design's terms, the cues and the text score; the Laplace approximation gives that line's posterior
covariance, and a case's spread is its length there: small where there are many like it, large where what it
holds has hardly been seen. Half the columns are worth nothing to the model only because it has seen too few
harms; a bootstrap of a ridge fit would call them known.

What no line over these columns can say (what a text means, how harm's level moves from year to year) is not
in it. `MISFIT` is added for that: one number, set on two simulated districts so that the interval covers
what it is meant to; docs/adr/0026 says what it covers on others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from models.hazard import STAGE
from models.hazard_settings import HazardSettings
from models.reading import CUE_POINTS

if TYPE_CHECKING:
    from models.hazard import EscalationHazard
    from models.rows import HazardRows

Array = NDArray[np.float64]

_INTERCEPT_PENALTY: Final = 0.01
LEVEL: Final = 0.8
"""What share of cases an interval is meant to cover."""
QUANTILE: Final = 1.2816
"""Of the normal distribution, for `LEVEL`."""
MISFIT: Final = 0.9
"""Standard deviation, in logits, of what no line over the columns can say, the year's level among it."""


@dataclass(frozen=True)
class Spread:
    """The posterior of the line around the model.

    Attributes
    ----------
    root
        Inverse of the Cholesky factor of the posterior precision, shape (d, d): a case's standard deviation
        is the length of `root @ x`.
    """

    root: Array

    @classmethod
    def fit(
        cls,
        hazard: EscalationHazard,
        table: Array,
        cues: Array,
        text: Array,
        rows: HazardRows,
        votes: Array,
    ) -> Spread:
        """The posterior given training points.

        Parameters
        ----------
        table, cues, text
            Of the points, as the hazard was fitted on.
        rows
            Their hazard rows.
        votes
            Weights with which a dispute's points add up to one, shape (n,): one harm is one piece of
            evidence.
        """
        hazards = hazard.hazards(table, cues, text)
        expected = np.bincount(rows.example, hazards[rows.example, rows.interval], minlength=len(table))
        x = _terms(hazard, table, cues, text)
        precision = (x * (votes * expected)[:, None]).T @ x + np.diag(_penalties(hazard))
        lower = cholesky(precision, lower=True)
        return cls(np.asarray(solve_triangular(lower, np.eye(len(lower)), lower=True)))

    def __call__(self, hazard: EscalationHazard, table: Array, cues: Array, text: Array) -> Array:
        """Standard deviation of the log hazard of each case, shape (n,)."""
        x = _terms(hazard, table, cues, text)
        # case by case: the same case alone and in a batch gives the same bits
        own = np.array([np.square((self.root * row).sum(axis=1)).sum() for row in x])
        return np.asarray(np.sqrt(own))


def ends(logits: Array, deviation: Array, slope: float) -> tuple[Array, Array]:
    """The ends of the interval around calibrated hazards, as logits, shapes (n, j).

    Parameters
    ----------
    logits
        Of the calibrated hazards, shape (n, j).
    deviation
        Of the log hazard by the line, shape (n,).
    slope
        Of the calibration map, which stretches it.

    Notes
    -----
    A calibrated hazard is the mean over what the columns leave open. Where that is normal on the logit with
    variance v, rare hazards have their median v / 2 below the logit of their mean: the interval lies around
    that, lower than the risk in the middle, and still holds the risk.
    """
    variance = np.square(slope * deviation) + MISFIT**2
    middle = logits - variance[:, None] / 2
    reach = QUANTILE * np.sqrt(variance)[:, None]
    return np.minimum(middle - reach, logits), np.maximum(middle + reach, logits)


def _terms(hazard: EscalationHazard, table: Array, cues: Array, text: Array) -> Array:
    """The intercept, the line's columns, and the checklist's points as one column, shape (n, d)."""
    read = np.where(np.isnan(text), 0.0, text)
    points = (cues @ CUE_POINTS)[:, None] if cues.shape[1] == len(CUE_POINTS) else cues[:, :0]
    return np.hstack([np.ones((len(table), 1)), hazard.design(table), cues, read, points])


def _penalties(hazard: EscalationHazard) -> Array:
    settings: HazardSettings = hazard.settings
    staged = [hazard.columns[term.source].name in STAGE for term in hazard.design.terms]
    parts: list[Any] = [
        [_INTERCEPT_PENALTY],
        np.where(staged, settings.stage_penalty, settings.table_penalty),
        np.full(len(hazard.cue_names), settings.cue_penalty),
        np.full(len(hazard.text_names), settings.text_penalty),
    ]
    if len(hazard.cue_names) == len(CUE_POINTS):
        parts.append([settings.points_penalty])
    return np.concatenate(parts).astype(np.float64)
