"""The whole API against its own description: nothing that schemathesis finds, in single calls or linked ones."""

from __future__ import annotations

from pathlib import Path

from bench.contract import check, filled


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    store = filled(f"sqlite:///{tmp_path / 'store.db'}")
    status, told = check(store, tmp_path, examples=200, seed=7)
    store.close()
    assert status == 0, told
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in told, told
    assert "Tested: 23" in told, told
