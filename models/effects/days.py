"""Days of disputes, as far as the records show them: what was known as a day began, and what came of it.

A visit counts for the dispute of the person that was taken in last by then: it is most likely about that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.contract.enumerations import DISPUTE_KINDS
from docket.snapshot import Snapshot
from docket.times import DAY, HOUR
from models.reading import checklist_points
from models.targets import KINDS, known_outcomes

Ints = NDArray[np.int64]
Array = NDArray[np.float64]

LIFE: Final = 365
"""Days after intake for which a dispute is looked at."""
TROUBLE: Final = ("police_call", "repeat_report")
"""Events that say that a dispute goes on, besides harm."""
OUTCOMES: Final = ("trouble", "harm")
_ZONE: Final = 8 * HOUR
_KEY: Final = 2**20
_NEVER: Final = _KEY - 1
_RECENT: Final = (7, 14, 41, 90)
"""Days since trouble was learned of, as the plan of visits might look at them."""
_AGES: Final = (3, 14, 45, 90, 180)
_STEPS: Final = {
    "closed": ("closed",),
    "reopened": ("reopened",),
    "agreement": ("agreement",),
    "failed": ("mediation_failed",),
    "breached": ("agreement_breached",),
    "order": ("warning_letter", "protection_order"),
    "counselling": ("counselling",),
}


def local_days(micros: NDArray[np.int64]) -> Ints:
    """Calendar days in Asia/Shanghai, counted from the epoch."""
    return np.asarray((micros + _ZONE) // DAY, dtype=np.int64)


class Happenings:
    """Things that happened to disputes, by day; asked what had by the start of a day."""

    def __init__(self, dispute: Ints, day: Ints, disputes: int) -> None:
        self.key = np.sort(dispute * _KEY + day)
        self.first = np.searchsorted(self.key, np.arange(disputes + 1) * _KEY)

    def before(self, dispute: Ints, day: Ints) -> tuple[Ints, Ints]:
        """How many there were before a day, and how many days ago the last was; never: a large number."""
        place = np.searchsorted(self.key, dispute * _KEY + day, side="left")
        count = place - self.first[dispute]
        last = (
            np.where(count > 0, self.key[np.maximum(place - 1, 0)] % _KEY, -_NEVER)
            if len(self.key)
            else -_NEVER
        )
        return count, np.asarray(day - last, dtype=np.int64)

    def after(self, dispute: Ints, day: Ints) -> Ints:
        """The first day on or after a day on which it happened; a very late one if none."""
        if not len(self.key):
            return np.full(len(day), _NEVER)
        place = np.searchsorted(self.key, dispute * _KEY + day, side="left")
        there = place < self.first[dispute + 1]
        return np.where(there, self.key[np.minimum(place, len(self.key) - 1)] % _KEY, _NEVER)

    def on(self, dispute: Ints, day: Ints) -> NDArray[np.bool_]:
        """Whether it happened on a day."""
        return np.asarray(self.after(dispute, day) == day, dtype=np.bool_)


@dataclass(frozen=True)
class District:
    """What the records say of disputes, by number.

    Attributes
    ----------
    begin
        The day after a dispute was taken in.
    end
        The last day that can be looked at, with all that follows it seen.
    points, kind
        Of the narrative's checklist, and the kind's code.
    visits
        Visits that met a person, by the day they were recorded: from the next day on they are known.
    known
        Happenings by the day they were recorded, by name.
    happened
        Trouble and harm by the day on which they happened, by the names in `OUTCOMES`.
    current_until
        Of each party, by dispute: from which day on another dispute is that person's last.
    """

    begin: Ints
    end: int
    points: Array
    kind: Ints
    visits: Happenings
    known: dict[str, Happenings]
    happened: dict[str, Happenings]
    current_until: tuple[Ints, Ints]

    @cached_property
    def days(self) -> tuple[Ints, Ints]:
        """All (dispute, day), in order."""
        length = np.clip(self.end - self.begin + 1, 0, LIFE)
        dispute = np.repeat(np.arange(len(self.begin)), length)
        offset = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        return dispute, self.begin[dispute] + offset

    def current(self, dispute: Ints, day: Ints) -> Ints:
        """For how many of its parties a dispute is the last one."""
        owner, until = self.current_until
        order = np.sort(owner * _KEY + until)
        first = np.searchsorted(order, dispute * _KEY + day, side="right")
        last = np.searchsorted(order, (dispute + 1) * _KEY, side="left")
        return np.asarray(last - first, dtype=np.int64)

    def columns(self, dispute: Ints, day: Ints) -> Array:
        """What was known as each day began, shape (n, c)."""
        age = (day - self.begin[dispute]).astype(float)
        parts: list[Array] = [np.log1p(age), *((age >= edge).astype(float) for edge in _AGES)]
        trouble, since = self.known["trouble"].before(dispute, day)
        entered = self.known["entered"].before(dispute, day)[0] > self.known["left"].before(dispute, day)[0]
        recent = [(since <= days).astype(float) for days in _RECENT]
        parts += [np.log1p(trouble), *recent, entered.astype(float), *(entered * one for one in recent)]
        parts += [(self.known["harm"].before(dispute, day)[0] > 0).astype(float)]
        counts = {name: self.known[name].before(dispute, day) for name in _STEPS}
        parts += [(count > 0).astype(float) for count, _ in counts.values()]
        parts += [(counts["closed"][1] < counts["reopened"][1]).astype(float)]
        parts += [
            (counts["agreement"][1] < np.minimum(counts["breached"][1], counts["failed"][1])).astype(float)
        ]
        visits, last = self.visits.before(dispute, day)
        parts += [np.log1p(visits), (last <= 90).astype(float)]
        parts += [(self.current(dispute, day) > 1).astype(float)]
        parts += [np.log1p(self.points[dispute]), (self.points[dispute] > 0).astype(float)]
        parts += [(day % 7 == place).astype(float) for place in range(6)]
        parts += [(self.kind[dispute] == code).astype(float) for code in range(1, len(DISPUTE_KINDS))]
        return np.column_stack(parts)


def district(snapshot: Snapshot, cut: int, *, follow: int, delay: int) -> District:
    """Read the records as known at a cut.

    Parameters
    ----------
    cut
        µs.
    follow
        Days that are looked at after a day.
    delay
        µs after which what happened is known.
    """
    held = snapshot.until(cut).tables
    tables = {
        name: held[name].to_pandas() for name in ("disputes", "parties", "events", "visits", "registry")
    }
    disputes = _first_known(tables["disputes"], ["dispute_id"])
    disputes = disputes.sort_values(["recorded_at", "dispute_id"]).reset_index(drop=True)
    number = pd.Series(np.arange(len(disputes)), index=disputes["dispute_id"])
    n = len(disputes)

    def happenings(rows: pd.DataFrame, column: str) -> Happenings:
        inside = rows[rows["dispute_id"].isin(number.index)]
        owner = number.loc[inside["dispute_id"]].to_numpy(np.int64)
        return Happenings(owner, local_days(inside[column].to_numpy(np.int64)), n)

    events = _first_known(tables["events"], ["event_id"])
    harms = known_outcomes(snapshot, cut)
    harms = harms[harms["kind"].isin(KINDS["escalation"])]
    known = {
        name: happenings(events[events["kind"].isin(kinds)], "recorded_at") for name, kinds in _STEPS.items()
    }
    calls = events[events["kind"].isin(TROUBLE)]
    harmed = harms.rename(columns={"learned": "recorded_at"})
    told = pd.concat([one[["dispute_id", "at", "recorded_at"]] for one in (calls, harmed)])
    entries = _first_known(tables["registry"], ["entry_id"])
    left = tables["registry"].dropna(subset=["left_at"]).drop_duplicates("entry_id", keep="last")
    left = left.assign(
        gone=np.fmax(left["left_recorded_at"].fillna(left["left_at"]), left["left_at"]).astype(np.int64)
    )
    known |= {
        "trouble": happenings(told, "recorded_at"),
        "harm": happenings(harms, "learned"),
        "entered": happenings(entries, "recorded_at"),
        "left": happenings(left, "gone"),
    }
    parties = _parties(tables["parties"], disputes)
    return District(
        begin=local_days(disputes["recorded_at"].to_numpy(np.int64)) + 1,
        end=int((cut - delay + _ZONE) // DAY) - follow - 1,
        points=checklist_points(disputes["text"].fillna("").tolist()),
        kind=np.array([DISPUTE_KINDS.index(kind) for kind in disputes["kind"]], dtype=np.int64),
        visits=_visits(tables["visits"], parties, number),
        known=known,
        happened={"trouble": happenings(told, "at"), "harm": happenings(harms, "at")},
        current_until=_current_until(parties, number),
    )


def _first_known(rows: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """The first version of each row: when the district learned of it."""
    return rows.sort_values([*key, "recorded_at"]).drop_duplicates(list(key))


def _parties(parties: pd.DataFrame, disputes: pd.DataFrame) -> pd.DataFrame:
    """Each person of each dispute, and from when both are known."""
    first = _first_known(parties, ["dispute_id", "person_id"])[["dispute_id", "person_id", "recorded_at"]]
    taken_in = disputes.set_index("dispute_id")["recorded_at"]
    first = first[first["dispute_id"].isin(taken_in.index)]
    since = np.maximum(
        first["recorded_at"].to_numpy(np.int64), taken_in.loc[first["dispute_id"]].to_numpy(np.int64)
    )
    return first.assign(since=since).sort_values(["since", "dispute_id"])[
        ["dispute_id", "person_id", "since"]
    ]


def _visits(visits: pd.DataFrame, parties: pd.DataFrame, number: pd.Series) -> Happenings:
    met = _first_known(visits, ["visit_id"])
    met = met[met["contact"].astype(bool)].sort_values("recorded_at")
    found = pd.merge_asof(
        met[["person_id", "recorded_at"]], parties, left_on="recorded_at", right_on="since", by="person_id"
    ).dropna(subset=["dispute_id"])
    day = local_days(found["recorded_at"].to_numpy(np.int64))
    return Happenings(number.loc[found["dispute_id"]].to_numpy(np.int64), day, len(number))


def _current_until(parties: pd.DataFrame, number: pd.Series) -> tuple[Ints, Ints]:
    """Of each party the dispute's number, and the day on which a later dispute of the person became known."""
    later = parties.groupby("person_id")["since"].shift(-1)
    day = np.where(later.isna(), _NEVER, local_days(later.fillna(0).to_numpy(np.int64)))
    return number.loc[parties["dispute_id"]].to_numpy(np.int64), day.astype(np.int64)
