"""The trial district by its commands: clean goes in, every fault of the broken one is named."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

FIELDS = ["file", "row", "column", "value", "reason"]


def anlan(*words: object, folder: Path, code: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("anlan"), *map(str, words)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def district(shared_data: Path) -> Path:
    return shared_data / "district_b"


def test_every_fault_is_named_in_one_pass(district: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    anlan("check", district / "broken", "--report", report, folder=tmp_path, code=2)
    named = rows_of(report)
    assert list(named[0]) == FIELDS
    found = {(row["file"], row["row"], row["column"], row["value"]): row["reason"] for row in named}
    for fault in rows_of(district / "faults.csv"):
        place = (fault["file"], fault["row"], fault["column"], fault["value"])
        assert found[place].startswith(fault["reason"])
    said = anlan("check", district / "broken", folder=tmp_path, code=2)
    assert len(said.stderr.strip().splitlines()) == len(named)


def test_nothing_of_a_broken_folder_is_stored_unless_row_by_row(district: Path, tmp_path: Path) -> None:
    store, rejects = f"sqlite:///{tmp_path}/s.db", tmp_path / "rejects.csv"
    anlan("load", district / "broken", "--store", store, folder=tmp_path, code=2)
    done = anlan(
        "load", district / "broken", "--store", store, "--reject-rows", rejects, folder=tmp_path, code=0
    )
    assert "persons: 2,699 new, 0 already there" in done.stdout
    refused = rows_of(rejects)
    assert len(refused) >= 14 and all(row["reason"] for row in refused)
    again = anlan(
        "load", district / "broken", "--store", store, "--reject-rows", rejects, folder=tmp_path, code=0
    )
    assert "persons: 0 new, 2,699 already there" in again.stdout


def test_the_clean_district_loads_and_its_extra_column_is_said(district: Path, tmp_path: Path) -> None:
    done = anlan("check", district / "clean", folder=tmp_path, code=0)
    assert "disputes.parquet: column final_disposition is outside the contract" in done.stdout
    done = anlan("load", district / "clean", "--store", f"sqlite:///{tmp_path}/s.db", folder=tmp_path, code=0)
    assert "disputes: 1,800 new" in done.stdout
