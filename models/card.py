"""The model card, rendered from a training run in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from docket.times import local_day
from models.fit import Trained
from models.targets import HORIZONS, INTERVALS, TARGETS

TEMPLATE: Final = Path(__file__).with_name("card_template.md")
_SHOWN: Final = ("average_precision", "roc_auc", "brier_skill", "calibration_slope", "precision_at_5pct")


def render_card(trained: Trained) -> str:
    """The card of a trained model; a figure that the run doesn't hold is an error, not a blank."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    report, hazard = trained.report, trained.scorer.estimator.hazard
    begin, end = trained.validated.begin, trained.validated.end
    points = {name: report["points"].get(name, 0) for name in ("intake", "event", "quiet")}
    return template.render(
        report={**report, "points": points},
        info=report["info"],
        targets=TARGETS,
        horizons=HORIZONS,
        intervals=[f"{low}–{high}" for low, high in INTERVALS],
        columns=len(hazard.columns),
        cues=len(hazard.cue_names),
        trees=0 if hazard.booster is None else hazard.booster.num_trees(),
        quarter=f"{local_day(begin)} to {local_day(end)}",
        figures=_figures(report["figures"]),
        line=trained.scorer.calibration.line(),
        review=trained.scorer.policy.review_days,
    )


def _figures(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    held = {(row["target"], row["horizon_days"], row["metric"]): row for row in rows}
    shown = []
    for target in TARGETS:
        for horizon in HORIZONS:
            first = held.get((target, horizon, _SHOWN[0]))
            if first is not None:
                cells = [_cell(held[target, horizon, metric]) for metric in _SHOWN]
                shown.append({**first, "cells": cells})
    return shown


def _cell(row: Mapping[str, Any]) -> str:
    if not math.isfinite(row["value"]):
        return "–"
    text = f"{row['value']:.3f}"
    return f"{text} [{row['low']:.3f}, {row['high']:.3f}]" if math.isfinite(row["low"]) else text
