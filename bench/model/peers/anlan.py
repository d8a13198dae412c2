"""Our model as `anlan train` makes it: validation model, calibration, final model."""

from __future__ import annotations

from typing import Any

from bench.model.districts import Sheets
from models.fit import train_on
from models.targets import RISK_COLUMNS


def scores(sheets: Sheets) -> dict[str, Any]:
    """The score, and all twelve risks of the cases."""
    trained = train_on(sheets.material())
    risks = trained.scorer.risks(sheets.test)
    return {"score": risks[:, RISK_COLUMNS.index("escalation_90")], "risks": risks}
