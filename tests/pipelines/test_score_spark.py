"""`anlan score --engine spark` gives what `anlan score` gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from working_folder import Trained

from pipelines import cli, score
from pipelines.defaults import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_the_risks_are_those_of_the_batch(
    trained: Trained, tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained.environment["MLFLOW_TRACKING_URI"])
    # Several tasks, and several parts.
    monkeypatch.setattr("models.spark.SLICE", 40)
    for engine in Engine:
        monkeypatch.setitem(score.PART, engine, 150)
    disputes = pd.read_parquet(trained.records / "disputes.parquet").tail(200)
    cases = disputes[["dispute_id", "recorded_at"]].rename(columns={"recorded_at": "as_of"})
    cases.to_parquet(tmp_path / "cases.parquet", index=False)
    rows, answers = {}, {}
    for engine in map(str, Engine):
        out, lines = tmp_path / f"{engine}.parquet", tmp_path / f"{engine}.jsonl"
        words = ("score", "--records", trained.records, "--cases", tmp_path / "cases.parquet", "--out", out)
        assert cli.run([*map(str, words), "--assessments", str(lines), "--engine", engine]) == 0
        rows[engine], answers[engine] = pd.read_parquet(out), lines.read_text("utf-8")
    risk = {engine: found.pop("risk") for engine, found in rows.items()}
    pd.testing.assert_frame_equal(rows["spark"], rows["duckdb"])
    assert len(risk["spark"]) == 12 * len(cases)
    np.testing.assert_allclose(risk["spark"], risk["duckdb"], rtol=0, atol=1e-12)
    assert answers["spark"] == answers["duckdb"]
