"""The service beside `mlflow models serve` and the bare call, one box, the same model.

Run by `make bench-serving`, or `python -m bench.serving` from the root; `--quick` tries it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.kept import ROOT
from bench.machine import machine
from bench.serving.measuring import Measuring
from bench.serving.report import report
from bench.serving.world import world

RATES: Final = (5.0, 10.0, 20.0)
BATCHES: Final = (1, 10, 100, 1_000)


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=8_000, help="of the district, in the store")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rates", type=_numbers, default=RATES, help="calls a second, such as 5,10,20")
    parser.add_argument("--seconds", type=float, default=30, help="of each rate")
    parser.add_argument("--calls", type=int, default=400, help="by callers who wait for their answer")
    parser.add_argument("--steady", type=int, default=10_000, help="calls over which threads are counted")
    parser.add_argument("--held", type=int, default=100_000, help="calls over which memory is read")
    parser.add_argument("--quick", action="store_true", help="a small district and few calls")
    parser.add_argument("--cache", type=Path, default=ROOT / "bench" / ".cache")
    parser.add_argument("--out", type=Path, help="a file for the report, else it is printed")
    args = parser.parse_args()
    if args.quick:
        args.disputes, args.rates, args.seconds, args.calls = 1_500, (4.0,), 3, 12
        args.steady = args.held = 40
    begun = f"load {os.getloadavg()[0]:.1f} when it began"
    print("the district and its model", file=sys.stderr)
    made = world(args.cache, disputes=args.disputes, seed=args.seed)
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        measuring = Measuring(made, Path(folder), args.rates, args.seconds, args.calls)
        found = measuring.everything(
            batches=(1, 10) if args.quick else BATCHES, steady=args.steady, held=args.held
        )
    head = f"{machine()}; {begun}\n{args.disputes:,d} disputes, seed {args.seed}, in the store; n-grams\n"
    text = head + report(found)
    if args.out is None:
        print(text, end="")
    else:
        args.out.write_text(text, encoding="utf-8")


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


if __name__ == "__main__":
    main()
