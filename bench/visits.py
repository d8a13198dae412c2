"""Is the best assignment of visits better than the greedy plan? `make bench-visits`.

Demo districts, ten days of each: the same people, workers and capacities, planned by `models.visits.plan`
without lots, and by the assignment that is best of all (scipy's linear_sum_assignment: overdue red first,
then overdue, then the sum of what the places are worth). The risk is `p_seen`, the best that any model can
say, colours are by shares of it, and what was gained is also told by `p_true`, which the simulator drew
harm with.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from bench.machine import machine
from docket import caseload
from docket.demo import generate
from docket.load import load_folder
from docket.store import open_store
from docket.times import DAY, parse_instant
from models.truth import read_truth
from models.visits import candidates, plan

END = date(2026, 1, 31)
DAYS = 10
SHARES = (("red", 0.01), ("yellow", 0.05), ("blue", 0.20))
RISK = "escalation_30"


@dataclass
class Gain:
    """What a plan holds: places, those of overdue red and of overdue, worth, and harm that was to come."""

    places: int = 0
    red: int = 0
    overdue: int = 0
    worth: float = 0.0
    harm: float = 0.0

    def add(self, people: pd.DataFrame) -> None:
        """Count the people of a plan."""
        self.places += len(people)
        self.red += int(people["overdue_red"].sum())
        self.overdue += int(people["overdue"].sum())
        self.worth += float(people["worth"].sum())
        self.harm += float(people["p_true"].sum())


def main() -> None:
    """Plan both ways and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=6_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = [
        f"Greedy and best assignment of visits, {DAYS} days of each demo district "
        f"of {options.disputes:,} disputes.",
        machine(),
        "",
        f"{'seed':>4} {'absent':>6} {'workers':<11} {'plan':<7} {'places':>7} {'red overdue':>11} "
        f"{'overdue':>8} {'worth':>9} {'p_true':>8}",
    ]
    for seed in options.seeds:
        lines += of_seed(options.disputes, seed)
        sys.stdout.write("\n".join(lines[-6:]) + "\n")
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def of_seed(disputes: int, seed: int) -> list[str]:
    """Both plans of a district: with the workers that it has, and with half of them absent."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "records"
        generate(folder, end=END, disputes=disputes, seed=seed)
        truth = read_truth(folder)
        if truth is None:
            raise SystemExit("a demo district has its truth beside it")
        store = open_store(f"sqlite:///{name}/store.db")
        load_folder(folder, store, ingested_at=parse_instant(END.isoformat()))
        lines = []
        for label, share in (("as it is", 0.05), ("half absent", 0.5)):
            gains = {"greedy": Gain(), "best": Gain()}
            for back in range(DAYS):
                moment = parse_instant(END.isoformat()) - back * 7 * DAY
                people, visitors, capacity = scene(store, truth, moment, share, seed * 100 + back)
                gains["greedy"].add(greedy(people, visitors, capacity))
                gains["best"].add(best(people, visitors, capacity))
            for plan_name, gain in gains.items():
                lines.append(
                    f"{seed:>4} {share:>6.0%} {label:<11} {plan_name:<7} {gain.places:>7,} {gain.red:>11,} "
                    f"{gain.overdue:>8,} {gain.worth:>9.3f} {gain.harm:>8.3f}"
                )
            lines.append(
                f"{'':>4} {'':>6} {'':<11} {'gain':<7} {'':>7} {'':>11} {'':>8} "
                f"{gains['best'].worth / gains['greedy'].worth - 1:>9.2%} "
                f"{gains['best'].harm / gains['greedy'].harm - 1:>8.2%}"
            )
        store.close()
    return lines


def scene(
    store: object, truth: pd.DataFrame, moment: int, absent: float, seed: int
) -> tuple[pd.DataFrame, dict[str, list[str]], dict[str, int]]:
    """Who is to be visited on a day, by whom, and how many each can."""
    with store.snapshot() as conn:  # type: ignore[attr-defined]
        staff, grids = caseload.workers(conn), caseload.grids(conn)
        area = sorted(grids["grid_id"])
        matters, paid = caseload.matters(conn, moment, area), caseload.visits_paid(conn, moment, area)
    rng = np.random.default_rng(seed)
    if absent > 0.05:  # the district has vacancies already
        walking = staff["role"] == "grid_worker"
        away = walking & (rng.random(len(staff)) < absent)
        keeps = staff[walking & ~away].groupby("community_id").size()
        staff = staff[~away | ~staff["community_id"].isin(keeps.index)]
    visitors = caseload.visitor_of_grid(staff, grids)
    capacity = {str(row.worker_id): int(row.daily_visits) for row in staff.itertuples()}
    capacity = {
        name: size for name, size in capacity.items() if any(name in team for team in visitors.values())
    }
    known = truth[truth.index.get_level_values("as_of") <= moment].groupby(level="dispute_id").last()
    risk, true = (
        known[kind, RISK].reindex(matters["dispute_id"]).fillna(0.0).to_numpy()
        for kind in ("p_seen", "p_true")
    )
    rank = pd.Series(-risk).rank(method="first").to_numpy() / len(risk)
    colour = np.full(len(risk), "none", dtype=object)
    for name, share in reversed(SHARES):
        colour[rank <= share] = name
    judged = matters.assign(risk=risk, colour=colour, p_true=true)
    return candidates(judged, paid, moment), visitors, capacity


def greedy(people: pd.DataFrame, visitors: dict[str, list[str]], capacity: dict[str, int]) -> pd.DataFrame:
    """The plan as it is made, with no lot drawn: of each queue those who come first."""
    listed = plan(people, visitors, capacity, 2**62, "no lots", drawn_share=0.0)
    chosen = {place.person_id for place in listed if place.rank is not None}
    return people[people["person_id"].isin(chosen)]


def best(people: pd.DataFrame, visitors: dict[str, list[str]], capacity: dict[str, int]) -> pd.DataFrame:
    """The assignment of the greatest value: tiers first, then worth; each component of workers by itself."""
    tier = 2.0 * people["overdue_red"].to_numpy() + people["overdue"].to_numpy()
    # One place of a higher tier outweighs all of the lower ones.
    value = people["worth"].to_numpy() + 1e-9 + np.select([tier >= 2, tier == 1], [1e6, 1e3], 0.0)
    slots = [name for name, size in sorted(capacity.items()) for _ in range(size)]
    team = [set(visitors.get(grid, ())) for grid in people["grid_id"]]
    matrix = np.array([[value[k] if name in team[k] else 0.0 for name in slots] for k in range(len(people))])
    row, column = linear_sum_assignment(matrix, maximize=True)
    return people.iloc[row[matrix[row, column] > 0]]


if __name__ == "__main__":
    main()
