"""A registry with some versions of a small model, each with other risks and another policy than the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import pytest
from made_up_district import CUT, SETTINGS, make_district

from docket.snapshot import Snapshot
from models import registry
from models.fit import train
from models.policy import ColourPolicy

VERSIONS = 4


@dataclass(frozen=True)
class Registry:
    tracking: str
    uris: tuple[str, ...]

    @contextmanager
    def used(self) -> Iterator[None]:
        """By this process and those that it starts; the first version is champion."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
                patch.setenv(name, self.tracking)
            if self.uris:
                registry.name(self.uris[0])
            yield

    def scorer_folder(self, uri: str) -> Path:
        """Where the registry keeps a version's scorer."""
        version = mlflow.MlflowClient(self.tracking).get_model_version("anlan", uri.rsplit("/", 1)[1])
        logged = mlflow.get_logged_model(version.model_id or version.source.removeprefix("models:/"))
        return Path(logged.artifact_location.removeprefix("file://")) / "artifacts" / "scorer"


def make_registry(folder: Path) -> Registry:
    """Train once; log as many versions, of which the later say lower risks and are sooner red."""
    made = Registry(f"sqlite:///{folder}/mlruns/mlflow.db", ())
    records = make_district(500, seed=2, base=-2.4).write(folder / "records")
    trained = train(Snapshot.from_folder(records), CUT, seed=1, settings=SETTINGS)
    files = folder / "files"
    files.mkdir()
    uris = []
    with made.used():
        for number in range(VERSIONS):
            told = json.loads(trained.scorer.policy.to_json())
            told["thresholds"] |= {"red": 0.9 - number / 100}
            scorer = replace(
                trained.scorer,
                calibration=replace(trained.scorer.calibration, shift=-0.3 * number),
                policy=ColourPolicy.from_json(json.dumps(told)),
            )
            uris.append(
                registry.log_and_register(
                    scorer, params={}, metrics={}, tags={}, files=files, example=trained.example
                )
            )
    return replace(made, uris=tuple(uris))
