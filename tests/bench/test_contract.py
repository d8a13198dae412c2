"""The whole API against its own description: nothing that schemathesis finds, in single calls or linked ones."""

from __future__ import annotations

import json
from pathlib import Path

from bench.contract import check, filled

PUBLISHED = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = sum(len(of) for of in PUBLISHED["paths"].values())


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    store = filled(f"sqlite:///{tmp_path / 'store.db'}")
    status, told = check(store, tmp_path, examples=25, seed=7)
    store.close()
    assert status == 0, told
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in told, told
    assert f"Tested: {OPERATIONS}" in told, told
