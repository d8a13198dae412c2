"""Whom to visit first: a worker's list for a day.

A person is due by a *cadence* set by the colour of the worst open matter (red daily, yellow weekly, blue
monthly, quarterly for whoever merely stands in the registry), counted from the last visit at which the
person was met. Overdue comes first, red before all. Within that, the order is by *expected harm averted*:
the risk of the matter times how much of its cadence has gone by, for a visit soon after another averts
little. That product is a planning rule, not an estimate of an effect: what visiting does is not known before
places are drawn at random, so one place in ten is (`DRAWN_SHARE`), with its propensity kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from docket.times import DAY
from models.policy import COLOURS

CADENCE_DAYS: Final[Mapping[str, int]] = {"red": 1, "yellow": 7, "blue": 30, "none": 90}
DRAWN_SHARE: Final = 0.1
"""Share of a worker's places that is drawn at random from those due who would otherwise not be visited."""
LIST_COLUMNS: Final = (
    "date",
    "worker_id",
    "rank",
    "person_id",
    "dispute_id",
    "colour",
    "due_at",
    "overdue",
    "reasons",
    "last_visit_at",
    "last_finding",
    "look_out_for",
    "do_not_say",
)


@dataclass(frozen=True)
class Place:
    """One place on a worker's list.

    Attributes
    ----------
    worker_id, rank, person_id, dispute_id, role, kind, colour
        Who visits whom, in which order (from 1), about which matter, in which role of it; no rank for whom
        the lot passed over.
    due_at
        Microseconds since the epoch; `overdue` if that has passed at the moment of planning.
    last_visit_at, last_finding
        Of the last visit, met or not; None if there was none.
    drawn, propensity
        Whether the place was drawn at random, and with which probability this person got one.
    """

    worker_id: str
    rank: int | None
    person_id: str
    dispute_id: str
    role: str | None
    kind: str
    colour: str
    due_at: int
    overdue: bool
    last_visit_at: int | None
    last_finding: str | None
    drawn: bool
    propensity: float


def candidates(matters: pd.DataFrame, paid: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """The worst matter of each person, with when a visit is due and what it is worth.

    Parameters
    ----------
    matters
        From `docket.caseload.matters`, with `risk` (of escalation, the policy's index) and `colour` besides.
    paid
        From `docket.caseload.visits_paid`.
    as_of
        The moment of planning.

    Returns
    -------
    DataFrame
        One row a person, worst first: the columns of `matters` and `due_at`, `overdue`, `worth`,
        `last_visit_at`, `last_finding`.
    """
    urgency = matters["colour"].map({colour: place for place, colour in enumerate(COLOURS)})
    ranked = matters.assign(urgency=urgency).sort_values(
        ["person_id", "urgency", "risk", "dispute_id"], ascending=[True, False, False, True], kind="stable"
    )
    people = ranked.drop_duplicates("person_id").set_index("person_id")
    met = paid[paid["contact"].astype(bool)].groupby("person_id")["at"].max()
    last = paid.drop_duplicates("person_id", keep="last").set_index("person_id")
    cadence = people["colour"].map(CADENCE_DAYS) * DAY
    # Who was never met is due from the day the district learned of the matter, red at once.
    never = people["since"].where(people["colour"] == "red", people["since"] + cadence)
    last_met = met.reindex(people.index)
    people["due_at"] = (last_met + cadence).fillna(never).astype("int64")
    people["overdue"] = people["due_at"] < as_of
    gone = (as_of - last_met.fillna(people["since"])) / cadence
    people["worth"] = people["risk"] * gone.clip(0.0, 1.0).astype(float)
    people["last_visit_at"] = last["at"].reindex(people.index)
    people["last_finding"] = last["finding"].reindex(people.index)
    people["overdue_red"] = people["overdue"] & (people["colour"] == "red")
    order = ["overdue_red", "overdue", "worth", "risk", "person_id"]
    return people.reset_index().sort_values(
        order, ascending=[False, False, False, False, True], kind="stable"
    )


def plan(
    people: pd.DataFrame,
    visitors: Mapping[str, Sequence[str]],
    capacity: Mapping[str, int],
    day_end: int,
    day: str,
    *,
    drawn_share: float = DRAWN_SHARE,
) -> list[Place]:
    """Share the people out among the workers, each within capacity.

    Parameters
    ----------
    people
        From `candidates`.
    visitors
        From `docket.caseload.visitor_of_grid`.
    capacity
        Worker to visits a day.
    day_end
        Only people due before this moment take a place by right of order; others fill what is left.
    day
        The date as text; with the worker it seeds the draw, so that a list asked for twice is the same.
    drawn_share
        Share of a worker's places that goes by lot.

    Returns
    -------
    list of Place
        By worker, in order of rank; then, without a rank, those who had a chance of a place and no luck.
    """
    queues: dict[str, list[int]] = {worker: [] for worker in capacity}
    taken = dict.fromkeys(capacity, 0)
    for position, grid in enumerate(people["grid_id"]):
        staff = [worker for worker in visitors.get(grid, ()) if worker in capacity]
        if staff:  # the one with the shortest queue for its capacity, so that a shared grid is shared
            chosen = min(staff, key=lambda worker: ((taken[worker] + 1) / max(capacity[worker], 0.5), worker))
            queues[chosen].append(position)
            taken[chosen] += 1
    due = people["due_at"].to_numpy() < day_end
    places: list[Place] = []
    for name in sorted(queues):
        queue = sorted(queues[name], key=lambda position: (not due[position], position))
        listed, drawn, chance = _with_draw(queue, people, capacity[name], f"{day}/{name}", drawn_share)
        unlucky = [place for place in queue if chance[place] > 0 and place not in set(listed)]
        for rank, place in enumerate(listed, start=1):
            places.append(_place(people.iloc[place], name, rank, place in drawn, chance[place]))
        places += [_place(people.iloc[place], name, None, False, chance[place]) for place in unlucky]
    return places


def _with_draw(
    queue: list[int], people: pd.DataFrame, capacity: int, seed: str, drawn_share: float
) -> tuple[list[int], set[int], dict[int, float]]:
    """Fill the places in order, the last of them by lot; overdue red is never displaced."""
    if len(queue) <= capacity:
        return queue, set(), dict.fromkeys(queue, 1.0)
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))
    urgent = sum(bool(people["overdue_red"].iloc[position]) for position in queue[:capacity])
    # A tenth of the places: of few places, one on as many days as make a tenth.
    expected = min(drawn_share * capacity, capacity - urgent)
    lots = int(expected) + int(rng.random() < expected - int(expected))
    kept, rest = queue[: capacity - lots], queue[capacity - lots :]
    drawn = sorted(rng.choice(len(rest), size=lots, replace=False).tolist()) if lots else []
    chosen = kept + [rest[place] for place in drawn]
    return chosen, {rest[place] for place in drawn}, _propensities(queue, capacity, expected)


def _propensities(queue: list[int], capacity: int, expected: float) -> dict[int, float]:
    """Probability of a place for each in the queue, over the number of lots and the draw."""
    low, share = int(expected), expected - int(expected)
    chance = dict.fromkeys(queue, 0.0)
    for lots, weight in ((low, 1 - share), (low + 1, share)):
        kept = capacity - lots
        for rank, position in enumerate(queue):
            chance[position] += weight * (1.0 if rank < kept else lots / (len(queue) - kept))
    return chance


def _place(row: pd.Series, worker: str, rank: int | None, drawn: bool, propensity: float) -> Place:
    return Place(
        worker_id=worker,
        rank=rank,
        person_id=str(row["person_id"]),
        dispute_id=str(row["dispute_id"]),
        role=row["role"] if isinstance(row["role"], str) else None,
        kind=str(row["kind"]),
        colour=str(row["colour"]),
        due_at=int(row["due_at"]),
        overdue=bool(row["overdue"]),
        last_visit_at=None if pd.isna(row["last_visit_at"]) else int(row["last_visit_at"]),
        last_finding=row["last_finding"] if isinstance(row["last_finding"], str) else None,
        drawn=drawn,
        propensity=propensity,
    )
