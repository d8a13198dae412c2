"""What features make of merges: two disputes before, one between, two again after; alike on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conformance import District, differing
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from made_districts import START, Row, Rows, districts, fill, renamed, snapshot

from docket.snapshot import Snapshot
from docket.store import Store, open_store
from docket.store.merged import Merge
from docket.store.merging import MergeRefusedError, merge, unmerge
from docket.times import DAY, HOUR
from features.catalogue import COLUMNS
from features.engine import compute
from features.frame import feature_frame
from features.sources import DuckSource, StoreSource

# Their "first" is what was learned first, and whose something was is learned anew by a merge: these may differ.
LEARNED = {"step_rise", "harm_in_dispute_rise", "respondent_harm_rise", "pair_harm_rise"}
UNDATED = [name for name in COLUMNS if name not in LEARNED]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def _versions(rows: list[Row], key: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["recorded_at"]):
        found.setdefault(tuple(row[name] for name in key), []).append(row)
    return found


def from_the_start(rows: Rows, done: Merge) -> Rows:
    """The district as it would be if the second report had been taken down as what it was.

    Written the slow way: the rows of the one are rows of the other, its opening is a repeat report.
    """
    gone, kept = done.dispute_id, done.into_id
    one: Rows = {name: [dict(row) for row in found] for name, found in rows.items()}
    second = max(
        (row for row in rows["disputes"] if row["dispute_id"] == gone), key=lambda row: row["recorded_at"]
    )
    one["disputes"] = [row for row in one["disputes"] if row["dispute_id"] != gone]
    people = _versions(one["parties"], ("dispute_id", "person_id", "role"))
    one["parties"] = []
    for (dispute, person, role), versions in people.items():
        if dispute != gone:
            one["parties"] += versions
        elif (kept, person, role) not in people and not versions[-1].get("withdrawn"):
            one["parties"] += [{**row, "dispute_id": kept} for row in versions]
    for name, key in (("events", "event_id"), ("outcomes", "outcome_id"), ("registry", "entry_id")):
        moved = []
        for versions in _versions(one[name], (key,)).values():
            if versions[-1]["dispute_id"] != gone:
                moved += versions
            elif name != "events" or versions[-1]["kind"] not in ("closed", "reopened"):
                moved += [{**row, "dispute_id": kept} for row in versions]
        one[name] = moved
    repeat = {"event_id": f"repeat-{done.merge_id}", "dispute_id": kept, "at": second["opened_at"],
              "recorded_at": done.recorded_at, "kind": "repeat_report", "text": second["text"],
              "source": second["source"]}  # fmt: skip
    one["events"].append(repeat)
    if f"reopened-{done.merge_id}" in done.moved["made"]:
        again = {"event_id": f"reopened-{done.merge_id}", "at": done.recorded_at, "kind": "reopened"}
        one["events"].append({**repeat, **again, "text": None, "source": None})
    return one


def ids_of(rows: Rows) -> list[str]:
    return sorted({row["dispute_id"] for row in rows["disputes"]})


def at(source: Any, ids: list[str], moment: int) -> pd.DataFrame:
    return compute(source, ids, np.full(len(ids), moment, np.int64))


def unlike(one: pd.DataFrame, other: pd.DataFrame, columns: list[str]) -> set[str]:
    return differing(one[columns], other[columns], tolerance=1e-9)


_numbers = count()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(st.data())
def test_two_before_one_between_and_two_after_on_every_engine(store: Store, data: st.DataObject) -> None:
    rows: Rows = renamed(data.draw(districts()), f"{next(_numbers):04d}-")
    ids = ids_of(rows)
    assume(len(ids) > 1)
    gone, kept, *_ = data.draw(st.permutations(ids))
    keys = {
        (row["dispute_id"], row["person_id"], row["role"]) for row in rows["parties"] if row.get("withdrawn")
    }
    assume(not any(dispute == kept for dispute, *_ in keys))  # the oracle can't put versions between versions
    fill(store, rows)
    last = max(row["recorded_at"] for found in rows.values() for row in found if "recorded_at" in row)
    try:
        with store.begin() as conn:
            done = merge(conn, gone, kept, by="k", reason="", now=last + data.draw(st.sampled_from([1, DAY])))
    except MergeRefusedError:
        assume(False)
    with store.begin() as conn:
        back = unmerge(conn, gone, by="k", reason="", now=done.recorded_at + 9 * DAY)
    assert back.undone_at is not None
    two, one = DuckSource(snapshot(rows)), DuckSource(snapshot(from_the_start(rows, done)))
    whole = DuckSource(Snapshot.from_store(store))
    others = [name for name in ids if name != gone]
    before, between, after = done.recorded_at - 1, back.undone_at - 1, back.undone_at
    assert differing(at(whole, ids, before), at(two, ids, before)) == set()
    for moment in (done.recorded_at, between):
        assert unlike(at(whole, others, moment), at(one, others, moment), UNDATED) == set()
        assert at(whole, [gone], moment).isna().all(axis=None)
    assert unlike(at(whole, ids, after), at(two, ids, after), UNDATED) == set()
    with store.snapshot() as connection:
        source = StoreSource(connection)
        for moment in (before, done.recorded_at, between, after):
            moments = np.full(len(ids), moment, np.int64)
            alone, batch = (feature_frame(one_of, ids, moments) for one_of in (source, whole))
            assert differing(batch[[*COLUMNS]], alone[[*COLUMNS]]) == set()
            assert list(batch["text"]) == list(alone["text"])


def test_a_dense_district_with_many_merges(store: Store) -> None:
    rows = District().rows
    fill(store, rows)
    ids = ids_of(rows)
    last = max(row["recorded_at"] for found in rows.values() for row in found if "recorded_at" in row)
    done = []
    for number in range(6):
        with store.begin() as conn:
            done.append(
                merge(conn, ids[2 * number], ids[2 * number + 1], by="k", reason="", now=last + number + 1)
            )
    with store.begin() as conn:  # and what they became into one of them
        done.append(merge(conn, ids[1], ids[3], by="k", reason="", now=last + HOUR))
    one = rows
    for merged in done:
        one = from_the_start(one, merged)
    whole = DuckSource(Snapshot.from_store(store))
    left = ids_of(one)
    assert len(left) == len(ids) - 7
    moment = done[-1].recorded_at
    assert unlike(at(whole, left, moment), at(DuckSource(snapshot(one)), left, moment), UNDATED) == set()
    for number, merged in enumerate(reversed(done)):
        with store.begin() as conn:
            unmerge(conn, merged.dispute_id, by="k", reason="", now=last + DAY + number)
    whole = DuckSource(Snapshot.from_store(store))
    now = last + 2 * DAY
    assert unlike(at(whole, ids, now), at(DuckSource(snapshot(rows)), ids, now), UNDATED) == set()


def test_a_persons_two_reports_count_once_from_the_merge_on(store: Store) -> None:
    from made_districts import add_dispute, add_grid, add_person, empty

    rows = empty()
    add_grid(rows, "g0")
    for person in ("p0", "p1"):
        add_person(rows, person, "g0")
    sides = [("p0", "applicant"), ("p1", "respondent")]
    for number, name in enumerate(("a", "b", "c")):
        source = "police_110" if name == "b" else "walk_in"
        add_dispute(rows, name, START + number * DAY, START + number * DAY, sides, source=source)
    fill(store, rows)
    with store.begin() as conn:
        merge(conn, "b", "a", by="k", reason="", now=START + 5 * DAY)
    whole = DuckSource(Snapshot.from_store(store))
    counted = [name for name in COLUMNS if name in ("applicant_disputes_365d", "grid_disputes_90d", "doors")]
    assert counted
    for moment, disputes, doors in ((START + 5 * DAY - 1, 2, 1), (START + 5 * DAY, 1, 2)):
        seen = at(whole, ["c", "a"], moment)
        for name in counted:
            place, expected = (1, doors) if name == "doors" else (0, disputes)
            assert seen[name].iloc[place] == expected, (name, moment)
