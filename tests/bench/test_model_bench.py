"""The bench of the model: everybody on the same rows, each cell fitted once, the truth is the truth."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.model.districts import Recipe, Sheets, sheets
from bench.model.judging import judge
from bench.model.plan import JUDGING, TUNING

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def tiny(cache: Path) -> Sheets:
    return sheets(Recipe.of("tiny", 800, 101, base_rate=0.05, wordings="common"), cache)


def test_nothing_is_judged_on_a_district_that_was_chosen_on() -> None:
    assert {recipe.seed for recipe in JUDGING} == {7, 12}
    assert {recipe.seed for recipe in TUNING} == {11, 101, 102}


def test_what_is_tested_lies_after_what_is_learned_from(tiny: Sheets) -> None:
    assert tiny.train["as_of"].max() < tiny.facts["cut"] <= tiny.test["as_of"].min()
    assert not set(tiny.train["dispute_id"]) & set(tiny.test["dispute_id"])


def test_the_twin_tells_the_same_cases_in_other_words(tiny: Sheets) -> None:
    own, twin = tiny.test[~tiny.test["unseen"]], tiny.test[tiny.test["unseen"]]
    for column in ("dispute_id", "as_of", "y", "p_true", "p_seen", "cluster"):
        assert own[column].tolist() == twin[column].tolist()
    assert own["text"].tolist() != twin["text"].tolist()


def test_the_best_reader_has_all_of_the_ceiling_and_leaves_no_gap(tiny: Sheets) -> None:
    test, n = tiny.test, len(tiny.test)
    risks = np.tile(test["p_seen"].to_numpy()[:, None], 12)
    found = judge(
        test,
        {
            "anlan": {"score": test["p_seen"].tolist(), "risks": risks},
            "base_rate": {"score": np.zeros(n)},
            "checklist": {"score": test["p_seen"].gt(test["p_seen"].median()).astype(float).tolist()},
        },
    )
    assert found.shares["anlan"].value == pytest.approx(1)
    assert found.shares["base_rate"].value == pytest.approx(0)
    assert found.closed.value == pytest.approx(1)
    assert found.best == "checklist"
    assert found.drops["anlan"].value == pytest.approx(0)
    assert found.slopes["anlan"].value == pytest.approx(1, abs=0.7)


def test_a_quick_run_is_kept(cache: Path) -> None:
    def run(*more: str) -> str:
        command = [sys.executable, "-m", "bench.model", "--quick", "--cache", str(cache), *more]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout

    told = run()
    for peer in ("anlan", "checklist", "tfidf_lr", "lightgbm_table", "tfidf_table_lr", "rule", "base_rate"):
        assert f"  {peer} " in told
    assert "Not measured" not in told
    assert run("--kept") == told
