"""From a trained model to a registered version with its card, plots and tables."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from docket.times import rfc3339
from models import plots, registry
from models.card import html_card, render_card
from models.fit import Trained
from models.provenance import LOCK, provenance
from models.targets import DEFAULT_HORIZON, HORIZONS, RISK_COLUMNS

MOST: Final = 5_000
"""Characters of a description that MLflow's pages show; the whole card is among the artifacts."""


def register(trained: Trained) -> str:
    """Log a run in MLflow, register the model, and give the URI of the new version.

    It is no champion then, not even as the first: see `models.promotion`.

    Parameters
    ----------
    trained
        From `models.fit.train`.
    """
    report = trained.report
    info = report["info"]
    params: dict[str, Any] = {
        **{f"hazard.{name}": value for name, value in report["settings"].items()},
        **{f"encoder.{name}": value for name, value in (report["encoder"] or {"name": "ngrams"}).items()},
        "seed": info["seed"],
        "trained_until": info["trained_until"],
        "policy_version": report["policy"]["policy_version"],
        "catalogue_hash": info["catalogue_hash"],
        "validation_from": rfc3339(trained.validated.begin),
        "validation_until": rfc3339(trained.validated.end),
    }
    metrics = {
        f"{row['target']}_{row['horizon_days']}/{row['metric']}{end and '.' + end}": row[end or "value"]
        for row in report["figures"]
        for end in ("", "low", "high")
    }
    metrics |= {f"rows/{name}": float(count) for name, count in info["rows"].items()}
    metrics |= {name: float(info[name]) for name in ("disputes", "harmed_disputes", "query_points")}
    metrics["reporting_delay_days"] = info["reporting_delay_days"]
    metrics["calibration_map_slope"] = trained.scorer.calibration.slope
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        card = render_card(trained)
        (folder / "card.md").write_text(card, encoding="utf-8")
        (folder / "card.html").write_text(html_card(card), encoding="utf-8")
        for name in ("figures", "learning_curve", "lead_times"):
            if report[name]:
                pd.DataFrame(report[name]).to_csv(folder / f"{name}.csv", index=False)
        if LOCK.exists():
            shutil.copy(LOCK, folder / LOCK.name)
        text = json.dumps(_plain(report), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(text, encoding="utf-8")
        (folder / "policy.json").write_text(trained.scorer.policy.to_json(), encoding="utf-8")
        trained.trial.save(folder / registry.TRIAL)
        for name, png in held_out_plots(trained).items():
            (folder / f"{name}.png").write_bytes(png)
        return registry.log_and_register(
            replace(trained.scorer, card=card),
            params=params,
            metrics=metrics,
            tags={
                "data_digest": info["data_digest"],
                "catalogue_hash": info["catalogue_hash"],
                "kind": "training",
                **provenance(),
            },
            files=folder,
            example=trained.example,
            run_name=f"train until {info['trained_until'][:10]}",
            description=card[:MOST],
            breaches=[breach["text"] for breach in report["audit"]["breaches"]],
        )


def held_out_plots(trained: Trained) -> dict[str, bytes]:
    """Plots of the held-out quarter: reliability by horizon, precision against recall, what capacity catches,
    what more records bring, how early a colour is. Those are left out that nobody's harm says anything of.
    """
    made = {}
    curve, leads = trained.report["learning_curve"], trained.report["lead_times"]
    if curve:
        title = "Escalation within 90 days, held-out quarter: what more records bring"
        made["learning_curve"] = plots.learning_plot(curve, title)
    if any(row["harmed"] for row in leads):
        title = "First yellow or red before the harm, held-out quarter"
        made["lead_times"] = plots.lead_plot(leads, title)
    for horizon in HORIZONS:
        y = trained.validated.labels.within("escalation", horizon)
        known = np.isfinite(y)
        if not known.any() or not 0 < y[known].sum() < known.sum():
            continue
        risks = trained.validated.risks[known, RISK_COLUMNS.index(f"escalation_{horizon}")]
        title = f"Escalation within {horizon} days, held-out quarter"
        made[f"reliability_{horizon}"] = plots.reliability_plot(y[known], risks, title)
        if horizon == DEFAULT_HORIZON:
            made["precision_recall"] = plots.precision_recall_plot(y[known], {"anlan": risks}, title)
            made["capacity"] = plots.capacity_plot(y[known], {"anlan": risks}, title)
    return made


def _plain(value: Any) -> Any:
    """JSON has no NaN: what isn't a number is null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
