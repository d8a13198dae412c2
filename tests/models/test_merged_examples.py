"""Merged disputes in training and in visit lists: one dispute teaches once, and its harm is the other's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT, make_district

from docket import caseload
from docket.load import load_folder
from docket.snapshot import Snapshot
from docket.store import Store, open_store
from docket.store.merging import merge, unmerge
from docket.times import DAY, now_micros
from features.frame import feature_frame
from features.sources import DuckSource
from models import examples, targets

MERGED = CUT - 200 * DAY
PARTED = MERGED + 90 * DAY


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(store_url)
    load_folder(
        make_district(200, seed=4, base=-1.5).write(tmp_path / "records"), opened, ingested_at=now_micros()
    )
    yield opened
    opened.close()


def two_of(store: Store) -> tuple[str, str]:
    """A harmed dispute that was taken in some weeks before the merge, and a harmless one from before it."""
    snapshot = Snapshot.from_store(store)
    first = examples.intakes(snapshot, CUT).set_index("dispute_id")["intake"]
    harm = targets.known_outcomes(snapshot, CUT).set_index("dispute_id")
    young = first[(first > MERGED - 60 * DAY) & (first < MERGED - DAY)].index
    harmed = [name for name in young if name in harm.index and harm.loc[name, "learned"] < MERGED]
    calm = [name for name in young if name not in harm.index]
    gone = harmed[0]
    return gone, next(name for name in calm if first[name] < harm.loc[gone, "at"])


def joined(store: Store) -> tuple[str, str, int]:
    gone, kept = two_of(store)
    with store.begin() as conn:
        done = merge(conn, gone, kept, by="k", reason="同一件事", now=MERGED)
    return gone, kept, done.recorded_at


def test_a_merged_dispute_teaches_nothing_and_its_harm_is_the_others(store: Store) -> None:
    before = Snapshot.from_store(store)
    gone, kept, merged = joined(store)
    after = Snapshot.from_store(store)
    intake = examples.intakes(before, CUT).set_index("dispute_id")["intake"]
    # A model trained up to the merge is trained on what was known by then, to the digit.
    pd.testing.assert_frame_equal(examples.sample(after, merged, 3), examples.sample(before, merged, 3))
    assert gone in set(examples.sample(after, merged, 3)["dispute_id"])
    points = examples.sample(after, CUT, 3)
    assert gone not in set(points["dispute_id"]) and kept in set(points["dispute_id"])
    moment = np.array([intake[kept]])
    assert np.isnan(targets.labels(after, [kept], moment, merged, 0).within("escalation", 180))[0]
    for snapshot, came in ((before, 0), (after, 1)):
        assert targets.labels(snapshot, [kept], moment, CUT, 0).within("escalation", 180)[0] == came
    # Whatever is asked of is known then.
    frame = feature_frame(
        DuckSource(after), points["dispute_id"].tolist(), points["as_of"].to_numpy(np.int64)
    )
    assert frame.drop(columns="text").notna().any(axis=1).all()


def test_a_dispute_that_was_parted_again_teaches_but_not_of_the_time_between(store: Store) -> None:
    before = Snapshot.from_store(store)
    gone, _, merged = joined(store)
    with store.begin() as conn:
        parted = unmerge(conn, gone, by="k", reason="认错了", now=PARTED).undone_at
    assert parted is not None
    after = Snapshot.from_store(store)
    first = examples.intakes(before, CUT)
    pd.testing.assert_frame_equal(examples.intakes(after, CUT), first)
    moments = first["intake"].to_numpy(np.int64)
    ids = first["dispute_id"].tolist()
    told = [targets.labels(snapshot, ids, moments, CUT, 0).first for snapshot in (before, after)]
    assert (told[0] == told[1]).all()
    for seed in range(20):
        points = examples.sample(after, CUT, seed, quiet_points=6)
        of_gone = points.loc[points["dispute_id"] == gone, "as_of"]
        assert not ((of_gone >= merged) & (of_gone < parted)).any()
    segments = examples.open_segments(after, CUT)
    mine = segments[segments["dispute_id"] == gone]
    assert not ((mine["begin"] < parted) & (mine["end"] > merged)).any()
    assert (mine["end"] == merged).any() and (mine["begin"] == parted).any()


def test_people_of_a_merged_dispute_are_looked_after_for_the_other(store: Store) -> None:
    gone, kept, merged = joined(store)
    with store.snapshot() as conn:
        grids = caseload.grids(conn)["grid_id"].tolist()
        lists = {moment: caseload.matters(conn, moment, grids) for moment in (merged - 1, merged)}
    people = {moment: rows.groupby("dispute_id")["person_id"].apply(set) for moment, rows in lists.items()}
    assert gone in people[merged - 1].index and gone not in people[merged].index
    assert people[merged][kept] == people[merged - 1][gone] | people[merged - 1].get(kept, set())
