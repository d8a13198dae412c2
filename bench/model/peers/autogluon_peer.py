"""AutoGluon's best quality on text and table, for so many seconds on both cores.

The text is given as its pairs of characters, since its n-grams are of words of two letters or more. The rows
carry weights; the latest fifth of them tunes, since bags of its own would mix the times of a dispute's rows.
"""

from __future__ import annotations

import tempfile
from itertools import pairwise
from typing import Any, Final

from autogluon.tabular import TabularPredictor

from bench.model.districts import Sheets

LATEST: Final = 0.2


def scores(sheets: Sheets, seconds: int) -> dict[str, Any]:
    """The probability."""
    train = sheets.matured.sort_values("as_of")
    columns = [*sheets.columns, "text"]

    def told(rows: Any, *more: str) -> Any:
        x = rows[[*columns, *more]].astype(dict.fromkeys(sheets.facts["codes"], "category"))
        return x.assign(text=x["text"].map(_pairs))

    begin = int(len(train) * (1 - LATEST))
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            label="y", eval_metric="average_precision", sample_weight="weight", path=folder, verbosity=1
        )
        predictor.fit(
            told(train.iloc[:begin], "y", "weight"),
            tuning_data=told(train.iloc[begin:], "y", "weight"),
            use_bag_holdout=True,
            presets="best_quality",
            dynamic_stacking=False,
            time_limit=seconds,
            num_cpus=2,
        )
        probability = predictor.predict_proba(told(sheets.test))
        return {"score": probability[1.0].to_numpy()}


def _pairs(text: str) -> str:
    return " ".join(one + other for one, other in pairwise(text))
