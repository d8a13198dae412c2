"""The bare call: features, model and reasons in this process, on rows that have been fetched.

A process of its own, ``python -m bench.serving.bare STORE IDS``: prints milliseconds a case, those spent on
fetching rows left out. It does for a case what the service does, and stores, logs and sends nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from docket.store import open_store
from docket.text import prepare
from features.online.case import OneCase
from features.online.statements import Reader
from models import registry
from models.assessment import assess
from serving.cases import repository


class _Fetching:
    """Seconds spent in `Reader.read`."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self._read = Reader.read
        Reader.read = self.read  # type: ignore[method-assign, assignment]

    @property
    def read(self) -> Any:
        timing = self

        def read(reader: Reader, *args: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return timing._read(reader, *args)
            finally:
                timing.wall += time.perf_counter() - wall
                timing.cpu += time.process_time() - cpu

        return read


def main() -> None:
    """Assess the cases of a file of ids, and print what each took."""
    store = open_store(sys.argv[1])
    ids: Sequence[str] = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    scorer, version = registry.load("models:/anlan@champion", threads=1)
    online, fetching = OneCase(), _Fetching()
    walls, cpus = [], []
    for dispute_id in ids:
        with store.snapshot() as conn:
            as_of = repository.first_recorded(conn, dispute_id)
            known = repository.dispute(conn, dispute_id, as_of)
            if known is None:
                raise sa.exc.NoResultFound(dispute_id)
            original = repository.narrative(conn, dispute_id, known.recorded_at)
            fetching.wall = fetching.cpu = 0.0
            wall, cpu = time.perf_counter(), time.process_time()
            facts = online.facts(conn, dispute_id, as_of)
            answer = assess(
                dispute_id=dispute_id,
                as_of=as_of,
                recorded_at=known.first_recorded,
                document=facts.document,
                narrative=prepare(original),
                case=scorer.case(facts.frame),
                model_version=version,
            )
            json.dumps(answer, ensure_ascii=False)
            walls.append((time.perf_counter() - wall - fetching.wall) * 1e3)
            cpus.append((time.process_time() - cpu - fetching.cpu) * 1e3)
    warm = len(ids) // 5
    print(json.dumps({"wall": walls[warm:], "cpu_ms": float(np.mean(cpus[warm:]))}))
    store.close()


if __name__ == "__main__":
    main()
