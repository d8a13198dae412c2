"""A version used without this project's commands: by MLflow's own doors, on what `features build` writes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import mlflow
import numpy as np
import pandas as pd
import pytest
from served import wait_for
from working_folder import Trained

from bench.ports import free_port
from models.targets import RISK_COLUMNS
from pipelines import cli

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

URI = "models:/anlan@champion"
BIN = Path(sys.executable).parent


@pytest.fixture
def built(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty cases, with their texts."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained.environment["MLFLOW_TRACKING_URI"])
    disputes = pd.read_parquet(trained.records / "disputes.parquet").tail(20)
    cases = disputes[["dispute_id", "recorded_at"]].rename(columns={"recorded_at": "as_of"})
    cases.to_parquet(tmp_path / "cases.parquet", index=False)
    words = ("features", "build", "--records", trained.records, "--cases", tmp_path / "cases.parquet")
    out = tmp_path / "features.parquet"
    assert cli.run([*map(str, (*words, "--out", out)), "--text", "--no-track"]) == 0
    return out


@pytest.fixture
def wanted(trained: Trained, built: Path, tmp_path: Path) -> np.ndarray:
    """What `anlan score` says of them, shape (20, 12)."""
    words = ("score", "--records", trained.records, "--cases", tmp_path / "cases.parquet")
    assert cli.run([*map(str, (*words, "--out", tmp_path / "risks.parquet"))]) == 0
    risks = pd.read_parquet(tmp_path / "risks.parquet")["risk"].to_numpy()
    return risks.reshape(len(pd.read_parquet(built)), len(RISK_COLUMNS))


def test_a_build_with_texts_can_be_read_by_its_owner_alone(built: Path) -> None:
    (part,) = built.glob("part-*.parquet")
    assert stat.S_IMODE(part.stat().st_mode) == 0o600
    assert pd.read_parquet(built)["text"].str.len().gt(0).all()


def test_pyfunc_gives_what_the_command_gives_and_names_a_missing_column(
    built: Path, wanted: np.ndarray
) -> None:
    model, frame = mlflow.pyfunc.load_model(URI), pd.read_parquet(built)
    found = model.predict(frame)
    assert found.columns.tolist() == list(RISK_COLUMNS)
    np.testing.assert_allclose(found.to_numpy(), wanted, rtol=0, atol=1e-9)
    for lacking in ("text", "from_police"):
        with pytest.raises(mlflow.exceptions.MlflowException, match=lacking):
            model.predict(frame.drop(columns=lacking))


def test_a_server_of_mlflows_gives_what_the_command_gives(
    trained: Trained, built: Path, wanted: np.ndarray
) -> None:
    frame = pd.read_parquet(built).drop(columns=["dispute_id", "as_of"])
    body = {"dataframe_split": {"columns": list(frame), "data": [*map(list, frame.to_numpy(object))]}}
    with _served(trained) as address:
        answer = httpx.post(
            f"{address}/invocations",
            content=pd.io.json.ujson_dumps(body, double_precision=15),
            headers={"content-type": "application/json"},
            timeout=60,
        )
    assert answer.status_code == 200, answer.text
    found = pd.DataFrame(answer.json()["predictions"])[[*RISK_COLUMNS]]
    np.testing.assert_allclose(found.to_numpy(), wanted, rtol=0, atol=1e-9)


def test_spark_udf_gives_what_the_command_gives(spark: SparkSession, built: Path, wanted: np.ndarray) -> None:
    told = ", ".join(f"{name} double" for name in RISK_COLUMNS)
    udf = mlflow.pyfunc.spark_udf(spark, URI, env_manager="local", result_type=told)
    rows = spark.read.parquet(str(built / "part-*.parquet"))
    read = [name for name in rows.columns if name not in ("dispute_id", "as_of")]
    found = rows.withColumn("risks", udf(*read)).select("dispute_id", "risks.*").toPandas()
    order = pd.read_parquet(built)["dispute_id"]
    found = found.set_index("dispute_id").loc[order, [*RISK_COLUMNS]]
    np.testing.assert_allclose(found.to_numpy(), wanted, rtol=0, atol=1e-9)


@contextmanager
def _served(trained: Trained) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [BIN / "mlflow", "models", "serve", "-m", URI, "--env-manager", "local", "--port", str(port)],
        env=trained.environment | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        cwd=trained.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def answers() -> bool:
        assert process.poll() is None, "it ended"
        try:
            return httpx.get(f"http://127.0.0.1:{port}/ping").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_for("MLflow's server answers", answers)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
