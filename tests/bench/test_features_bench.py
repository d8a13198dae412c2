"""The bench's hand-written program has the engine's columns, and a cell is measured once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.features.data import Recipe, kept
from bench.features.peers import engine, numpy_peer
from bench.features.plan import DECLARED, PEERS, columns_of
from bench.features.reading import Records

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("asked", [None, 300])
def test_numpy_has_the_columns_of_the_engine(tmp_path: Path, corrected: bool, asked: int | None) -> None:
    features = [DECLARED[name] for name in columns_of(PEERS["numpy"])]
    assert len(features) >= 120
    records = Records(kept(Recipe(2_000, corrected=corrected, seed=3), tmp_path), asked)
    ours, theirs = engine.compute(records, features), numpy_peer.compute(records, features)
    same = np.isclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True).all(axis=0)
    assert [feature["name"] for feature, right in zip(features, same, strict=True) if not right] == []


def test_the_same_recipe_makes_the_same_records(tmp_path: Path) -> None:
    one, other = (Records(kept(Recipe(500), tmp_path / name)) for name in ("one", "other"))
    assert all(table.equals(other.tables[name]) for name, table in one.tables.items())
    assert Recipe(500).digest != Recipe(500, hot=False).digest != Recipe(500, seed=8).digest


def test_a_quick_run_is_kept(tmp_path: Path) -> None:
    def run(*more: str) -> str:
        command = [sys.executable, "-m", "bench.features", "--quick", "--cache", str(tmp_path), *more]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout

    told = run()
    assert "numpy" in told
    assert "FAILED" not in told
    assert run("--kept") == told
