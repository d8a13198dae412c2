"""Golden cases: invented ones whose risks are kept with a model, so that whoever loads it can tell that it
still says the same.

They are assessed as the service assesses a case, so that all that an answer is made of runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from docket.text import prepare
from docket.times import parse_instant
from features.catalogue import COLUMNS
from features.documents import Document, Part
from models.assessment import assess
from models.scorer import Scorer

FILE: Final = "golden.json"
SAME: Final = 1e-9
SAME_ENCODED: Final = 1e-5
"""With a transformer, whose sums depend on the machine."""
_MOMENT: Final = parse_instant("2025-01-01")
_TEXTS: Final = (
    "楼上漏水，双方同意调解",
    "欠货款两年未付，希望尽快解决",
    "邻居扬言要打人，双方都动了手，没有报警",
    "夫妻分居要离婚，男方酒后动手，说不给说法就跳楼",
    "",
)


class GoldenCasesDifferError(ValueError):
    """A model doesn't say of its golden cases what it said when it was trained."""


def write(scorer: Scorer, folder: Path) -> None:
    """Write the golden cases of a model beside it."""
    cases = [
        {"values": values, "text": text, "risks": _risks(scorer, values, text)}
        for values, text in zip(_invented(), _TEXTS, strict=True)
    ]
    text = json.dumps(cases, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / FILE).write_text(text, encoding="utf-8")


def check(scorer: Scorer, folder: Path) -> None:
    """Hold a model against the golden cases beside it.

    Raises
    ------
    GoldenCasesDifferError
        If a risk differs, or there is none to hold it against.
    FileNotFoundError
        If there are no golden cases: the model is from before there were any.
    """
    cases = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if not cases:
        raise GoldenCasesDifferError("the model has no golden cases")
    within = SAME if scorer.estimator.encoder is None else SAME_ENCODED
    for number, case in enumerate(cases, start=1):
        now = _risks(scorer, case["values"], case["text"])
        if len(now) != len(case["risks"]):
            raise GoldenCasesDifferError(f"golden case {number} has {len(case['risks'])} risks")
        apart = np.abs(np.subtract(now, case["risks"]))
        if not np.all(apart <= within):  # a NaN is no agreement
            raise GoldenCasesDifferError(f"golden case {number} differs by {np.max(apart):.2g}")


def _risks(scorer: Scorer, values: Mapping[str, float], text: str) -> list[float]:
    narrative = prepare(text)
    document = Document((Part("narrative", _MOMENT, _MOMENT, narrative.text),))
    row = pd.DataFrame([dict(values)]).reindex(columns=list(COLUMNS)).astype(np.float64)
    answer: dict[str, Any] = assess(
        dispute_id="golden",
        as_of=_MOMENT,
        recorded_at=_MOMENT,
        document=document,
        narrative=narrative,
        case=scorer.case(row.assign(text=pd.Series([document.text], dtype="str"))),
        model_version="golden",
    )
    return [risk["risk"] for risk in answer["risks"]]


def _invented() -> list[dict[str, float]]:
    """Values of nobody, for each text: small counts, some missing; then all zero; then none known."""
    rng = np.random.default_rng(20250101)
    drawn = []
    for rate in (0.2, 0.6, 1.5):
        counts = rng.poisson(rate, len(COLUMNS))
        known = rng.random(len(COLUMNS)) < 0.8
        rows = zip(COLUMNS, counts.tolist(), known.tolist(), strict=True)
        drawn.append({name: float(count) for name, count, there in rows if there})
    return [*drawn, dict.fromkeys(COLUMNS, 0.0), {}]
