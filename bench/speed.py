"""How long training takes, one case of the model, and a batch of them.

Run by hand: ``python -m bench.speed > bench/results/speed.txt``; ``--disputes 40000`` for the size of the
target. Features are in neither the single case nor the batch (`bench-features`, `bench-online`), the reading
of texts is. One case is on one core, a batch on two.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.machine import machine
from docket.demo import generate
from docket.snapshot import Snapshot
from docket.times import parse_instant
from features.documents import Document, documents
from features.frame import feature_frame
from features.sources import DuckSource
from models.assessment import assess
from models.examples import intakes
from models.fit import train
from models.scorer import Scorer

END = date(2026, 6, 30)
CUT = "2025-07-01"
CASES = 5_000
ALONE = 300


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    cut = parse_instant(CUT)
    with tempfile.TemporaryDirectory() as place:
        generate(Path(place) / "records", end=END, disputes=args.disputes, seed=args.seed)
        snapshot = Snapshot.from_folder(Path(place) / "records")
        trained, wall, cpu = _timed(partial(train, snapshot, cut))
        scorer = trained.scorer
        first = intakes(snapshot, parse_instant(END.isoformat()))
        first = first[first["intake"] >= cut].head(CASES)
        ids, as_of = first["dispute_id"].tolist(), first["intake"].to_numpy(np.int64)
        source = DuckSource(snapshot)
        frame = feature_frame(source, ids, as_of)
        scorer.risks(frame.tail(50))
        one = scorer.with_threads(1)
        cases = list(zip(ids, as_of.tolist(), documents(source, ids, as_of), strict=True))
        # Other cases each time, for the clauses of a text are remembered.
        rows = range(ALONE)
        risks = [_alone(partial(one.risks, frame.iloc[[row]])) for row in rows]
        others = range(ALONE, 2 * ALONE)
        whole = [_alone(partial(_assessed, one, snapshot, cases[row], frame.iloc[[row]])) for row in others]
        batch, batch_wall, batch_cpu = _timed(
            partial(scorer.with_threads(2).risks, frame.iloc[2 * ALONE : -50])
        )
    print(f"machine   {machine()}; load {os.getloadavg()[0]:.1f}")
    print(f"district  demo, {args.disputes:,d} disputes, seed {args.seed}; trained until {CUT}, n-grams\n")
    print(
        f"training, features and all   {wall:7.1f} s, {cpu:7.1f} s of processors, "
        f"{trained.scorer.info['query_points']:,d} query points"
    )
    print(
        f"a batch of {len(batch):,d}             {len(batch) / batch_wall:7.0f} cases a second, "
        f"{len(batch) / batch_cpu:.0f} a second of processors"
    )
    for what, taken in (("twelve risks of one case", risks), ("its whole assessment", whole)):
        p50, p99 = np.quantile(taken, [0.5, 0.99])
        print(f"{what:28} {p50:7.1f} ms p50, {p99:7.1f} p99, of {len(taken)}, each text for the first time")


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def _alone(work: Callable[[], Any]) -> float:
    """Milliseconds."""
    return _timed(work)[1] * 1e3


def _assessed(scorer: Scorer, snapshot: Snapshot, case: tuple[str, int, Document], row: pd.DataFrame) -> Any:
    dispute, as_of, document = case
    return assess(
        dispute_id=dispute,
        as_of=as_of,
        recorded_at=as_of,
        document=document,
        narrative=snapshot.narrative(dispute, as_of),
        case=scorer.case(row),
        model_version=None,
    )


if __name__ == "__main__":
    main()
