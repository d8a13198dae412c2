"""Does `anlan effects` find what a visit does? `python -m bench.effects --out bench/results/effects.txt`.

Demo districts of several seeds, whose law is known: for 45 days a visit that met somebody multiplies every
rate of calls, repeat reports and harms by exp(-0.5). The estimates see the records alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np

from bench.machine import machine
from docket.demo import generate, law
from docket.snapshot import Snapshot
from docket.times import DAY, parse_instant
from models.effects.days import OUTCOMES, district
from models.effects.estimating import Effect
from models.effects.visiting import FOLLOW, Visiting, estimate
from models.targets import reporting_delay

END = date(2026, 1, 31)
TRUE = float(np.exp(law.EFFECT["visit"]))
WAYS = ("unweighted", "weighted", "doubly_robust")


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=12_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = [
        f"What follows a visit to what follows none, {FOLLOW} days, as a ratio; true: {TRUE:.3f}.",
        f"Demo districts of {options.disputes:,} disputes. {machine()}",
        "",
        f"{'seed':>4} {'visits':>7} {'outcome':<8} {'unweighted':>22} {'inverse propensity':>22} "
        f"{'doubly robust':>22} {'balance':>12} {'s':>5}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    logs: dict[tuple[str, str], list[Effect]] = {}
    for seed in options.seeds:
        begun = time.monotonic()
        found = of_seed(options.disputes, seed)
        spent = time.monotonic() - begun
        for one in found.found:
            effects = [getattr(one, way) for way in WAYS]
            for way, effect in zip(WAYS, effects, strict=True):
                logs.setdefault((one.outcome, way), []).append(effect)
            balance = "{:.2f} > {:.2f}".format(*found.imbalance)
            told = " ".join(f"{said(effect):>22}" for effect in effects)
            lines.append(f"{seed:>4} {found.visits:>7,} {one.outcome:<8} {told} {balance:>12} {spent:>5.0f}")
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
    lines += ["", f"{'all seeds':<21} {'mean ratio':>10} {'spread':>7} {'holds the truth':>16}"]
    for outcome in OUTCOMES:
        for way in WAYS:
            effects = logs[outcome, way]
            logged = np.log([effect.ratio for effect in effects if effect.ratio > 0])
            held = sum(effect.ratio_low <= TRUE <= effect.ratio_high for effect in effects)
            lines.append(
                f"{outcome:<7} {way:<13} {np.exp(logged.mean()):>10.3f} {logged.std(ddof=1):>7.3f} "
                f"{held:>9} of {len(effects)}"
            )
    text = "\n".join(lines) + "\n"
    sys.stdout.write("\n".join(lines[-1 - len(OUTCOMES) * len(WAYS) :]) + "\n")
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")


def of_seed(disputes: int, seed: int) -> Visiting:
    """What is estimated on one district."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "records"
        generate(folder, end=END, disputes=disputes, seed=seed)
        snapshot = Snapshot.from_folder(folder)
        cut = parse_instant(END.isoformat()) + DAY
        days = district(snapshot, cut, follow=FOLLOW, delay=reporting_delay(snapshot, cut))
        found = estimate(days)
    if found is None:
        raise SystemExit(f"seed {seed}: too few visits")
    return found


def said(effect: Effect) -> str:
    """A ratio with its interval."""
    return f"{effect.ratio:.3f} ({effect.ratio_low:.2f}-{effect.ratio_high:.2f})"


if __name__ == "__main__":
    main()
