"""A comparison as a run in MLflow: what two versions say of the same cases, nobody named."""

from __future__ import annotations

import tempfile
from pathlib import Path

import mlflow
import numpy as np

from models import registry
from models.comparison_report import Comparison


def log_comparison(made: Comparison) -> str:
    """Log a run named after both versions, with every difference as a metric and the tables as files.

    Returns
    -------
    str
        The run's id.
    """
    experiment = registry.experiment()
    first, second = registry.find(made.ours), registry.find(made.theirs)
    told = made.tables["figures"]
    names = told["target"] + "_" + told["horizon_days"].astype(str) + "/" + told["metric"] + ".difference"
    less = dict(zip(names, told["difference"].to_numpy(np.float64).tolist(), strict=True))
    metrics = {name: value for name, value in less.items() if np.isfinite(value)}
    with (
        tempfile.TemporaryDirectory() as scratch,
        mlflow.start_run(
            experiment_id=experiment,
            run_name=f"compare {first.version} with {second.version}",
            description=made.note,
        ) as run,
    ):
        made.write(Path(scratch), private=False)
        mlflow.set_tags({"kind": "comparison", "ours": first.uri, "theirs": second.uri})
        mlflow.log_params({"ours": first.uri, "theirs": second.uri, "cases": len(made.found.frame)})
        mlflow.log_metrics(metrics)
        mlflow.log_artifacts(scratch, "comparison")
    return str(run.info.run_id)
