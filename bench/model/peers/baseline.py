"""The baselines that `anlan evaluate` shows, by name."""

from __future__ import annotations

from typing import Any

from bench.model.districts import Sheets
from models import baselines


def scores(sheets: Sheets, name: str) -> dict[str, Any]:
    """One of `models.baselines.NAMES`."""
    train = sheets.train
    examples = baselines.Examples(train, train["y"].to_numpy(float), train["weight"].to_numpy(float))
    return {"score": baselines.scores(examples, sheets.test, 0, 2, names=(name,))[name]}
