"""Reasons hold: without the fact that one names the case's score is lower, by the records themselves."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT

from bench.reasons import trials
from bench.removal import NarrowSource, Records
from docket.snapshot import Snapshot
from docket.times import parse_instant
from features.catalogue import CATALOGUE
from features.frame import feature_frame
from features.sources import DuckSource
from models.counterfactuals import LEVERS, turns
from models.examples import intakes
from models.fit import Trained
from models.policy import DEFAULT

NOTHING = {feature.name: math.nan for feature in CATALOGUE}


@pytest.fixture(scope="module")
def cases(snapshot: Snapshot) -> tuple[list[str], np.ndarray]:
    """Disputes taken in after the cut, when the last of their events was recorded."""
    first = intakes(snapshot, parse_instant("2024-03-01"))
    events = snapshot.tables["events"].to_pandas().groupby("dispute_id")["recorded_at"].max()
    ids = first.loc[(first["intake"] >= CUT) & first["dispute_id"].isin(events.index), "dispute_id"].head(16)
    return ids.tolist(), events.loc[ids].to_numpy(np.int64)


@pytest.fixture(scope="module")
def frame(snapshot: Snapshot, cases: tuple[list[str], np.ndarray]) -> pd.DataFrame:
    return feature_frame(DuckSource(snapshot), *cases)


def test_without_what_a_reason_names_the_score_is_lower(
    snapshot: Snapshot, learned: Trained, cases: tuple[list[str], np.ndarray]
) -> None:
    found = list(trials(learned.scorer.with_threads(1), snapshot, *cases))
    held = [trial.lower > 0 for trial in found if trial.kind != "untested"]
    assert len(held) > 40 and len(held) > 0.95 * len(found)
    assert {trial.kind for trial in found} >= {"cue", "fact"}
    assert np.mean(held) >= 0.95, [trial for trial in found if not trial.lower > 0]


def test_what_would_change_is_what_the_records_would_say(
    snapshot: Snapshot, learned: Trained, cases: tuple[list[str], np.ndarray], frame: pd.DataFrame
) -> None:
    scorer, records, told, shown = learned.scorer.with_threads(1), Records(snapshot), 0, 0
    settled = next(lever for lever in LEVERS if lever.name == "settled")
    for row, (dispute, as_of) in enumerate(zip(*cases, strict=True)):
        case = scorer.case(frame.iloc[[row]])
        for turn in turns(case, floored=False, most=len(LEVERS)):
            before, after = (float(n) / 100 for n in re.findall(r"(\d+\.\d)%", turn.text))
            assert after < before and turn.risk < case.risks[10]
            shown += 1
        if settled.words(case.values) is not None:
            told += 1
            change = settled.change(case.values)
            left = NarrowSource(records.without("own/lost", dispute, int(as_of)), 1)
            again = feature_frame(left, [dispute], np.array([as_of]))
            # a case's values don't say when its failures were
            known = {name: value for name, value in change.items() if name != "event_count_30d"}
            assert len(known) > 3
            assert again.iloc[0][list(known)].astype(float).to_dict() == pytest.approx(known, nan_ok=True)
            assert scorer.case(again).risks[10] == pytest.approx(case.under([change])[1][10], rel=0.15)
    assert told >= 3 and shown >= 3


def words(**values: float) -> set[str]:
    return {said for lever in LEVERS if (said := lever.words(NOTHING | values)) is not None}


def test_only_what_people_can_do_would_change_it() -> None:
    past = {
        feature.name: 3.0
        for feature in CATALOGUE
        if feature.name.startswith(
            ("respondent", "applicant", "pair", "relative", "contact_", "grid", "street")
        )
        and feature.name not in {"contact_missed_24h", "contact_missed_30min", "contact_wait_days"}
    }
    assert words(**past) == words()
    changed = set().union(*(lever.change(NOTHING | past) for lever in LEVERS))
    kept = {"respondent_last_finding", "applicant_last_finding"}
    assert changed.isdisjoint(past.keys() - kept)


def test_what_would_change_names_nothing_that_did_not_happen() -> None:
    assert not any("调解" in said or "履行" in said for said in words())
    assert "若上次调解未破裂" in words(mediations_failed=1)
    assert "若3次调解均未破裂" in words(mediations_failed=3)
    assert "若协议得到履行" in words(agreements_breached=1)
    # nobody needs to be told to see whom they have just seen, nor to settle what is closed
    assert "若现在接触当事人" not in words(days_since_contact=0.5)
    assert words(is_closed=1) == set()


def test_under_a_floor_no_change_of_colour_is_promised(learned: Trained, frame: pd.DataFrame) -> None:
    told = 0
    for row in range(len(frame)):
        case = learned.scorer.case(frame.iloc[[row]])
        for turn in turns(case, floored=True):
            told += 1
            assert turn.colour == "red" and "颜色" not in turn.text
    assert told >= 3 and DEFAULT.colour(np.zeros(12), True) == "red"
