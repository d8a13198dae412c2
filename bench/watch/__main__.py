"""How often the watch raises a false alarm, and after how many days it finds what was planted.

    python -m bench.watch --seeds 1,2,3 --out bench/results/watch.txt

What was measured of the same code is kept in bench/.cache; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.kept import ROOT, Result, code_digest, digest, kept
from bench.machine import machine
from bench.watch.drifts import PLANTED, Plant
from bench.watch.world import END, FIRST, World, learned, tables_of
from docket.times import DAY, LOCAL, from_micros, rfc3339
from models.watch.checks import CHECKS, FAMILIES, MONTH, limit
from models.watch.days import DRAWS

CODE: Final = (
    "bench/watch/*.py", "docket/demo/*.py", "features/**/*.py", "models/watch/*.py", "models/fit.py",
    "models/hazard.py", "models/targets.py", "models/reading.py",
)  # fmt: skip
ONSETS: Final = tuple(FIRST + days * DAY for days in (40, 130, 220))
LONGEST: Final = 140
"""Days within which a planted change is to be found."""
ALL: Final = (*FAMILIES, "calibration")


def main() -> None:
    """Measure what is missing, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--disputes", type=int, default=6000, help="In three years.")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "watch.txt")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    recipe = {"disputes": asked.disputes, "draws": asked.draws, "code": code_digest(CODE)}

    @cache
    def district(seed: int, drift: float) -> dict[str, pd.DataFrame]:
        return tables_of(seed, asked.disputes, drift)

    scorer = cache(lambda seed, drift: learned(district(seed, drift), seed))
    began = time.monotonic()

    def result(name: str, seed: int, more: dict[str, object], make: Callable[[], Result]) -> Result:
        told = {**recipe, "name": name, "seed": seed, **more}
        found = kept(ROOT / "bench" / ".cache" / f"watch-{digest(told)}.json", make)
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {name}, seed {seed}\n")
        return found

    planted = {
        name: [
            result(
                name, seed, {"onset": onset},
                lambda plant=plant, meant=meant, seed=seed, onset=onset: _delay(
                    plant, tuple(sorted(meant)), district(seed, 0.0), scorer(seed, 0.0), onset, asked.draws
                ),
            )
            for seed in seeds
            for onset in ONSETS
        ]
        for name, (plant, meant) in PLANTED.items()
    }  # fmt: skip
    still = {
        drift: [
            result(
                f"drift {drift}", seed, {},
                lambda seed=seed, drift=drift: _still(
                    World.of(district(seed, drift), scorer(seed, drift)), asked.draws
                ),
            )
            for seed in seeds
        ]
        for drift in (0.0,)
    }  # fmt: skip
    asked.out.write_text(_report(still, planted, seeds, asked.disputes, asked.draws), encoding="utf-8")
    sys.stdout.write(asked.out.read_text(encoding="utf-8"))


def _still(world: World, draws: int) -> Result:
    """A year of daily runs in which nothing was planted."""
    days, raised, begun = 0, Counter[str](), Counter[str]()
    standing: set[str] = set()
    for _, found in world.days(FIRST, END, draws, ALL):
        now = {f"{check.family} {check.days}" for check in found if check.alarm}
        raised.update(now)
        begun.update(now - standing)
        standing, days = now, days + 1
    return {"days": days, "raised": dict(raised), "begun": dict(begun)}


def _delay(
    plant: Plant,
    meant: tuple[str, ...],
    tables: dict[str, pd.DataFrame],
    scorer: object,
    onset: int,
    draws: int,
) -> Result:
    """Days until one of the checks that are meant to raises an alarm, and which did."""
    world = World.of(plant(tables, pd.Timestamp(from_micros(onset)).tz_convert(LOCAL)), scorer)
    last = min(onset + LONGEST * DAY, END)
    for now, found in world.days(onset + DAY, last, draws, meant):
        raised = sorted({check.family for check in found if check.alarm})
        if raised:
            return {"days": (now - onset) // DAY, "by": raised}
    return {"days": None, "by": [], "looked": (last - onset) // DAY}


def _report(
    still: dict[float, list[Result]],
    planted: dict[str, list[Result]],
    seeds: list[int],
    disputes: int,
    draws: int,
) -> str:
    lines = [
        f"machine    {machine()}",
        f"districts  demo without drift, {disputes} disputes in three years until {rfc3339(END)[:10]}, seeds "
        f"{', '.join(map(str, seeds))}",
        f"runs       daily from {rfc3339(FIRST)[:10]} on, calibration weekly; {draws} draws, "
        f"{CHECKS} checks, limit {limit(CHECKS):.5f}",
        "",
        "false alarms; standing: each day counts, begun: one that stands on counts once",
    ]
    for found in still.values():
        days = sum(one["days"] for one in found)
        for word, of in (("standing", "raised"), ("begun", "begun")):
            total = Counter[str]()
            for one in found:
                total.update(one[of])
            told = ", ".join(f"{name} d: {count}" for name, count in total.most_common()) or "none"
            each = [sum(one[of].values()) / one["days"] * MONTH for one in found]
            lines.append(
                f"  {word:9} {sum(total.values()) / days * MONTH:5.2f} a month over {days} days (a seed: "
                f"{', '.join(f'{value:.2f}' for value in each)}); {told}"
            )
    lines += ["", f"days until a planted change is found; - : not within {LONGEST} days or the records' end"]
    for name, found in planted.items():
        delays = [one["days"] for one in found]
        each = " ".join("-" if value is None else str(value) for value in delays)
        held = [np.inf if value is None else value for value in delays]
        middle = float(np.median(held))
        by = Counter(family for one in found for family in one["by"])
        told = ", ".join(f"{family} {count}" for family, count in by.most_common())
        lines.append(
            f"  {name:22} median {'-' if np.isinf(middle) else f'{middle:.0f}':>3}   found "
            f"{sum(value is not None for value in delays)} of {len(delays)}   {each}   by {told or 'none'}"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
