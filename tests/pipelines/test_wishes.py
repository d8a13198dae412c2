"""What a district wishes of its colours is read whole, or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docket.faults import BadInput
from models.policy import CAPACITY
from pipelines.cli import run
from pipelines.wishes import Wishes


def test_shares_or_risks_are_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"capacity": {"red": 0.02, "yellow": 0.05, "blue": 0.2}}))
    assert Wishes.read(file) == Wishes({"red": 0.02, "yellow": 0.05, "blue": 0.2}, None)
    file.write_text(json.dumps({"thresholds": {"red": 0.2, "yellow": 0.1, "blue": 0.05}}))
    assert Wishes.read(file) == Wishes(dict(CAPACITY), {"red": 0.2, "yellow": 0.1, "blue": 0.05})
    assert Wishes.read(None) == Wishes(dict(CAPACITY), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "policy.json"),
        ("[]", "capacity"),
        ("{}", "capacity"),
        ('{"colour": 1}', "capacity"),
        ('{"capacity": {"red": 0.9, "yellow": 0.9, "blue": 0.1}}', "more than 1"),
        ('{"capacity": {"red": "much", "yellow": 0.1, "blue": 0.1}}', "policy.json"),
        ('{"thresholds": {"red": 0.1, "yellow": 0.2, "blue": 0.05}}', "red must not be below yellow"),
        ('{"thresholds": {"red": 0.1}}', "needs exactly"),
    ],
)
def test_what_no_policy_can_be_is_refused(
    tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=message):
        Wishes.read(file)
    # said before any record is read
    assert run(["train", "--records", str(tmp_path / "none"), "--policy", str(file)]) == 2
    assert "--policy" in capsys.readouterr().err
    with pytest.raises(BadInput, match="nowhere"):
        Wishes.read(tmp_path / "nowhere.json")
