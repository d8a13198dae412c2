"""The feature engine beside hand-written programs, featuretools and itself on Spark.

Run by `make bench-features`, or `python -m bench.features` from the root. Each cell of the table is kept
under `bench/.cache` by what it depends on: a run does what is missing, and one that was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from .cells import ROOT, Bench, Cell, Result
from .plan import DECLARED, PEERS, SIZES
from .report import Report

QUICK: Final = 2_000


def main() -> None:
    """Measure what is missing, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="disputes, such as 10000,100000")
    parser.add_argument("--peers", type=_peers, default=tuple(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--quick", action="store_true", help=f"numpy alone, at {QUICK} disputes, once")
    parser.add_argument("--kept", action="store_true", help="report what is kept, measure nothing")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cache", type=Path, default=ROOT / "bench" / ".cache")
    parser.add_argument("--out", type=Path, help="a file for the report, else it is printed")
    args = parser.parse_args()
    sizes, peers = ((QUICK,), ("numpy",)) if args.quick else (args.sizes, args.peers)
    bench = Bench(args.cache, DECLARED, once=args.quick)

    def measure(cell: Cell) -> Result | None:
        if args.kept:
            return bench.known(cell)
        hot = "" if cell.recipe.hot else ", no hot keys"
        print(f"{cell.peer}, {cell.recipe.disputes:,d}{hot}, {len(cell.features)} columns", file=sys.stderr)
        return bench.measured(cell)

    try:
        text = Report(measure, sizes, peers, args.seed, calm=not args.quick).text()
    except KeyboardInterrupt:
        sys.exit("stopped; what was measured is kept, and the same command goes on")
    if args.out is None:
        print(text, end="")
    else:
        args.out.write_text(text, encoding="utf-8")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(part) for part in text.split(",")))


def _peers(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - PEERS.keys():
        raise argparse.ArgumentTypeError(f"no peers: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    main()
