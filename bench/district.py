"""Time of a demo district and what it looks like.

Run by hand: ``python -m bench.district > bench/results/district.txt``.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import pandas as pd

from bench.machine import machine
from docket.demo import generate

END = date(2026, 6, 30)


def main() -> None:
    """Write one district, and print its seconds, memory and row counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    stages: list[tuple[str, float]] = []

    def progress(stage: str, done: int, total: int) -> None:
        if not stages or stages[-1][0] != stage:
            stages.append((stage, time.perf_counter()))

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        began = time.perf_counter()
        generate(out, disputes=args.disputes, seed=args.seed, end=END, progress=progress)
        took = time.perf_counter() - began
        rows = {p.stem: len(pd.read_parquet(p)) for p in sorted(out.glob("*.parquet"))}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"machine   {machine()}")
    print(f"district  {args.disputes} disputes, seed {args.seed}, end {END}")
    print(f"seconds   {took:.1f} (target: 120 for 100,000 disputes)")
    print(f"memory    {peak:.2f} GiB at most")
    ends = [at for _, at in stages[1:]] + [began + took]
    for (stage, at), stop in zip(stages, ends, strict=False):
        print(f"  {stage:<12} {stop - at:6.1f} s")
    for table, n in rows.items():
        print(f"  {table:<12} {n:9,d} rows")


if __name__ == "__main__":
    main()
