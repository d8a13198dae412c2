"""Our model as `anlan train` makes it: validation model, calibration, final model."""

from __future__ import annotations

from typing import Any

from bench.model.districts import Sheets, sheets
from bench.model.plan import NEIGHBOUR
from models.fit import train_on
from models.targets import RISK_COLUMNS


def scores(own: Sheets, neighbour: str | None = None) -> dict[str, Any]:
    """The score, and all twelve risks of the cases.

    Parameters
    ----------
    neighbour
        The digest of `NEIGHBOUR`, to start from its model; None: to start from nothing.
    """
    prior = None
    if neighbour is not None:
        cache = own.folder.parent.parent
        prior = train_on(sheets(NEIGHBOUR, cache).material()).scorer
    trained = train_on(own.material(), neighbour=prior)
    risks = trained.scorer.risks(own.test)
    return {"score": risks[:, RISK_COLUMNS.index("escalation_90")], "risks": risks}
