"""An evaluation as a run in MLflow, with a nested run for each origin."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import mlflow
import numpy as np
import pandas as pd

from docket.times import rfc3339
from models import registry
from models.evaluation import OURS, Judged
from models.metrics import FIGURES
from models.provenance import provenance
from models.report import FILES
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS

_MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")
_NEVER: Final = np.iinfo(np.int64).max


def log_evaluation(
    judged: Judged, metrics: pd.DataFrame, folder: Path, *, model: str | None, digest: str
) -> str:
    """Log what `anlan evaluate` found; its figures with their intervals, by origin and over all.

    Parameters
    ----------
    metrics
        From `models.report.write_report`.
    folder
        Where that wrote; its files name no case.
    model
        The version that was judged; None: one was trained at each origin.
    digest
        Of the records.

    Returns
    -------
    str
        The parent run's id.
    """
    experiment = registry.experiment()
    judging = "a model trained at each origin" if model is None else model
    with mlflow.start_run(
        experiment_id=experiment,
        run_name=f"evaluate {judging}",
        description=f"Rolling origin: {judging}, tested on the disputes of the time after it.",
    ) as run:
        mlflow.set_tags({"kind": "evaluation", "data_digest": digest, **provenance()})
        registry.log_records(digest, "evaluation")
        mlflow.log_params({"model": judging, "origins": len(judged.origins), "days": round(judged.days)})
        mlflow.log_metrics(_over_all(metrics))
        for name in FILES:  # and nothing else that may lie there
            mlflow.log_artifact(str(folder / name), "evaluation")
        for begin, end in pairwise([*judged.origins, _NEVER]):
            figures = _of_origin(judged, begin, end)
            with mlflow.start_run(
                experiment_id=experiment, run_name=f"origin {rfc3339(begin)[:10]}", nested=True
            ):
                mlflow.set_tags({"kind": "origin"})
                mlflow.log_params({"cut": rfc3339(begin)})
                mlflow.log_metrics(figures)
    return str(run.info.run_id)


def _over_all(metrics: pd.DataFrame) -> dict[str, float]:
    rows = metrics[metrics["model"] == OURS]
    figures = rows["metric"].str.replace("@", ".at_")
    names = rows["target"] + "_" + rows["horizon_days"].astype(str) + "/" + figures
    told: dict[str, float] = {}
    for column, end in (("value", ""), ("low", ".low"), ("high", ".high")):
        values = rows[column].to_numpy(np.float64)
        told |= {
            f"{name}{end}": value
            for name, value in zip(names, values.tolist(), strict=True)
            if np.isfinite(value)
        }
    return told


def _of_origin(judged: Judged, begin: int, end: int) -> dict[str, float]:
    """Figures of escalation within 90 days, of the disputes taken in from one cut until the next."""
    as_of = judged.cases.points["as_of"].to_numpy(np.int64)
    y = judged.cases.labels.within("escalation", DEFAULT_HORIZON)
    chosen = judged.cases.at_intake & (as_of >= begin) & (as_of < end) & np.isfinite(y)
    told = {"cases": float(chosen.sum()), "harmed": float(y[chosen].sum())}
    if 0 < told["harmed"] < told["cases"]:
        found = {name: figure(y[chosen], judged.risks[chosen, _MAIN]) for name, figure in FIGURES.items()}
        told |= {name: value for name, value in found.items() if np.isfinite(value)}
    return told
