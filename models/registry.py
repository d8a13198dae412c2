"""The model registry: MLflow tracking in SQLite, versions of `anlan`, the alias `champion`.

Where nothing is said otherwise, everything stays in the working folder: `mlruns/mlflow.db` and
`mlruns/artifacts`. A model is found again from the registry alone, by any process with this package.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

import models.pyfunc_model
from models import golden
from models.inputs import TEXT
from models.scorer import Scorer
from models.targets import RISK_COLUMNS

NAME: Final = "anlan"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
EXPERIMENT: Final = "anlan"
DEFAULT_TRACKING: Final = "sqlite:///mlruns/mlflow.db"
ARTIFACTS: Final = Path("mlruns") / "artifacts"
TRIAL: Final = "trial"
"""Folder of the run that holds the validation model."""
_MOST: Final = 4_000
"""Characters of a tag; MLflow takes some more."""


ABOUT: Final = (
    "安澜: the risk that a dispute escalates, of four kinds within 30, 90 and 180 days. A person decides; "
    "the score advises. `champion` is in use, `challenger` scores unseen; `anlan promote` names either. Each "
    "version's card says what it was trained on, how good it is, and what it must not be used for."
)
RUNS: Final = (
    "Everything that was tried on a district's records. The tag `kind` says what a run is: `training` (its "
    "version is under *Models*), `comparison`, `evaluation` with a nested `origin` a quarter, `watch` "
    "or `features`. Figures are named `target_days/metric`, with `.low` and `.high` for 95 % intervals."
)
_DIGEST: Final = 36
"""Characters of a data set's digest that MLflow keeps."""
_ABSENT: Final = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})


class NoSuchModelError(LookupError):
    """No such model version in the registry; the message says what was asked for and where."""


@dataclass(frozen=True)
class Found:
    """A model version as the registry knows it.

    Attributes
    ----------
    version
        The version number as a string.
    uri
        `models:/anlan/3`, whatever alias it was asked by.
    run_id
        The run that logged it.
    """

    version: str
    uri: str
    run_id: str


def tracking_uri() -> str:
    """`$MLFLOW_TRACKING_URI`, or SQLite in the working folder, whose folder is made."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # stderr is for faults
    uri = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return uri


def experiment() -> str:
    """The experiment's id; made with its artifacts beside a SQLite file where it isn't there."""
    uri = tracking_uri()
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    location = None
    if uri.startswith("sqlite:///"):
        folder = Path(uri.removeprefix("sqlite:///")).parent / ARTIFACTS.name
        folder.mkdir(parents=True, exist_ok=True)
        location = folder.resolve().as_uri()
    tags = {MLFLOW_RUN_NOTE: RUNS}
    return str(client.create_experiment(EXPERIMENT, artifact_location=location, tags=tags))


def log_records(digest: str, context: str) -> None:
    """Show on a run which records it read: by digest, for where they lie is nobody's business in MLflow."""
    # mlflow 3 leaves `profile` abstract and needs none
    records = MetaDataset(CodeDatasetSource(tags={}), name="records", digest=digest[:_DIGEST])  # type: ignore[abstract]
    mlflow.log_input(records, context=context)


def signature(scorer: Scorer) -> ModelSignature:
    """The catalogue's columns and the text in, the twelve risks out, all by name."""
    columns: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in scorer.columns]
    columns.append(ColSpec(DataType.string, TEXT))
    risks: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in RISK_COLUMNS]
    return ModelSignature(inputs=Schema(columns), outputs=Schema(risks))


def log_and_register(
    scorer: Scorer,
    *,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Path,
    example: pd.DataFrame,
    breaches: Sequence[str] = (),
    run_name: str | None = None,
    description: str | None = None,
) -> str:
    """Log a run with its model, register it, and give the new version's URI.

    It gets no alias, not even as the first: a person gives one (`models.promotion`).

    Parameters
    ----------
    params, metrics, tags
        Logged as they are.
    files
        A folder (card, plots, tables) that is logged whole.
    example
        An input example that holds nobody's data.
    breaches
        What the audit by group found: kept with the version.
    run_name, description
        What MLflow's pages show of the run and the version; Markdown.
    """
    run_experiment = experiment()
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / "scorer"
        scorer.save(saved)
        golden.write(scorer, saved)
        with mlflow.start_run(
            experiment_id=run_experiment, run_name=run_name, description=description
        ) as run:
            mlflow.log_params(dict(params))
            mlflow.log_metrics({name: float(value) for name, value in metrics.items() if np.isfinite(value)})
            mlflow.set_tags(dict(tags))
            if "data_digest" in tags:
                log_records(tags["data_digest"], "training")
            mlflow.log_artifacts(str(files))
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(Path(models.pyfunc_model.__file__)),
                artifacts={"scorer": str(saved)},
                signature=signature(scorer),
                input_example=example,
                pip_requirements=["anlan"],
            )
    stored = {"run_id": run.info.run_id}
    if breaches:
        stored["breaches"] = json.dumps(list(breaches), ensure_ascii=False)[:_MOST]
    registered = mlflow.register_model(info.model_uri, NAME, tags=stored)
    client = mlflow.MlflowClient()
    client.update_registered_model(NAME, ABOUT)
    if description is not None:
        client.update_model_version(NAME, registered.version, description)
    return f"models:/{NAME}/{registered.version}"


def champion() -> str | None:
    """The number of the version that is champion; None where none is."""
    tracking_uri()
    return _champion(mlflow.MlflowClient())


def _champion(client: mlflow.MlflowClient) -> str | None:
    try:
        return str(client.get_model_version_by_alias(NAME, CHAMPION).version)
    except MlflowException as error:
        # MLflow says "invalid parameter" for an alias that isn't there; anything else is a fault of the store
        if error.error_code in _ABSENT:
            return None
        raise


def name(uri: str, alias: str | None = CHAMPION, tags: Mapping[str, str] | None = None) -> Found:
    """Give a version an alias, and keep with it what is said of that.

    Nothing is asked: `models.promotion` asks.

    Raises
    ------
    NoSuchModelError
        If there is no such version.
    """
    found = find(uri)
    client = mlflow.MlflowClient()
    for tag, said in (tags or {}).items():
        client.set_model_version_tag(NAME, found.version, tag, said)
    if alias is not None:
        client.set_registered_model_alias(NAME, alias, found.version)
    return found


def tags_of(found: Found) -> dict[str, str]:
    """What is kept with a version."""
    return {
        tag: str(said)
        for tag, said in mlflow.MlflowClient().get_model_version(NAME, found.version).tags.items()
    }


def breaches_of(found: Found) -> list[str]:
    """What the audit by group found when a version was trained."""
    told = tags_of(found).get("breaches")
    return [] if told is None else [str(one) for one in json.loads(told)]


def find(uri: str = f"models:/{NAME}@{CHAMPION}") -> Found:
    """The version that a `models:/` URI means now.

    Raises
    ------
    NoSuchModelError
        If the URI is not of that form, or nothing answers to it.
    """
    tracking_uri()
    client = mlflow.MlflowClient()
    body = uri.removeprefix("models:/")
    try:
        if not uri.startswith("models:/"):
            raise NoSuchModelError(f"{uri} is not a model URI (models:/{NAME}/3, models:/{NAME}@{CHAMPION})")
        if "@" in body:
            name, alias = body.split("@", 1)
            entry = client.get_model_version_by_alias(name, alias)
        else:
            name, _, version = body.partition("/")
            entry = client.get_model_version(name, version)
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        raise NoSuchModelError(f"no model {uri} in {mlflow.get_tracking_uri()}") from error
    return Found(str(entry.version), f"models:/{entry.name}/{entry.version}", str(entry.run_id))


def load(uri: str = f"models:/{NAME}@{CHAMPION}", threads: int = 0) -> tuple[Scorer, str]:
    """The scorer and the URI of its version, `models:/anlan/3`.

    Raises
    ------
    NoSuchModelError
        If nothing answers to the URI.
    models.scorer.ScorerMismatchError
        If it can't be used by this installation.
    """
    found = find(uri)
    with fetched(found) as folder:
        return Scorer.load(held_in(folder, found)).with_threads(threads), found.uri


def trial(found: Found, threads: int = 0) -> Scorer | None:
    """The validation model of a version's run; None for one from before these were kept."""
    client = mlflow.MlflowClient()
    if not any(held.path == TRIAL for held in client.list_artifacts(found.run_id)):
        return None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(client.download_artifacts(found.run_id, TRIAL, scratch))
        return Scorer.load(folder).with_threads(threads)


@contextmanager
def fetched(found: Found) -> Iterator[Path]:
    """What MLflow keeps of a version's model, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(mlflow.artifacts.download_artifacts(artifact_uri=found.uri, dst_path=scratch))


def held_in(folder: Path, found: Found) -> Path:
    """The scorer's own folder within a fetched one.

    Raises
    ------
    NoSuchModelError
        If there is none.
    """
    held = sorted(folder.glob("artifacts/scorer*"))
    if not held:
        raise NoSuchModelError(f"{found.uri} holds no scorer")
    return held[0]
