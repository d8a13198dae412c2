"""Print and keep what holds: ``python -m bench.trust --seed 7 --out bench/results/trust-7.txt``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import machine
from bench.trust import audit, colours, intervals, ranges
from bench.trust.held import Held

SECTIONS = {
    "intervals": intervals.section,
    "ranges": ranges.section,
    "colours": colours.section,
    "audit": audit.section,
}


def main() -> None:
    """Make a district, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sections", nargs="*", default=list(SECTIONS), choices=list(SECTIONS))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        held = Held.make(Path(folder) / "records", args.disputes, args.seed)
        lines = [f"machine   {machine()}", *held.head()]
        for name in args.sections:
            lines += ["", *SECTIONS[name](held)]
        took = time.perf_counter() - began
        lines.insert(1, f"seconds   {took:.0f} with simulation and training; other work was running")
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if args.out is not None:
        args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
