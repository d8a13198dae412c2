"""The model beside its baselines on a demo district that nothing was chosen on: shares of the ceiling.

Run by hand, the output kept as ``bench/results/evaluation-DISPUTES-SEED.txt``.
The district is simulated, trained on and judged by rolling origin by `anlan evaluate`; 40,000 disputes take
about an hour on two cores.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bench.machine import machine

END = date(2026, 6, 30)
ANLAN = Path(sys.executable).with_name("anlan")
Figures = Mapping[tuple[str, str, str], Mapping[str, str]]
MODELS = (
    "anlan",
    "anlan_text_alone",
    "anlan_table_alone",
    "checklist",
    "lightgbm_text",
    "lightgbm_table",
    "tfidf_lr",
    "base_rate",
)
OWN = ("roc_auc", "average_precision", "calibration_slope", "calibration_intercept", "ece", "brier_skill")
STAFF = (
    "precision_at_1pct",
    "recall_at_1pct",
    "precision_at_5pct",
    "recall_at_5pct",
    "slips_per_day_red",
    "slips_per_day_red_floor",
    "share_of_intake_red_floor",
    "median_lead_days_from_red",
)


def main() -> None:
    """Simulate, evaluate, and print what the files say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        records, out = Path(folder) / "records", Path(folder) / "evaluation"
        size = ("--disputes", args.disputes, "--seed", args.seed, "--end", END)
        _anlan("demo-district", records, *size)
        began = time.perf_counter()
        _anlan("evaluate", "--records", records, "--out", out)
        took = time.perf_counter() - began
        with (out / "metrics.csv").open(encoding="utf-8", newline="") as file:
            found = {
                (row["model"], f"{row['target']} {row['horizon_days']}", row["metric"]): row
                for row in csv.DictReader(file)
            }
    print(f"machine   {machine()}")
    print(f"district  demo, {args.disputes} disputes, seed {args.seed}, three years until {END}")
    print("split     rolling origin by calendar quarter; disputes of the quarter at intake")
    print("interval  95 %, bootstrap over disputes clustered by the pair of parties, 200 draws")
    print(f"seconds   {took:.0f} for `anlan evaluate`\n")
    _shares(found, "escalation 90")
    print("\nOur share of the ceiling for the other targets and horizons, at intake")
    for target in ("violence", "civil_to_criminal", "self_harm", "escalation"):
        for horizon in (30, 90, 180):
            _line(found, "anlan", f"{target} {horizon}", "ceiling_share", f"{target}, {horizon} days")
    for title, names in (("Our risks", OWN), ("What it means for staff", STAFF)):
        print(f"\n{title}, escalation within 90 days, at intake")
        for name in names:
            _line(found, "anlan", "escalation 90", name, name)


def _shares(found: Figures, what: str) -> None:
    any_row = found["anlan", what, "ceiling_share"]
    print(f"Share of the ceiling, escalation within 90 days, at intake: n {any_row['n']}, expected harms "
          f"{float(any_row['n_pos']):.0f}, soft AP of the ceiling "
          f"{float(found['anlan', what, 'ceiling_soft_average_precision']['value']):.3f}")  # fmt: skip
    for model in MODELS:
        less = found.get(("anlan", what, f"ceiling_share_minus_{model}"))
        told = "" if less is None else f"   ours less it {_interval(less)}"
        print(f"  {model:<20} {_interval(found[model, what, 'ceiling_share'])}{told}")
    print("\nThe same after each record of a case (events, visits)")
    for model in MODELS:
        _line(found, model, what, "ceiling_share@events", model)


def _line(found: Figures, model: str, what: str, metric: str, label: str) -> None:
    row = found.get((model, what, metric))
    if row is not None:
        print(f"  {label:<32} {_interval(row)}")


def _interval(row: Mapping[str, str]) -> str:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    return f"{value:6.3f} [{low:6.3f}, {high:6.3f}]"


def _anlan(*words: object) -> None:
    subprocess.run([ANLAN, *map(str, words)], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
