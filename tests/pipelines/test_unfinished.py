"""A training that was stopped is taken up by the same command, by no other, and not for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from made_up_district import District, make_district

from docket.faults import BadInput
from docket.snapshot import Snapshot
from docket.times import DAY, from_micros
from models.evaluation import known_until
from pipelines.unfinished import unfinished
from pipelines.writing import FolderBusyError

ASKED = {"records": "r", "seed": 0}


@pytest.fixture(scope="module")
def tiny() -> District:
    return make_district(30, seed=1)


@pytest.fixture(scope="module")
def snapshot(tiny: District, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot.from_folder(tiny.write(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def work(tmp_path: Path, snapshot: Snapshot) -> Path:
    """Where a training has made one stage, and was stopped."""
    with (
        pytest.raises(KeyboardInterrupt),
        unfinished(tmp_path, ASKED, snapshot, None) as (_, keep),
    ):
        assert keep("stage", lambda: 1) == 1
        raise KeyboardInterrupt
    return tmp_path


def made(work: Path, asked: dict[str, object], snapshot: Snapshot) -> tuple[int, int]:
    """The cut, and what the stage is when it is made as 2."""
    with unfinished(work, asked, snapshot, None) as (cut, keep):
        return cut, keep("stage", lambda: 2)


def test_the_same_command_goes_on_and_leaves_nothing(
    work: Path, snapshot: Snapshot, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(work, ASKED, snapshot) == (known_until(snapshot), 1)
    assert "going on with what was stopped" in capsys.readouterr().err
    assert list(work.iterdir()) == []
    assert made(work, ASKED, snapshot) == (known_until(snapshot), 2)


def reported(tiny: District, at: int, folder: Path) -> Snapshot:
    """The records, and one more dispute that was recorded at a moment."""
    when, old = pd.Timestamp(from_micros(at)), tiny.tables["disputes"].iloc[0]
    dispute = {**old, "dispute_id": "more", "recorded_at": when, "opened_at": when}
    parties = tiny.tables["parties"].head(2).assign(dispute_id="more", recorded_at=when)
    more = tiny.with_rows("disputes", [dispute]).with_rows("parties", parties.to_dict("records"))
    return Snapshot.from_folder(more.write(folder))


def test_what_has_been_recorded_since_waits_for_the_next_training(
    work: Path, snapshot: Snapshot, tiny: District, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cut = known_until(snapshot)
    later = reported(tiny, cut + DAY, tmp_path_factory.mktemp("later"))
    assert known_until(later) > cut
    assert made(work, ASKED, later) == (cut, 1)
    assert made(work, ASKED, later) == (known_until(later), 2)


def test_what_was_made_of_other_records_is_made_anew(
    work: Path, snapshot: Snapshot, tiny: District, tmp_path_factory: pytest.TempPathFactory
) -> None:
    earlier = reported(tiny, known_until(snapshot) - DAY, tmp_path_factory.mktemp("earlier"))
    assert made(work, ASKED, earlier) == (known_until(snapshot), 2)


def test_another_seed_is_another_training(work: Path, snapshot: Snapshot) -> None:
    assert made(work, {**ASKED, "seed": 1}, snapshot)[1] == 2
    assert made(work, ASKED, snapshot)[1] == 1


def test_after_a_day_nothing_is_taken_up(work: Path, snapshot: Snapshot) -> None:
    (stated,) = work.glob("*/begun.json")
    begun = json.loads(stated.read_text("utf-8"))
    stated.write_text(json.dumps({**begun, "begun": begun["begun"] - DAY - 1}), "utf-8")
    assert made(work, ASKED, snapshot)[1] == 2


def test_two_of_the_same_do_not_run_at_once(work: Path, snapshot: Snapshot) -> None:
    with (
        unfinished(work, ASKED, snapshot, None),
        pytest.raises(FolderBusyError),
        unfinished(work, ASKED, snapshot, None),
    ):
        pytest.fail("never entered")


def test_a_fault_before_any_stage_leaves_nothing(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(ValueError, match="too little"), unfinished(tmp_path, ASKED, snapshot, None):
        raise ValueError("too little")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, snapshot: Snapshot) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match=r"--work .*file"), unfinished(tmp_path / "file", ASKED, snapshot, 1):
        pytest.fail("never entered")
