"""Test cases: what a model scored in time, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY
from models.bootstrap import clusters_of
from models.examples import intakes, record_points
from models.targets import DEFAULT_HORIZON, Labels, labels

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]

MOST_LATER_POINTS: Final = 4
"""Moments after records that are tested, a dispute."""
INTERVENTIONS: Final = frozenset(
    {
        "mediation_session",
        "agreement",
        "warning_letter",
        "protection_order",
        "legal_aid",
        "counselling",
    }
)
"""Event kinds that are meant to change what happens next; a visit counts too."""
INTERVENED_WITHIN: Final = 30 * DAY


@dataclass(frozen=True)
class Cases:
    """Query points to be judged, ordered by (dispute, as_of).

    Attributes
    ----------
    points
        `dispute_id, as_of, point` (`intake` or `event`).
    labels
        As known at the end of the records.
    clusters
        Disputes between the same people share a number.
    intervened
        Whether a mediation, an order, help or a visit was recorded in the 30 days after `as_of`.
    """

    points: pd.DataFrame
    labels: Labels
    clusters: NDArray[np.int64]
    intervened: NDArray[np.bool_]

    @property
    def at_intake(self) -> NDArray[np.bool_]:
        """Which points are intakes."""
        return (self.points["point"] == "intake").to_numpy(bool)


def cases_between(snapshot: Snapshot, begin: int, end: int, known_until: int, delay: int, seed: int) -> Cases:
    """The disputes first recorded in [begin, end), at intake and after some of their records.

    Later points count while their own 90-day label has matured.
    """
    first = intakes(snapshot, known_until)
    first = first[(first["intake"] >= begin) & (first["intake"] < end)]
    intake = first.rename(columns={"intake": "as_of"}).assign(point="intake")
    after = record_points(snapshot, known_until)
    after = after.merge(first, on="dispute_id")
    matured = after["as_of"] + DEFAULT_HORIZON * DAY + delay <= known_until
    after = after[(after["as_of"] > after["intake"]) & matured][["dispute_id", "as_of"]]
    order = np.random.default_rng(seed).permutation(len(after))
    after = after.iloc[order].groupby("dispute_id").head(MOST_LATER_POINTS).assign(point="event")
    points = pd.concat([intake, after]).sort_values(["dispute_id", "as_of"], ignore_index=True)
    ids, as_of = points["dispute_id"].tolist(), points["as_of"].to_numpy(np.int64)
    return Cases(
        points=points,
        labels=labels(snapshot, ids, as_of, known_until, delay),
        clusters=clusters_of(snapshot, ids),
        intervened=_intervened(snapshot, points),
    )


def _intervened(snapshot: Snapshot, points: pd.DataFrame) -> NDArray[np.bool_]:
    events = snapshot.tables["events"].select(["dispute_id", "kind", "at"]).to_pandas()
    events = events.loc[events["kind"].isin(INTERVENTIONS), ["dispute_id", "at"]]
    people = snapshot.tables["parties"].select(["dispute_id", "person_id"]).to_pandas().drop_duplicates()
    visits = snapshot.tables["visits"].select(["person_id", "at"]).to_pandas()
    done = pd.concat([events, people.merge(visits, on="person_id")[["dispute_id", "at"]]])
    numbered = points[["dispute_id", "as_of"]].assign(row=np.arange(len(points)))
    joined = numbered.merge(done, on="dispute_id")
    soon = (joined["at"] > joined["as_of"]) & (joined["at"] <= joined["as_of"] + INTERVENED_WITHIN)
    answer = np.zeros(len(points), dtype=bool)
    answer[joined.loc[soon, "row"].to_numpy(np.int64)] = True
    return answer
