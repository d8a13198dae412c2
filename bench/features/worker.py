"""One measurement, in a process of its own and in the peer's environment.

`python -m bench.features.worker SPECIFICATION.json` reads what to do, warms up on a tiny district, so that
compiling and first imports don't count, and writes what it took.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from .measuring import cpu_seconds
from .reading import Records


def main(specification: Path) -> None:
    """Measure, and write `out` of the specification; the columns too, where `columns` names a file."""
    told = json.loads(specification.read_text())
    peer = importlib.import_module(f"bench.features.peers.{told['peer']}")
    features = told["features"]
    with getattr(peer, "opened", nullcontext)():
        peer.compute(Records(Path(told["tiny"]), told["asked"] and 20), features)
        records = Records(Path(told["folder"]), told["asked"])
        if told["peer"] != "spark":
            _ = records.tables
        _ = records.questions
        cpu, began = cpu_seconds(os.getpid()), time.perf_counter()
        columns = peer.compute(records, features)
        wall = time.perf_counter() - began
        cpu = cpu_seconds(os.getpid()) - cpu
    if told.get("columns"):
        np.save(told["columns"], np.asarray(columns, np.float64))
    Path(told["out"]).write_text(json.dumps({"wall": wall, "cpu": cpu, "questions": len(columns)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
