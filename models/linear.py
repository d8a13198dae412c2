"""Ridge regressions with a penalty and sign bounds for each coefficient: few positives, many columns.

Two losses over the same linear predictor: Bernoulli (logistic regression) and Poisson with exposure. The
latter is the piecewise exponential hazard model collapsed to one row an example: with a baseline hazard the
example's intervals share one linear predictor, so their likelihood depends on the count of events and the
expected count alone (Holford 1980; Laird & Olivier 1981).

References
----------
Holford, T. R. (1980), The analysis of rates and of survivorship using log-linear models, Biometrics 36.
Laird, N. & Olivier, D. (1981), Covariance analysis of censored survival data using log-linear analysis
techniques, JASA 76.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Array = NDArray[np.float64]

_CEILING = 30.0


def fit_ridge(
    x: Any,
    y: Array,
    *,
    loss: Literal["logistic", "poisson"],
    penalty: Array | float,
    weight: Array | None = None,
    offset: Array | None = None,
    bounds: NDArray[np.int64] | None = None,
    centre: Array | float = 0.0,
    free_intercept: bool = True,
    iterations: int = 200,
) -> tuple[float, Array]:
    """Intercept and coefficients that minimise the penalised negative log likelihood.

    Parameters
    ----------
    x
        Dense or CSR, shape (n, d).
    y
        Events, shape (n,); may be fractions for the logistic loss.
    penalty
        λ of λ (β - centre)²/2 for each coefficient; the intercept is free.
    weight
        Shape (n,), default 1.
    offset
        Added to the linear predictor, shape (n,): the log of the exposure for the Poisson loss.
    bounds
        +1 keeps a coefficient at or above zero, -1 at or below, 0 leaves it free; shape (d,).
    centre
        Where the penalty draws each coefficient to.
    free_intercept
        False keeps the intercept at zero, for an offset that already holds it.

    Raises
    ------
    ValueError
        If there is no event while the intercept is free, for then it has no finite estimate.
    """
    d = x.shape[1]
    w = np.ones(len(y)) if weight is None else weight
    base = np.zeros(len(y)) if offset is None else offset
    lam = np.broadcast_to(np.asarray(penalty, dtype=np.float64), (d,))
    middle = np.broadcast_to(np.asarray(centre, dtype=np.float64), (d,))
    total = float((w * y).sum())
    if free_intercept and not total > 0:
        raise ValueError("no event to fit to")
    if not free_intercept:
        intercept = 0.0
    elif loss == "poisson":
        intercept = np.log(total / float((w * np.exp(base)).sum()))
    else:
        mean = min(total / float(w.sum()), 1 - 1e-9)
        intercept = np.log(mean / (1 - mean)) - float(np.average(base, weights=w))

    def objective(theta: Array) -> tuple[float, Array]:
        eta = np.clip(base + theta[0] + x @ theta[1:], -_CEILING, _CEILING)
        if loss == "poisson":
            mu = np.exp(eta)
            value = float((w * (mu - y * eta)).sum())
        else:
            mu = expit(eta)
            value = float((w * (np.logaddexp(0, eta) - y * eta)).sum())
        residual = w * (mu - y)
        away = theta[1:] - middle
        gradient = np.concatenate([[residual.sum()], x.T @ residual + lam * away])
        return value + float((lam * away**2).sum()) / 2, gradient

    theta = np.concatenate([[intercept if free_intercept else 0.0], np.zeros(d)])
    limits: list[tuple[float | None, float | None]] = [(None, None) if free_intercept else (0.0, 0.0)]
    limits += [
        (0.0, None) if sign > 0 else (None, 0.0) if sign < 0 else (None, None)
        for sign in (np.zeros(d) if bounds is None else bounds)
    ]
    found = minimize(
        objective, theta, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": iterations}
    )
    return float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64)
