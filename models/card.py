"""The model card, rendered from a training run in Markdown, and from that in HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt

from docket.times import local_day
from models.fit import Trained
from models.lead_times import LEADS, NEVER
from models.targets import HORIZONS, INTERVALS, TARGETS

TEMPLATE: Final = Path(__file__).with_name("card_template.md")
_SHOWN: Final = ("average_precision", "roc_auc", "brier_skill", "calibration_slope", "precision_at_5pct")
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}}
table{{border-collapse:collapse;margin:.6rem 0 1.4rem;font-size:.9em}}
td,th{{border:1px solid #ccc;padding:.25rem .55rem;text-align:left}}
@media print{{body{{margin:0}}}}</style>
{body}</html>
"""


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
        ratio=_ratio,
        interval=_interval,
        leads=LEADS,
        never=NEVER,
    )


def html_card(markdown: str) -> str:
    """A card as a page that needs no other file."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    title = markdown.partition("\n")[0].lstrip("# ")
    return _PAGE.format(title=escape(title), body=body)


def _ratio(found: Mapping[str, float | None]) -> str:
    value, low, high = (found[name] for name in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _interval(row: Mapping[str, float], name: str) -> str:
    """A figure with its ends beside it in the row."""
    return _cell({"value": row[name], "low": row[f"{name}.low"], "high": row[f"{name}.high"]})


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
