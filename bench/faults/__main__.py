"""Faults under load, counted: `python -m bench.faults`, or `make bench-faults`.

The service runs as two `anlan serve` processes on SQLite and on PostgreSQL, with a real MLflow server, a
model that was trained, and a receiver of webhooks. Callers send cases, events, decisions, reads and repeats
at a steady rate; a fault is made and undone; when everything has settled, every answer and every delivery is
held against the store. A run can be stopped; it leaves no process and no file behind, but for the trained
model in `bench/.cache`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.machine import machine

from .databases import Postgres, Sqlite
from .plan import FAULTS
from .registry import copied
from .report import head, told
from .running import Row, run
from .world import Plan

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Make the faults, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=tuple(FAULTS), help="else all; may be repeated")
    parser.add_argument("--store", choices=(Sqlite.name, Postgres.name), help="else both")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--rate", type=float, default=Plan.rate, help="requests a second, of all callers")
    parser.add_argument("--count", type=int, default=Plan.before, help="requests before, and as many after")
    parser.add_argument(
        "--during", type=float, default=Plan.during, help="seconds that a lasting fault lasts"
    )
    parser.add_argument("--cache", type=Path, default=_ROOT / "bench" / ".cache")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    plan = replace(
        Plan(), seed=asked.seed, rate=asked.rate, before=asked.count, after=asked.count, during=asked.during
    )
    load, begun = os.getloadavg()[0], time.monotonic()
    rows: list[Row] = []
    text = ""
    for name in asked.only or FAULTS:
        for store in (Sqlite.name, Postgres.name):
            if store not in FAULTS[name].stores or asked.store not in (None, store):
                continue
            rows.append(run(FAULTS[name], store, plan, partial(copied, asked.cache)))
            print(told(rows[-1:]), file=sys.stderr, flush=True)
            text = head(plan, machine(), load, (time.monotonic() - begun) / 60) + told(rows)
            if asked.out is not None:  # after each, so that one who stops it has what is done
                asked.out.write_text(text, encoding="utf-8")
    if asked.out is None:
        print(text, end="")
    sys.exit(any(row.bad for row in rows))


if __name__ == "__main__":
    main()
