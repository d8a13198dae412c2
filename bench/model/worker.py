"""One cell, in a process of its own and in the peer's environment.

`python -m bench.model.worker SPECIFICATION.json` reads what to do, fits, scores, and writes the scores.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from .districts import Sheets


def main(specification: Path) -> None:
    """Write `out` of the specification: the scores, seconds, processor seconds, the most memory."""
    told = json.loads(specification.read_text())
    peer = importlib.import_module(f"bench.model.peers.{told['peer']}")
    sheets = Sheets(Path(told["folder"]))
    _ = sheets.train, sheets.test
    cpu, began = time.process_time(), time.perf_counter()
    found = peer.scores(sheets, **told["options"])
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    answer = {name: np.asarray(values, dtype=np.float64).tolist() for name, values in found.items()}
    if len(answer["score"]) != len(sheets.test) or not np.isfinite(answer["score"]).all():
        raise ValueError(f"{told['peer']}: {len(sheets.test)} finite scores were expected")
    measured = {"wall": wall, "cpu": cpu, "peak": 1024 * max(one.ru_maxrss for one in usage)}
    Path(told["out"]).write_text(json.dumps({**answer, **measured}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
