"""The registry, a real MLflow on SQLite: versions, the champion, and a model found again from it alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from docket.snapshot import Snapshot
from features.catalogue import COLUMNS, catalogue_hash
from models import registry
from models.fit import Trained
from models.packaging import register
from models.registry import NoSuchModelError
from models.targets import RISK_COLUMNS

IDENTITY = re.compile(r"\b[pdeo]\d{5,6}\b|\b1[3-9]\d{9}\b")
"""The ids of the made-up district, and phone numbers."""


def use(patch: pytest.MonkeyPatch, folder: Path) -> str:
    """A registry of its own in a folder, until the patch ends; MLflow hands both names on to child processes."""
    uri = f"sqlite:///{folder}/mlruns/mlflow.db"
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        patch.setenv(name, uri)
    return uri


@dataclass(frozen=True)
class Registered:
    """A registry with two versions of a model, the first of which was named champion.

    Attributes
    ----------
    tracking
        Its URI.
    before
        Why no model could be loaded before the first.
    uris
        What registering answered.
    unnamed
        Why no model could be loaded while neither had been named.
    """

    tracking: str
    before: str
    uris: tuple[str, str]
    unnamed: str


@pytest.fixture(scope="module")
def registered(learned: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    with pytest.MonkeyPatch.context() as patch:
        tracking = use(patch, tmp_path_factory.mktemp("registry"))
        with pytest.raises(NoSuchModelError) as refused:
            registry.load()
        uris = (register(learned), register(learned))
        with pytest.raises(NoSuchModelError) as unnamed:
            registry.load()
        registry.name(uris[0])
        yield Registered(tracking, str(refused.value), uris, str(unnamed.value))


@pytest.fixture
def run(registered: Registered) -> mlflow.entities.Run:
    """The run that logged the first version."""
    return mlflow.MlflowClient(registered.tracking).get_run(registry.find(registered.uris[0]).run_id)


@pytest.fixture(scope="module")
def artifacts(registered: Registered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first version's run keeps, and its model."""
    found = registry.find(registered.uris[0])
    folder = tmp_path_factory.mktemp("artifacts")
    mlflow.artifacts.download_artifacts(run_id=found.run_id, dst_path=str(folder))
    mlflow.artifacts.download_artifacts(artifact_uri=found.uri, dst_path=str(folder / "model"))
    return folder


def test_no_version_is_champion_by_itself_not_even_the_first(registered: Registered) -> None:
    assert registered.uris == ("models:/anlan/1", "models:/anlan/2")
    assert registered.unnamed == registered.before
    assert registry.load()[1] == "models:/anlan/1"


def test_a_version_is_named_and_another_in_its_place(registered: Registered) -> None:
    try:
        assert registry.name("models:/anlan/2").uri == registry.find().uri == "models:/anlan/2"
    finally:
        registry.name("models:/anlan/1")
    assert registry.find("models:/anlan@champion").uri == "models:/anlan/1"


@pytest.mark.parametrize(
    "uri", ["models:/anlan/99", "models:/anlan@nobody", "models:/other/1", "anlan", "models:/anlan/x"]
)
def test_what_is_not_there_is_refused_by_name(registered: Registered, uri: str) -> None:
    with pytest.raises(NoSuchModelError, match=re.escape(uri)):
        registry.find(uri)
    with pytest.raises(NoSuchModelError):
        registry.name(uri)
    assert registry.find().uri == "models:/anlan/1"


def test_without_any_model_there_is_no_champion(registered: Registered) -> None:
    assert registered.before == f"no model models:/anlan@champion in {registered.tracking}"


SCORE = """
import sys, mlflow, numpy as np, pandas as pd
from models import registry
frame = pd.read_parquet(sys.argv[1])
served = mlflow.pyfunc.load_model("models:/anlan@champion").predict(frame)
scorer, uri = registry.load(threads=1)
assert uri == "models:/anlan/1", uri
np.savez(sys.argv[2], served=served.to_numpy(), ours=scorer.risks(frame), columns=list(served.columns))
"""


def test_a_fresh_process_scores_the_same_from_the_registry_alone(
    registered: Registered, learned: Trained, later: pd.DataFrame, tmp_path: Path
) -> None:
    cases, out, empty = tmp_path / "cases.parquet", tmp_path / "out.npz", tmp_path / "empty"
    empty.mkdir()
    later.to_parquet(cases)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANLAN", "MLFLOW"))
    }
    done = subprocess.run(
        [sys.executable, "-c", SCORE, str(cases), str(out)],
        cwd=empty,
        env=environment | {"MLFLOW_TRACKING_URI": registered.tracking},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = np.load(out)
    expected = learned.scorer.risks(later)
    assert tuple(found["columns"]) == RISK_COLUMNS
    np.testing.assert_allclose(found["served"], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found["ours"], expected, rtol=0, atol=1e-12)
    assert list(empty.iterdir()) == []


def test_the_run_says_what_was_trained_on_what(run: mlflow.entities.Run, learned: Trained) -> None:
    info = learned.scorer.info
    params = run.data.params
    assert params["seed"] == "1" and params["trained_until"] == "2023-07-01T00:00:00+08:00"
    assert params["policy_version"] == learned.scorer.policy.version
    assert params["catalogue_hash"] == catalogue_hash() == run.data.tags["catalogue_hash"]
    assert float(params["hazard.table_penalty"]) == 3000
    assert run.data.tags["data_digest"] == info["data_digest"] and len(info["data_digest"]) == 64
    (read,) = run.inputs.dataset_inputs
    assert read.dataset.name == "records" and info["data_digest"].startswith(read.dataset.digest)
    assert "kind" in mlflow.get_experiment(run.info.experiment_id).tags["mlflow.note.content"]
    metrics = run.data.metrics
    assert metrics["rows/disputes"] == info["disputes"] and metrics["rows/outcomes"] > 50
    assert metrics["harmed_disputes"] == info["harmed_disputes"]
    assert 0.5 < metrics["escalation_90/roc_auc"] < 1 and 0 < metrics["escalation_90/average_precision"] < 1
    assert metrics["calibration_map_slope"] == learned.scorer.calibration.slope
    assert run.info.status == "FINISHED"


def test_the_run_keeps_a_card_with_the_figures_of_this_model(artifacts: Path, learned: Trained) -> None:
    card = (artifacts / "card.md").read_text("utf-8")
    info = learned.scorer.info
    assert info["data_digest"] in card and learned.scorer.policy.version in card
    assert f"| Disputes | {info['disputes']} |" in card
    auc = next(
        row
        for row in learned.report["figures"]
        if (row["target"], row["horizon_days"], row["metric"]) == ("escalation", 90, "roc_auc")
    )
    assert f"{auc['value']:.3f} [{auc['low']:.3f}, {auc['high']:.3f}]" in card
    assert "must not be used for" in card and "{{" not in card and "nan" not in card.lower()
    # many of these narratives hold a stated danger, so the card says that the floors catch too much
    assert learned.report["policy"]["warnings"] and "**Warning:** red by floor is" in card
    assert json.loads((artifacts / "policy.json").read_text("utf-8"))["thresholds"]
    assert json.loads((artifacts / "report.json").read_text("utf-8"))["info"]["cut"] == info["cut"]
    plots = {"precision_recall", "reliability_90", "capacity", "learning_curve", "lead_times"}
    assert plots <= {path.stem for path in artifacts.glob("*.png")}
    for name in ("learning_curve", "lead_times"):
        pd.testing.assert_frame_equal(
            pd.read_csv(artifacts / f"{name}.csv"), pd.DataFrame(learned.report[name]), check_dtype=False
        )


def test_the_model_states_its_inputs_and_outputs(registered: Registered) -> None:
    signature = mlflow.models.get_model_info(registered.uris[0]).signature
    assert signature.inputs.input_names() == [*COLUMNS, "text"]
    assert signature.outputs.input_names() == list(RISK_COLUMNS)


def test_a_case_that_lacks_a_column_is_refused_by_its_name(
    registered: Registered, later: pd.DataFrame
) -> None:
    model = mlflow.pyfunc.load_model(registered.uris[0])
    with pytest.raises(mlflow.exceptions.MlflowException, match="harm_in_dispute"):
        model.predict(later.head(2).drop(columns="harm_in_dispute"))


def test_nothing_that_is_kept_holds_an_identity(artifacts: Path, snapshot: Snapshot) -> None:
    example = json.loads(next(artifacts.rglob("input_example.json")).read_text("utf-8"))
    texts = [row[example["columns"].index("text")] for row in example["data"]]
    narratives = set(snapshot.tables["disputes"].column("text").to_pylist())
    assert len(texts) == 3 and not narratives & set(texts)
    read = 0
    for path in artifacts.rglob("*"):
        if path.is_file() and path.suffix in {".json", ".md", ".txt", ".yaml", ".yml", ".py", ""}:
            text = path.read_text("utf-8")
            read += 1
            assert not IDENTITY.search(text), f"{path.name}: {IDENTITY.search(text)}"
            assert not any(narrative in text for narrative in narratives), path.name
    assert read >= 8
