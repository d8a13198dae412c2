"""The audit by group finds what is planted and says nothing of few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from docket.snapshot import Snapshot
from models.fairness import LEAST, audit
from models.groups import ATTRIBUTES, groups_of
from models.underreporting import thinned

N = 4000


def cases(
    seed: int = 0, **groups: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cases of which everything is alike in all groups: risks are right, and whoever is likeliest is selected."""
    rng = np.random.default_rng(seed)
    risk = rng.beta(1, 12, N)
    harmed = (rng.random(N) < risk).astype(float)
    frame = pd.DataFrame(dict.fromkeys(ATTRIBUTES, "one"), index=range(N)).astype(object)
    frame["respondent_sex"] = rng.choice(["female", "male"], N)
    frame["street"] = rng.choice(["s1", "s2", "s3"], N)
    return frame.assign(**groups), risk, risk > np.quantile(risk, 0.8), harmed, np.arange(N)


def test_where_all_groups_are_alike_nothing_is_found() -> None:
    for seed in range(5):
        found = audit(*cases(seed))
        assert found["breaches"] == [] and found["cases"] == N
        for row in found["rows"]:
            if row["selection_ratio"]["value"] is not None:
                ratio = row["selection_ratio"]
                assert ratio["low"] < ratio["value"] < ratio["high"]
    rates = {row["group"]: row for row in found["rows"] if row["attribute"] == "respondent_sex"}
    assert rates["male"]["selection_ratio"]["value"] == pytest.approx(
        1 / rates["female"]["selection_ratio"]["value"], rel=0.02
    )


def test_a_group_that_is_sent_for_or_missed_more_often_is_found() -> None:
    groups, risk, selected, harmed, clusters = cases()
    women = groups["respondent_sex"].to_numpy() == "female"
    spared = selected & ~(women & (np.arange(N) % 3 > 0))
    found = audit(groups, risk, spared, harmed, clusters)["breaches"]
    assert {(b["group"], b["figure"]) for b in found} == {
        ("female", "false_negative_ratio"), ("male", "false_positive_ratio"),
    }  # fmt: skip
    assert all("[" in breach["text"] and breach["low"] > 1.25 for breach in found)


def test_a_street_whose_harm_is_underrated_is_found_and_a_kind_that_is_watched_more_is_not() -> None:
    groups, risk, selected, harmed, clusters = cases()
    there = groups["street"].to_numpy() == "s2"
    found = audit(groups, np.where(there, risk / 3, risk), selected, harmed, clusters)["breaches"]
    assert {(b["attribute"], b["group"], b["figure"]) for b in found} == {("street", "s2", "calibration")}
    kind = np.where(np.arange(N) % 4 == 0, "domestic_violence", "debt")
    watched = selected | ((kind == "domestic_violence") & (np.random.default_rng(1).random(N) < 0.5))
    found = audit(groups.assign(kind=kind), risk, watched, harmed, clusters)["breaches"]
    assert not [b for b in found if b["figure"] == "false_positive_ratio"]


def test_few_cases_are_not_shown_and_what_is_not_known_yet_is_left_out() -> None:
    groups, risk, selected, harmed, clusters = cases()
    few = groups.assign(kind=np.where(np.arange(N) < LEAST - 1, "school", "debt"))
    found = audit(few, risk, selected, harmed, clusters)
    assert found["small"] == 1 and "school" not in {row["group"] for row in found["rows"]}
    harmed[1000:] = np.nan
    assert audit(few, risk, selected, harmed, clusters)["cases"] == 1000
    assert audit(few, risk, selected, np.full(N, np.nan), clusters)["rows"] == []


def test_groups_are_read_from_the_records(snapshot: Snapshot) -> None:
    disputes = snapshot.tables["disputes"].to_pandas().head(50)
    moments = disputes["recorded_at"].to_numpy(np.int64)
    found = groups_of(snapshot, disputes["dispute_id"].tolist(), moments)
    assert list(found.columns) == list(ATTRIBUTES) and not found.isna().any(axis=None)
    np.testing.assert_array_equal(found["kind"], disputes["kind"])
    parties = snapshot.tables["parties"].to_pandas()
    people = snapshot.tables["persons"].to_pandas().set_index("person_id")
    one = parties[(parties["dispute_id"] == disputes["dispute_id"][7]) & (parties["role"] == "respondent")]
    assert found["respondent_sex"][7] == people.loc[one["person_id"].iloc[0], "sex"]


def test_a_street_that_reports_less_has_less_on_record_and_others_what_they_had(snapshot: Snapshot) -> None:
    disputes = snapshot.tables["disputes"].to_pandas()
    grids = snapshot.tables["grids"].to_pandas().set_index("grid_id")["street_id"]
    street = disputes["grid_id"].map(grids)
    kept = disputes.loc[street == "s0", "dispute_id"].head(40).tolist()
    less = thinned(snapshot, "s0", kept, seed=1).tables["disputes"].to_pandas()
    assert set(kept) <= set(less["dispute_id"])
    assert (street != "s0").sum() == (less["grid_id"].map(grids) != "s0").sum()
    left = (less["grid_id"].map(grids) == "s0").sum() / (street == "s0").sum()
    assert 0.65 < left < 0.8
