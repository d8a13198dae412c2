"""A real MLflow tracking server with some versions of a small model that was trained on a demo district.

The model is trained once and kept under the cache; each run works on a copy, where versions may be damaged.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import mlflow

from bench.ports import free_port
from docket.demo import generate
from docket.snapshot import Snapshot
from docket.times import parse_instant
from models import registry
from models.fit import train
from models.hazard_settings import HazardSettings
from models.policy import ColourPolicy

from .processes import Process, wait_until_up

VERSIONS = 3
_DISPUTES, _SEED, _END, _UNTIL = 1_500, 21, date(2026, 1, 31), "2025-11-01"
_READY = "ready"


@dataclass
class Registry:
    """The server, which can be stopped and started, and what it knows.

    Attributes
    ----------
    folder
        Its database and artifacts.
    url
        Where it listens.
    server
        The process.
    """

    folder: Path
    url: str
    server: Process

    @property
    def uris(self) -> list[str]:
        """The versions, the first first."""
        return [f"models:/{registry.NAME}/{number}" for number in range(1, VERSIONS + 1)]

    def start(self) -> None:
        """Start the server and wait for it."""
        self.server.start()
        wait_until_up(f"{self.url}/health", self.server)

    def promote(self, uri: str) -> None:
        """Make a version the champion."""
        client = mlflow.MlflowClient(self.url, self.url)
        client.set_registered_model_alias(registry.NAME, registry.CHAMPION, uri.rsplit("/", 1)[1])

    def scorer_folder(self, uri: str) -> Path:
        """Where the server keeps a version's scorer."""
        client = mlflow.MlflowClient(self.url, self.url)
        entry = client.get_model_version(registry.NAME, uri.rsplit("/", 1)[1])
        model = entry.model_id or str(entry.source).rsplit("/", 1)[-1]
        (found,) = (self.folder / "artifacts").glob(f"**/{model}/artifacts/artifacts/scorer")
        return found


@contextmanager
def served(folder: Path) -> Iterator[Registry]:
    """The server on a folder; this process asks it, too."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", 1,
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination", (folder / "artifacts").as_uri(),
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # it has no jobs to run here
    made = Registry(folder, url, Process(words, environment, folder / "server.log"))
    before = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
    os.environ.update(dict.fromkeys(before, url))
    try:
        made.start()
        yield made
    finally:
        made.server.stop()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def copied(cache: Path, folder: Path) -> Iterator[Registry]:
    """The server on a copy of what is cached, which is made first where it isn't there."""
    kept = cache.resolve() / "faults" / "registry"
    if not (kept / _READY).exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        _make(kept)
        (kept / _READY).touch()
    shutil.copytree(kept, folder)
    with served(folder) as made:
        made.promote(made.uris[0])
        yield made


def _make(folder: Path) -> None:
    """Train once and log as many versions, of which the later say lower risks and are later red."""
    records, files = folder / "records", folder / "files"
    generate(records, end=_END, disputes=_DISPUTES, seed=_SEED)
    trained = train(
        Snapshot.from_folder(records), parse_instant(_UNTIL), seed=1, settings=HazardSettings(threads=2)
    )
    files.mkdir()
    with served(folder):
        for number in range(VERSIONS):
            told = json.loads(trained.scorer.policy.to_json())
            told["thresholds"]["red"] *= 1 + number / 10
            scorer = replace(
                trained.scorer,
                calibration=replace(trained.scorer.calibration, shift=-0.1 * number),
                policy=ColourPolicy.from_json(json.dumps(told)),
            )
            registry.log_and_register(
                scorer, params={}, metrics={}, tags={}, files=files, example=trained.example
            )
    (folder / "server.log").unlink(missing_ok=True)
