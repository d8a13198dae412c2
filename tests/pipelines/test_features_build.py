"""`anlan features build`: parts that are whole, taken up where a build stopped, the same on every engine."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest

from docket.demo import generate
from docket.snapshot import Snapshot
from features.catalogue import COLUMNS, catalogue_hash
from features.engine import compute
from features.sources import DuckSource
from pipelines import cli

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS, PART = 600, 150


@dataclass(frozen=True)
class Asked:
    records: Path
    cases: Path

    def words(self, out: Path, *more: object) -> list[str]:
        words = ("features", "build", "--records", self.records, "--cases", self.cases, "--out", out)
        return [*map(str, (*words, "--part-rows", PART, *more))]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("build")
    generate(folder / "records", end=date(2026, 1, 31), disputes=300, seed=4)
    disputes = pd.read_parquet(folder / "records" / "disputes.parquet")
    later = disputes.assign(recorded_at=disputes["recorded_at"] + pd.Timedelta(days=60))
    cases = pd.concat([disputes, later])[["dispute_id", "recorded_at"]]
    assert len(cases) == ROWS
    cases.rename(columns={"recorded_at": "as_of"}).to_parquet(folder / "cases.parquet", index=False)
    return Asked(folder / "records", folder / "cases.parquet")


@pytest.fixture(scope="module")
def whole(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert cli.run(asked.words(out, "--no-track")) == 0
    return out


@pytest.fixture(scope="module")
def killed(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build that was killed with some of its parts written."""
    out = tmp_path_factory.mktemp("killed") / "out"
    command = [Path(sys.executable).with_name("anlan"), *asked.words(out, "--no-track")]
    with subprocess.Popen(command, cwd=out.parent) as process:
        while not any(out.glob("part-*")):
            assert process.poll() is None, "it ended before it was killed"
        process.send_signal(signal.SIGKILL)
    assert 1 <= len(list(out.glob("part-*"))) < ROWS / PART
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_build_is_what_the_engine_computes(asked: Asked, whole: Path) -> None:
    cases = pd.read_parquet(asked.cases)
    built = pd.read_parquet(whole)
    assert built["dispute_id"].tolist() == cases["dispute_id"].tolist()
    assert (built["as_of"].to_numpy() == cases["as_of"].to_numpy()).all()
    assert len(list(whole.glob("part-*.parquet"))) == ROWS / PART
    as_of = cases["as_of"].astype("datetime64[us, UTC]").astype(np.int64).to_numpy()
    source = DuckSource(Snapshot.from_folder(asked.records))
    wanted = compute(source, cases["dispute_id"].tolist(), as_of)
    pd.testing.assert_frame_equal(built[[*COLUMNS]], wanted, check_exact=True)


def test_a_killed_build_is_taken_up_and_gives_the_bytes_of_an_undisturbed_one(
    asked: Asked, whole: Path, killed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(killed, out)
    found = {file: file.stat().st_mtime_ns for file in out.glob("part-*")}
    assert cli.run(asked.words(out, "--no-track")) == 0
    assert f"{len(found) * PART} of them from before" in capsys.readouterr().out
    assert {file: file.stat().st_mtime_ns for file in found} == found
    assert contents(out) == contents(whole)
    assert cli.run(asked.words(out, "--no-track")) == 0
    assert "complete already" in capsys.readouterr().out


def test_spark_takes_it_up_as_well(
    asked: Asked, whole: Path, killed: Path, tmp_path: Path, spark: SparkSession
) -> None:
    out = tmp_path / "out"
    shutil.copytree(killed, out)
    assert cli.run(asked.words(out, "--no-track", "--engine", "spark")) == 0
    assert contents(out) == contents(whole)


def test_a_run_says_what_was_built_from_what(
    asked: Asked, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for _ in range(2):  # the second finds it complete, and has nothing to log
        assert cli.run(asked.words(tmp_path / "out")) == 0
    assert contents(tmp_path / "out") == contents(whole)
    runs = mlflow.search_runs(experiment_names=["anlan"], output_format="list")
    assert len(runs) == 1
    told = runs[0].data
    assert told.tags["data_digest"] == Snapshot.from_folder(asked.records).digest
    assert told.tags["catalogue_hash"] == catalogue_hash()
    assert told.metrics["rows"] == ROWS
    assert told.params["engine"] == "duckdb"


def test_a_folder_of_other_inputs_is_refused_and_left_alone(
    asked: Asked, killed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(killed, out)
    before = contents(out)
    fewer = tmp_path / "fewer.parquet"
    pd.read_parquet(asked.cases).head(ROWS - 1).to_parquet(fewer, index=False)
    assert cli.run([*asked.words(out, "--no-track"), "--cases", str(fewer)]) == 2
    assert "cases_digest, rows differ" in capsys.readouterr().err
    assert cli.run([*asked.words(out, "--no-track"), "--part-rows", "100"]) == 2
    assert "part_rows differ" in capsys.readouterr().err
    records = tmp_path / "records"
    shutil.copytree(asked.records, records)
    visits = pd.read_parquet(records / "visits.parquet")
    visits.iloc[1:].to_parquet(records / "visits.parquet", index=False)
    assert cli.run([*asked.words(out, "--no-track"), "--records", str(records)]) == 2
    assert "data_digest differ" in capsys.readouterr().err
    manifest = json.loads((out / "_manifest.json").read_text("utf-8"))
    (out / "_manifest.json").write_text(json.dumps(manifest | {"catalogue_hash": "0"}), "utf-8")
    assert cli.run(asked.words(out, "--no-track")) == 2
    assert "catalogue_hash differ" in capsys.readouterr().err
    assert {**contents(out), "_manifest.json": b""} == {**before, "_manifest.json": b""}


def test_a_folder_that_is_no_build_is_refused(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert cli.run(asked.words(tmp_path, "--no-track")) == 2
    assert "something else" in capsys.readouterr().err
    assert contents(tmp_path) == {"letter.txt": b"mine"}


def test_two_builds_do_not_write_into_one_folder(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert cli.run(asked.words(tmp_path, "--no-track")) == 1
    finally:
        os.close(handle)
    assert "another process" in capsys.readouterr().err


def test_without_pyspark_the_extra_is_named(asked: Asked, tmp_path: Path) -> None:
    """A real interpreter in whose packages there is no pyspark."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for entry in Path(mlflow.__file__).parents[1].iterdir():
        if not entry.name.startswith("pyspark"):
            (packages / entry.name).symlink_to(entry)
    words = asked.words(tmp_path / "out", "--engine", "spark")
    done = subprocess.run(
        [sys.executable, "-S", "-c", "from pipelines.cli import main; main()", *words],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{packages}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and ".[spark]" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_java_it_says_so(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = asked.words(tmp_path / "out", "--engine", "spark")
    assert cli.run(words) == 1
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert cli.run(words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "no java on PATH" in lines[0] and "JAVA_HOME" in lines[1]
    assert all("openjdk-17-jre-headless" in line for line in lines)
    assert not (tmp_path / "out").exists()
