"""From hazards and shares to the twelve risks, coherent by construction.

With the escalation hazard h_j of interval j, given that nothing came before, and the share q_tj of target t
in an escalation of that interval:

    escalation within H   1 - prod_{j up to H} (1 - h_j)
    target t within H     1 - prod_{j up to H} (1 - h_j q_tj)

Each factor lies in [0, 1], so a longer horizon never lowers a risk, and q <= 1 keeps every target at or
below escalation at the same horizon, whatever the numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.targets import EDGES, HORIZONS, SPECIFIC, TARGETS

Array = NDArray[np.float64]

_LAST: Final = tuple(EDGES[1:].index(horizon) for horizon in HORIZONS)


def coherent_risks(hazards: Array, shares: Array) -> Array:
    """The risks in the order of `RISK_COLUMNS`, shape (n, 12).

    Parameters
    ----------
    hazards
        Escalation hazard by interval, shape (n, 4), in [0, 1].
    shares
        P(target among the harms | escalation in the interval), shape (n, 3, 4) in the order of `SPECIFIC`.
    """
    whole = np.ones((len(hazards), 1, hazards.shape[1]))
    factors = 1 - hazards[:, None, :] * np.concatenate([shares, whole], axis=1)
    risks = 1 - np.cumprod(factors, axis=2)[:, :, _LAST]
    # rounding of 1 - (1 - h q) must not break what the mathematics promises
    risks = np.maximum.accumulate(risks, axis=2)
    risks[:, : len(SPECIFIC)] = np.minimum(risks[:, : len(SPECIFIC)], risks[:, -1:])
    return np.ascontiguousarray(risks.reshape(len(hazards), len(TARGETS) * len(HORIZONS)))
