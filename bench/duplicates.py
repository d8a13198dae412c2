"""How well second records of one matter are found, on demo districts that nothing was fitted on.

Run by hand: ``python -m bench.duplicates > bench/results/duplicates.txt``; with ``--fit`` it first fits the
weights in ``models/duplicates.json`` anew, on other seeds.

The simulator copies what a second record says of a matter: opening, kind, grid, amount and both parties. No
door does that, so second records are *blurred* before anything is fitted or measured (see `blur`); the
untouched district stands beside it.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

from bench.machine import machine
from bench.shares import interval
from docket.contract.enumerations import DISPUTE_KINDS
from docket.demo import tables
from docket.demo.generating import district
from docket.demo.schedule import NEVER
from docket.demo.schedule import build as build_matters
from docket.demo.settings import DistrictSettings
from docket.demo.world import build as build_world
from docket.load import load_folder
from docket.snapshot import Snapshot
from docket.store import open_store
from docket.times import DAY, HOUR, now_micros, parse_instant
from models.duplicate_pairs import compared, near_pairs, records_of
from models.duplicates import PROPOSED, WEIGHTS, probabilities, propose, weights
from models.likeness import COMPARISONS
from models.linear import fit_ridge

END = date(2026, 6, 30)
YEARS = 3.0
FITTED = (301, 302, 303)
MEASURED = (501, 502, 503)
DISPUTES = 6000
PENALTY = 1.0
Tables = dict[str, pd.DataFrame]
Change = Callable[[Tables, Mapping[str, str], np.random.Generator], None]


SIGNS = {"shared_applicant": 1, "shared_respondent": 1, "other_applicant": -1, "other_respondent": -1,
         "same_kind": 1, "same_grid": 1, "log_gap_days": -1, "text": 1, "amount_equal": 1,
         "amount_differs": -1}  # fmt: skip
"""Which way a comparison can speak, whatever the districts say."""


def twins(seed: int, disputes: int, settings: DistrictSettings) -> dict[str, str]:
    """Of each second record the first one of its matter, as `docket.demo.generating` numbers them."""
    midnight = parse_instant(END.isoformat())
    start, cut = midnight - round(365.25 * YEARS) * DAY, midnight + 7 * HOUR
    world = build_world(disputes, seed, END.year)
    matters = build_matters(world, disputes, seed, start, cut, settings)
    names = tables.Names.of(matters, world, seed)
    two = np.flatnonzero(matters.twin < NEVER)
    return dict(zip(names.second[two].tolist(), names.first[two].tolist(), strict=True))


def blur(made: Tables, twin: Mapping[str, str], rng: np.random.Generator, *, retold: float = 0.5) -> None:
    """Second records as another door would have made them, and parties left out as doors leave them out.

    Of second records 15 % are of another kind, 15 % pinned to another grid, half come without the amount and
    a fifth of the others with another, 5 % name the parties the other way round, and a share `retold` takes
    over 60 % of the clauses of the first report (the simulator tells every matter anew, so that its second
    texts are no more alike than those of two matters). Of all records, so that a gap betrays nothing, 20 % of
    the parties aren't named.
    """
    disputes, parties = made["disputes"], made["parties"]
    second = disputes["dispute_id"].isin(twin).to_numpy()
    n = len(disputes)
    other = second & (rng.random(n) < 0.15)
    disputes.loc[other, "kind"] = rng.choice(DISPUTE_KINDS, int(other.sum()))
    moved = second & (rng.random(n) < 0.15)
    disputes.loc[moved, "grid_id"] = rng.choice(made["grids"]["grid_id"].to_numpy(), int(moved.sum()))
    disputes.loc[second & (rng.random(n) < 0.5), "amount_cny"] = np.nan
    wrong = second & (rng.random(n) < 0.2)
    disputes.loc[wrong, "amount_cny"] = disputes.loc[wrong, "amount_cny"] * 1.5
    texts = dict(zip(disputes["dispute_id"], disputes["text"], strict=True))
    disputes["text"] = [
        _retold(texts[twin[name]], text, rng) if name in twin and rng.random() < retold else text
        for name, text in texts.items()
    ]
    swapped = {name for name in twin if rng.random() < 0.05}
    role = parties["role"].where(~parties["dispute_id"].isin(swapped))
    turned = {"applicant": "respondent", "respondent": "applicant"}
    parties["role"] = role.fillna(parties["role"].replace(turned))
    made["parties"] = parties[rng.random(len(parties)) >= 0.2].reset_index(drop=True)


def _retold(first: str, own: str, rng: np.random.Generator) -> str:
    """A text with most clauses of the first report and some of its own."""
    clauses = [clause for clause in re.split("[，。；]", first) if clause and rng.random() < 0.6]
    clauses += [clause for clause in re.split("[，。；]", own) if clause and rng.random() < 0.4]
    return "，".join(rng.permutation(clauses).tolist() or [own]) + "。"


def told_anew(made: Tables, twin: Mapping[str, str], rng: np.random.Generator) -> None:
    """Blurred, with the texts as simulated."""
    blur(made, twin, rng, retold=0.0)


def nameless(made: Tables, twin: Mapping[str, str], rng: np.random.Generator) -> None:
    """Blurred, and neither second records nor a fifth of the others name anybody."""
    blur(made, twin, rng)
    parties = made["parties"]
    ids = made["disputes"]["dispute_id"]
    silent = set(twin) | set(ids[rng.random(len(ids)) < 0.2])
    made["parties"] = parties[~parties["dispute_id"].isin(silent)].reset_index(drop=True)


def untouched(made: Tables, twin: Mapping[str, str], rng: np.random.Generator) -> None:
    """As simulated."""


class Case:
    """One district: which pairs are compared, and which of them are one matter."""

    def __init__(
        self, folder: Path, seed: int, settings: DistrictSettings, change: Change, disputes: int = DISPUTES
    ) -> None:
        made = {k: v for k, v in district(end=END, disputes=disputes, seed=seed, settings=settings).items()
                if k != "truth"}  # fmt: skip
        twin = twins(seed, disputes, settings)
        change(made, twin, np.random.default_rng(seed))
        folder.mkdir()
        for name, frame in made.items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)
        self.twin = twin
        self.snapshot = Snapshot.from_folder(folder)
        records, people = records_of(self.snapshot)
        began = time.process_time()
        pairs = near_pairs(records, people)
        self.x = compared(records, pairs)
        self.seconds = time.process_time() - began
        ids = [record.dispute_id for record in records]
        self.later = np.array([ids[place] for place in pairs[:, 0]], dtype=object)
        self.y = np.array([twin.get(ids[a]) == ids[b] for a, b in pairs], dtype=np.float64)
        self.records = len(records)


def fit(folder: Path) -> None:
    """Fit the weights on blurred districts; in the last of them second records name nobody."""
    x, y = [], []
    for seed, change, settings in (
        (FITTED[0], blur, DistrictSettings(wordings="common")),
        (FITTED[1], blur, DistrictSettings(wordings="common")),
        (FITTED[2], nameless, DistrictSettings(wordings="common")),
    ):
        case = Case(folder / f"fit-{seed}", seed, settings, change)
        x.append(case.x)
        y.append(case.y)
    signs = np.array([SIGNS.get(name, 0) for name in COMPARISONS])
    intercept, coefficients = fit_ridge(
        np.concatenate(x), np.concatenate(y), loss="logistic", penalty=PENALTY, bounds=signs
    )
    origin = {
        "command": "python -m bench.duplicates --fit",
        "districts": f"demo, {DISPUTES} disputes each, seeds {FITTED}, until {END}, common wordings",
        "second records": "1.5 %, blurred; in the last district they name nobody",
        "pairs": int(sum(map(len, y))),
        "of one dispute": int(sum(map(np.sum, y))),
        "penalty": PENALTY,
    }
    held = {
        "origin": origin,
        "intercept": round(intercept, 4),
        "coefficients": {n: round(float(c), 4) for n, c in zip(COMPARISONS, coefficients, strict=True)},
    }
    WEIGHTS.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    weights.cache_clear()


def share(hits: int, n: int) -> str:
    """A share with its 95 % interval."""
    if n == 0:
        return "   -              "
    low, high = interval(hits, n)
    return f"{hits / n:.2f} [{low:.2f}, {high:.2f}]"


def measure(name: str, cases: Sequence[Case], above: float = PROPOSED) -> None:
    """One line: how much of what is proposed is right, and how much of what there is is proposed."""
    p = np.concatenate([probabilities(case.x) for case in cases])
    y = np.concatenate([case.y for case in cases])
    twins_ = sum(len(case.twin) for case in cases)
    proposed = p >= above
    hits = int(y[proposed].sum())
    print(f"  {name:<34} {twins_:5d}  {share(int(y.sum()), twins_)}  {share(hits, int(proposed.sum()))}  "
          f"{share(hits, twins_)}  {p.sum() / max(y.sum(), 1):5.2f}")  # fmt: skip


def reliability(cases: Sequence[Case]) -> None:
    """What share of the pairs of each probability are one matter."""
    p = np.concatenate([probabilities(case.x) for case in cases])
    y = np.concatenate([case.y for case in cases])
    for low, high in ((0, 0.01), (0.01, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.01)):
        inside = (p >= low) & (p < high)
        if inside.any():
            n = int(inside.sum())
            print(f"  {low:4.2f} to {min(high, 1):4.2f}  {n:8,d} pairs  said {p[inside].mean():.3f}  "
                  f"found {share(int(y[inside].sum()), n)}")  # fmt: skip


def online(folder: Path, case: Case) -> None:
    """Time and candidates of single cases out of a SQLite store."""
    store = open_store(f"sqlite:///{folder}/store.db")
    load_folder(folder / "speed", store, ingested_at=now_micros())
    ids = sorted(set(case.snapshot.tables["disputes"].column("dispute_id").to_pylist()))
    rng = np.random.default_rng(0)
    took = []
    with store.snapshot() as conn:
        first = dict(
            conn.execute(sa.text("SELECT dispute_id, MIN(recorded_at) FROM disputes GROUP BY 1")).all()
        )
        for name in rng.choice(ids, 400, replace=False):
            began = time.perf_counter()
            propose(conn, name, first[name])
            took.append(time.perf_counter() - began)
    print(f"  one case out of a SQLite store: p50 {1e3 * np.quantile(took, 0.5):.1f} ms, "
          f"p99 {1e3 * np.quantile(took, 0.99):.1f} ms")  # fmt: skip
    store.close()


def main() -> None:
    """Fit if asked to, then measure on seeds that nothing was fitted on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if args.fit:
            fit(folder)
        print(f"machine   {machine()}")
        print(f"districts demo, {DISPUTES} disputes each, until {END}")
        print(f"seeds     {MEASURED}; fitted on {FITTED}")
        print(f"proposed  from {PROPOSED} on; shares with 95 % Wilson intervals\n")
        heads = "there  compared at all    precision          recall             said/found"
        print(f"  {'second records':<34} {heads}")

        def cases(
            label: str, change: Change, seeds: Sequence[int] = MEASURED, **settings: object
        ) -> list[Case]:
            chosen = DistrictSettings(**settings)  # type: ignore[arg-type]
            return [Case(folder / f"{label}-{seed}", seed, chosen, change) for seed in seeds]

        blurred = cases("blurred", blur)
        measure("blurred", blurred)
        for label, wordings in (("held-out wordings", "held_out"), ("drifting wordings", "drifting")):
            measure(f"blurred, {label}", cases(wordings, blur, wordings=wordings))
        for share in (0.005, 0.05):
            measure(f"blurred, {share:.1%} of records", cases(f"share{share}", blur, duplicates=share))
        measure("blurred, told anew", cases("anew", told_anew))
        none = cases("nameless", nameless)
        measure("blurred, name nobody", none)
        measure("as simulated", cases("plain", untouched))
        print("\nBlurred, by least probability")
        for above in (0.1, 0.3, 0.5, 0.7, 0.9):
            measure(f"from {above}", blurred, above)
        print("\nReliability, blurred")
        reliability(blurred)
        print("\nReliability, second records that name nobody")
        reliability(none)
        print("\nWork")
        large = Case(folder / "large", MEASURED[0], DistrictSettings(), blur, 8 * DISPUTES)
        for case in (blurred[0], large):
            each, n = np.unique(case.later, return_counts=True)[1], len(case.y)
            print(f"  {case.records:,} records, {n:,} pairs compared in {case.seconds:.1f} s of processor "
                  f"time; {n / case.records:.1f} candidates a record, {each.max()} at most")  # fmt: skip
        speed = Case(folder / "speed", MEASURED[0], DistrictSettings(), untouched)
        online(folder, speed)


if __name__ == "__main__":
    main()
