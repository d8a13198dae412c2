"""Logistic calibration of hazards on a later period than they were fitted on.

The map is a straight line on the logit of the hazard, with one slope for all intervals and an intercept
that shifts all of them alike: hazards stay hazards, so every coherence of the risks survives it. A
validation quarter may hold five harms, so the line is drawn towards the identity by a prior as strong as
some events of evidence.

References
----------
Platt, J. (1999), Probabilistic outputs for support vector machines. Cox, D. R. (1958), Biometrika 45.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

Array = NDArray[np.float64]

_EDGE = 1e-9
SLOPE_SD = 0.1
"""Prior standard deviation of the slope about 1."""
INTERCEPT_SD = 0.25
"""Prior standard deviation of the shift, in logits, at the mean predictor."""


@dataclass(frozen=True)
class HazardMap:
    """logit h' = shift + slope (logit h - centre) + centre.

    Attributes
    ----------
    shift, slope, centre
        See the formula; `centre` is the mean logit of the rows it was fitted on.
    events
        Harms it was fitted on.
    """

    shift: float = 0.0
    slope: float = 1.0
    centre: float = 0.0
    events: float = 0.0

    def __call__(self, hazards: Array) -> Array:
        """Calibrated hazards of the same shape; the order of hazards is kept."""
        z = logit(np.clip(hazards, _EDGE, 1 - _EDGE))
        return np.asarray(expit(self.shift + self.centre + self.slope * (z - self.centre)))

    def line(self) -> tuple[float, float]:
        """Intercept and slope of the map on the logit."""
        return self.shift + self.centre * (1 - self.slope), self.slope


def fit_map(
    hazards: Array,
    event: Array,
    weight: Array | None = None,
    *,
    slope_sd: float = SLOPE_SD,
    intercept_sd: float = INTERCEPT_SD,
) -> HazardMap:
    """The maximum a posteriori map for rows (example, interval) of a later period.

    Parameters
    ----------
    hazards, event, weight
        Shape (rows,): predicted hazard, whether the harm came in that interval, weight.

    Notes
    -----
    The slope is a positive number by construction (its logarithm is fitted), so calibration never reorders.
    """
    w = np.ones_like(event) if weight is None else weight
    total = float((w * event).sum())
    if len(event) == 0 or not w.sum() > 0:
        return HazardMap()
    z = logit(np.clip(hazards, _EDGE, 1 - _EDGE))
    # centred where the events are expected, so that slope and shift are nearly independent
    centre = float(np.average(z, weights=w * expit(z)))
    deviation = z - centre

    def objective(theta: Array) -> tuple[float, Array]:
        slope = np.exp(theta[1])
        eta = centre + theta[0] + slope * deviation
        value = (w * (np.logaddexp(0, eta) - event * eta)).sum()
        value += (theta[0] / intercept_sd) ** 2 / 2 + (theta[1] / slope_sd) ** 2 / 2
        residual = w * (expit(eta) - event)
        gradient = np.array(
            [
                residual.sum() + theta[0] / intercept_sd**2,
                slope * (residual * deviation).sum() + theta[1] / slope_sd**2,
            ]
        )
        return float(value), gradient

    found = minimize(objective, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-3, 3), (-1.5, 1.5)])
    return HazardMap(float(found.x[0]), float(np.exp(found.x[1])), centre, total)
