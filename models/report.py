"""The evaluation on disk: metrics.csv, reliability.csv and a report that needs no other file."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from jinja2 import Environment

from docket.times import rfc3339
from models import plots
from models.evaluation import OURS, Judged
from models.metrics import CAPACITIES
from models.tables import metrics_table, reliability_table
from models.targets import DEFAULT_HORIZON, HORIZONS, RISK_COLUMNS, TARGETS

FILES: Final = ("metrics.csv", "reliability.csv", "report.html")
_BESIDE: Final = (
    "average_precision",
    "roc_auc",
    "brier_skill",
    "log_loss",
    "calibration_slope",
    "calibration_intercept",
    "ece",
    *(f"precision_at_{k}pct" for k in CAPACITIES),
    *(f"recall_at_{k}pct" for k in CAPACITIES),
    "soft_average_precision",
    "ceiling_share",
)
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Evaluation</title>
<style>body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.6rem 0 1.4rem}
td,th{border:1px solid #ccc;padding:.25rem .55rem;text-align:right}
th:first-child,td:first-child{text-align:left}small{color:#666}img{max-width:100%;margin-right:1rem}
@media print{body{margin:0}}</style>
<h1>Evaluation</h1>
<p>{{ cases }} cases at intake and {{ later }} later moments of disputes taken in after the training cuts
({{ origins }}). Split by time only. Values with 95 % bootstrap intervals over disputes, clustered by the pair
of parties. {{ outside }} of the cases lie outside of what the model was trained on.</p>
{% for title, note, header, rows in tables %}
<h2>{{ title }}</h2>{% if note %}<p>{{ note }}</p>{% endif %}
<table><tr>{% for name in header %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% endfor %}
<h2>Plots</h2>
{% for title, data in images %}<img alt="{{ title }}" src="data:image/png;base64,{{ data }}">
{% endfor %}
</html>
"""


def write_report(
    judged: Judged, out: Path, truth: pd.DataFrame | None = None, *, seed: int = 0
) -> pd.DataFrame:
    """Write `metrics.csv`, `reliability.csv` and `report.html` into `out`; the metrics are returned too."""
    out.mkdir(parents=True, exist_ok=True)
    metrics = metrics_table(judged, truth, seed=seed)
    metrics.to_csv(out / "metrics.csv", index=False)
    reliability_table(judged).to_csv(out / "reliability.csv", index=False)
    (out / "report.html").write_text(render(judged, metrics), encoding="utf-8")
    return metrics


def render(judged: Judged, metrics: pd.DataFrame) -> str:
    """The report as one HTML page with its plots inside."""
    images = [(title, base64.b64encode(png).decode()) for title, png in images_of(judged).items()]
    intake = judged.cases.at_intake
    page = Environment(autoescape=True).from_string(_PAGE)
    return page.render(
        cases=int(intake.sum()),
        later=int((~intake).sum()),
        origins=", ".join(rfc3339(cut)[:10] for cut in judged.origins),
        outside=f"{judged.out_of_range.mean():.1%}",
        tables=[
            _beside(metrics, "", "Escalation within 90 days, at intake"),
            _beside(metrics, "@events", "Escalation within 90 days, after records"),
            _differences(metrics),
            _by_target(metrics),
            _interventions(metrics),
            _staff(metrics),
        ],
        images=images,
    )


def images_of(judged: Judged) -> dict[str, bytes]:
    """Reliability of the model by horizon, and precision and recall beside the baselines."""
    made = {}
    intake = judged.cases.at_intake
    for horizon in HORIZONS:
        y = judged.cases.labels.within("escalation", horizon)
        chosen = intake & np.isfinite(y)
        if not 0 < y[chosen].sum() < chosen.sum():
            continue
        place = RISK_COLUMNS.index(f"escalation_{horizon}")
        title = f"Escalation within {horizon} days"
        made[f"reliability_{horizon}"] = plots.reliability_plot(y[chosen], judged.risks[chosen, place], title)
        if horizon == DEFAULT_HORIZON:
            scores = {OURS: judged.risks[chosen, place]} | {
                name: score[chosen] for name, score in judged.others.items() if name != "base_rate"
            }
            made["precision_recall"] = plots.precision_recall_plot(y[chosen], scores, title)
    return made


Table = tuple[str, str, list[str], list[list[str]]]


def _cell(rows: pd.DataFrame) -> str:
    if rows.empty or not np.isfinite(rows["value"].iloc[0]):
        return "–"
    value, low, high = rows[["value", "low", "high"]].iloc[0]
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if np.isfinite(low) else f"{value:.3f}"


def _main(metrics: pd.DataFrame) -> pd.DataFrame:
    return metrics[(metrics["target"] == "escalation") & (metrics["horizon_days"] == DEFAULT_HORIZON)]


def _beside(metrics: pd.DataFrame, suffix: str, title: str) -> Table:
    main = _main(metrics)
    names = [name for name in main["model"].unique() if (main["model"] == name).any()]
    shown = [figure for figure in _BESIDE if (main["metric"] == figure + suffix).any()]
    rows = [
        [figure, *(_cell(main[(main["model"] == n) & (main["metric"] == figure + suffix)]) for n in names)]
        for figure in shown
    ]
    held = main[(main["model"] == OURS) & (main["metric"] == "average_precision" + suffix)]
    note = "" if held.empty else f"{int(held['n'].iloc[0])} cases, {int(held['n_pos'].iloc[0])} harmed."
    return title, note, ["figure", *names], rows


def _differences(metrics: pd.DataFrame) -> Table:
    head = "average_precision_minus_"
    main = _main(metrics)
    rows = [
        [name.removeprefix(head), _cell(main[main["metric"] == name])]
        for name in main["metric"].unique()
        if name.startswith(head)
    ]
    note = "Our average precision less theirs on the same cases and draws; an interval above zero is a gain."
    return "Paired differences", note, ["less", "difference"], rows


def _by_target(metrics: pd.DataFrame) -> Table:
    header = ["target", "days", "harmed", "average precision", "ROC AUC", "Brier skill", "slope"]
    figures = ("average_precision", "roc_auc", "brier_skill", "calibration_slope")
    rows = []
    for target in TARGETS:
        for horizon in HORIZONS:
            own = metrics[
                (metrics["model"] == OURS)
                & (metrics["target"] == target)
                & (metrics["horizon_days"] == horizon)
            ]
            held = own[own["metric"] == "average_precision"]
            if not held.empty:
                cells = [_cell(own[own["metric"] == figure]) for figure in figures]
                rows.append([target, str(horizon), str(int(held["n_pos"].iloc[0])), *cells])
    return "Every target and horizon, at intake", "", header, rows


def _interventions(metrics: pd.DataFrame) -> Table:
    main = _main(metrics)
    rows = []
    for suffix, title in (("@intervened", "with"), ("@left_alone", "without")):
        own = main[main["model"] == OURS]
        held = own[own["metric"] == "average_precision" + suffix]
        if not held.empty:
            cells = [
                _cell(own[own["metric"] == figure + suffix])
                for figure in ("average_precision", "roc_auc", "calibration_slope", "calibration_intercept")
            ]
            rows.append([title, str(int(held["n"].iloc[0])), str(int(held["n_pos"].iloc[0])), *cells])
    note = (
        "What was done after intake changes what followed: a risk that was acted on looks too high. These "
        "groups were chosen by people who may have seen a colour, so their difference is no effect."
    )
    header = [
        "intervention within 30 days",
        "cases",
        "harmed",
        "average precision",
        "ROC AUC",
        "slope",
        "intercept",
    ]
    return "With and without an intervention after intake", note, header, rows


def _staff(metrics: pd.DataFrame) -> Table:
    heads = (
        "slips_per_day",
        "share_of_intake",
        "precision_red",
        "precision_yellow",
        "precision_blue",
        "median_lead",
    )
    main = _main(metrics)
    own = main[(main["model"] == OURS) & main["metric"].str.startswith(heads)]
    rows = [[name, _cell(own[own["metric"] == name])] for name in own["metric"]]
    return "What it means for staff", "", ["figure", "value"], rows
