"""`anlan effects`: what visiting does, told from a folder or a store."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from mapped_district import district

from docket.demo import generate
from docket.store.planned import keep_plan
from docket.times import from_micros, now_micros
from pipelines.cli import run
from serving.map.periods import finished


def test_a_folder_tells_what_its_visits_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate(tmp_path / "records", end=date(2026, 1, 31), disputes=1_200, seed=3)
    out = tmp_path / "effects.json"
    words = ["effects", "--records", str(tmp_path / "records"), "--until", "2026-02-01"]
    assert run([*words, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "doubly robust" in said and "By lot" not in said
    told = json.loads(out.read_text(encoding="utf-8"))
    trouble = told["visits"]["found"][0]
    assert trouble["outcome"] == "trouble" and told["follow_days"] == 30 and told["lots"] is None
    for way in ("weighted", "doubly_robust"):
        effect = trouble[way]
        assert effect["ratio"] == pytest.approx(effect["treated"] / effect["untreated"])
        assert effect["difference_low"] < effect["difference"] < effect["difference_high"]


def test_a_store_tells_of_its_lots(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = district(store_url, tmp_path / "records", {("g1", "debt", 1): 200})
    opened = finished("quarter", now_micros(), 2)[0].since
    day = (from_micros(opened) + timedelta(days=40)).date().isoformat()
    rng = np.random.default_rng(1)
    plan = [
        {
            "date": day, "worker_id": "w1", "person_id": f"p{number}", "dispute_id": f"g1-debt-1-{number}",
            "rank": number + 1 if rng.random() < 0.4 else None, "colour": "none", "drawn": True,
            "propensity": 0.4, "model_version": None, "planned_at": opened,
        }
        for number in range(200)
    ]  # fmt: skip
    with store.begin() as conn:
        keep_plan(conn, day, plan)
    store.close()
    until = from_micros(now_micros()).date().isoformat()
    assert run(["effects", "--store", store_url, "--until", until]) == 0
    said = capsys.readouterr().out
    assert "Fewer than 30 visits" in said  # nobody was visited, and yet the lots were drawn
    assert "By lot: 200 places that were given by chance" in said


def test_what_can_not_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate(tmp_path / "records", end=date(2026, 1, 31), disputes=50, seed=3)
    assert run(["effects", "--records", str(tmp_path / "records"), "--until", "soon"]) == 2
    assert "--until soon" in capsys.readouterr().err
    assert run(["effects", "--records", str(tmp_path / "nowhere")]) == 2
    assert "nowhere: no such folder" in capsys.readouterr().err
