"""A watch as a run in MLflow; nothing in it is of a case or a person."""

from __future__ import annotations

import tempfile
from pathlib import Path

import mlflow
import numpy as np

from docket.times import rfc3339
from models import registry
from models.watch.report import verdict, write
from models.watch.result import Watched


def log_watch(watched: Watched) -> str:
    """Log a run with each check's p, the figures of what has matured, and the tables as files.

    Returns
    -------
    str
        The run's id.
    """
    experiment = registry.experiment()
    day = rfc3339(watched.end)[:10]
    metrics = {"alarms": float(len(watched.alarms))}
    metrics |= {f"p/{check.family}.{check.days}d": check.p for check in watched.checks if check.p is not None}
    for row in watched.tables["matured"].to_dict("records"):
        group = str(row["cases"]).replace(" ", "_")
        for name in ("n", "harmed", "expected", "ratio", "precision"):
            if np.isfinite(row[name]):
                metrics[f"matured/{group}.{name}"] = float(row[name])
    with (
        tempfile.TemporaryDirectory() as scratch,
        mlflow.start_run(
            experiment_id=experiment, run_name=f"watch until {day}", description=verdict(watched)
        ) as run,
    ):
        write(watched, Path(scratch))
        alarms = sorted({check.family for check in watched.alarms})
        mlflow.set_tags({"kind": "watch", "until": day, "alarms": ", ".join(alarms) or "none"})
        mlflow.log_metrics(metrics)
        mlflow.log_artifacts(scratch, "watch")
    return str(run.info.run_id)
