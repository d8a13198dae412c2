"""The effect of a place on a list, from places that were given by lot: their chances are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from docket.snapshot import Snapshot
from models.effects.days import OUTCOMES, TROUBLE, District, local_days
from models.effects.estimating import Effect, Occasions, weighted
from models.targets import KINDS, known_outcomes

FEW: Final = 30
"""Places listed or passed over, of either, below which nothing is estimated."""


@dataclass(frozen=True)
class ByLot:
    """What a place did: whoever had one, visited or not, beside whoever had the chance of it and no luck.

    Attributes
    ----------
    places, listed
        How many were given by chance, and how many of them were given.
    found
        By outcome, in the order of `OUTCOMES`.
    """

    places: int
    listed: int
    found: list[Effect]


def by_lot(
    snapshot: Snapshot, days: District, plans: Sequence[Mapping[str, Any]], cut: int, *, follow: int
) -> ByLot | None:
    """Estimate the effect of a place; None if too few were given by lot.

    Parameters
    ----------
    plans
        Rows of `planned_visits`. Who was sure of a place, or had no chance of one, says nothing here.
    cut
        µs; nothing recorded later is read.
    """
    rows = [row for row in plans if 0.0 < row["propensity"] < 1.0]
    day = np.array(
        [(date.fromisoformat(row["date"]) - date(1970, 1, 1)).days for row in rows], dtype=np.int64
    )
    matured = day <= days.end
    rows = [row for row, seen in zip(rows, matured, strict=True) if seen]
    day = day[matured]
    listed = np.array([row["rank"] is not None for row in rows], dtype=bool)
    if min(listed.sum(), (~listed).sum()) < FEW:
        return None
    chance = np.array([row["propensity"] for row in rows])
    # One person's days go together: a person who is drawn today is the same as the one passed over yesterday.
    cluster = pd.factorize(np.array([row["person_id"] for row in rows], dtype=object))[0].astype(np.int64)
    dispute = [row["dispute_id"] for row in rows]
    found = [
        weighted(Occasions(listed, _counted(what, dispute, day, follow), chance / (1 - chance),
                           np.ones(len(rows)), cluster))
        for what in _happened(snapshot, cut)
    ]  # fmt: skip
    return ByLot(len(rows), int(listed.sum()), found)


def _happened(snapshot: Snapshot, cut: int) -> list[pd.DataFrame]:
    """What happened to disputes, by outcome: `dispute_id, day`."""
    held = snapshot.until(cut).tables["events"].to_pandas()
    calls = held[held["kind"].isin(TROUBLE)].drop_duplicates("event_id", keep="last")[["dispute_id", "at"]]
    harms = known_outcomes(snapshot, cut)
    harms = harms[harms["kind"].isin(KINDS["escalation"])][["dispute_id", "at"]]
    kept = {"trouble": pd.concat([calls, harms]), "harm": harms}
    return [
        pd.DataFrame({"dispute_id": rows["dispute_id"], "day": local_days(rows["at"].to_numpy(np.int64))})
        for rows in (kept[outcome] for outcome in OUTCOMES)
    ]


def _counted(what: pd.DataFrame, dispute: Sequence[str], day: Any, follow: int) -> Any:
    """How often it happened from the day after on."""
    query = pd.DataFrame({"dispute_id": dispute, "since": day, "row": np.arange(len(day))})
    hits = query.merge(what, on="dispute_id")
    wait = hits["day"] - hits["since"]
    return np.bincount(hits["row"][(wait > 0) & (wait <= follow)], minlength=len(day)).astype(float)
