"""The registry on a tracking server over PostgreSQL, with nothing changed but its address."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from bench.ports import free_port
from models import promotion, registry
from models.fit import Trained
from models.gates import Signed
from models.packaging import register


@pytest.fixture
def server(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of `mlflow server` that keeps runs in PostgreSQL and artifacts behind itself."""
    port = free_port()
    backend = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)
    command = [
        Path(sys.executable).with_name("mlflow"), "server", "--backend-store-uri", backend,
        "--artifacts-destination", tmp_path / "artifacts", "--port", port, "--workers", "1",
    ]  # fmt: skip
    process = subprocess.Popen(list(map(str, command)), env=os.environ.copy(), cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{address}/health", timeout=2).status_code == 200:
                break
        except httpx.TransportError:
            assert process.poll() is None
        time.sleep(0.2)
    else:
        raise AssertionError("the tracking server did not start")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", address)
    yield address
    process.terminate()
    process.wait(30)


def test_a_version_is_logged_named_and_found_again_by_address_alone(
    server: str, learned: Trained, later: pd.DataFrame, tmp_path: Path
) -> None:
    uri = register(learned)
    promotion.promote(registry.find(uri), [], Signed("王敏", "首个版本"), {})
    scorer, found = registry.load()
    assert found == uri == "models:/anlan/1"
    np.testing.assert_array_equal(scorer.risks(later), learned.scorer.risks(later))
    trial = registry.trial(registry.find())
    assert trial is not None
    np.testing.assert_array_equal(trial.risks(later), learned.trial.risks(later))
    assert not (tmp_path / "mlruns").exists()  # nothing is left behind in the working folder
