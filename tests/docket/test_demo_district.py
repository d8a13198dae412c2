"""The demo district: valid, reproducible, frozen, and with a truth that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from docket.check import check_folder
from docket.demo import DistrictSettings, district, freeze, generate

END = date(2026, 1, 31)
DISPUTES = 8_000


@pytest.fixture(scope="module")
def made() -> Mapping[str, pd.DataFrame]:
    return district(end=END, disputes=DISPUTES, seed=5)


@pytest.fixture(scope="module")
def at_intake(made: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each dispute at intake whose 90 days have passed: `p_true`, `p_seen` of escalation, and `harmed`."""
    truth = made["truth"].query("target == 'escalation' and horizon_days == 90")
    intake = made["disputes"].set_index("dispute_id")["recorded_at"]
    rows = truth[truth["as_of"] == truth["dispute_id"].map(intake)]
    rows = rows[rows["as_of"] < pd.Timestamp(END, tz="Asia/Shanghai") - pd.Timedelta(days=150)]
    harm = made["outcomes"].merge(rows[["dispute_id", "as_of"]], on="dispute_id")
    within = harm[(harm["at"] > harm["as_of"]) & (harm["at"] <= harm["as_of"] + pd.Timedelta(days=90))]
    return rows.assign(harmed=rows["dispute_id"].isin(within["dispute_id"]))


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    generate(tmp_path, end=END, disputes=1_200, seed=2)
    checked = check_folder(tmp_path)
    assert checked.faults == []
    assert [file for file, _ in checked.extras] == ["truth.parquet"]


def test_the_same_arguments_give_the_same_district() -> None:
    first, second = (district(end=END, disputes=500, seed=3) for _ in range(2))
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, second[name])
    other = district(end=END, disputes=500, seed=4)
    assert not first["disputes"]["text"].equals(other["disputes"]["text"])


def test_it_is_frozen() -> None:
    advice = "say why and write it anew (python -m docket.demo.freeze --reason ...), then rerun all figures"
    held = freeze.frozen()
    assert freeze.sources() == held["sources"], advice
    assert freeze.sample() == held["sample"], advice


def test_nothing_is_recorded_after_the_last_morning(made: Mapping[str, pd.DataFrame]) -> None:
    cut = pd.Timestamp(END, tz="Asia/Shanghai") + pd.Timedelta(hours=7)
    for name, frame in made.items():
        if "recorded_at" in frame:
            assert frame["recorded_at"].max() <= cut, name
    learned = made["registry"]["left_recorded_at"].fillna(made["registry"]["left_at"]).dropna()
    assert learned.max() <= cut


def test_records_come_late_and_again_and_through_several_doors(made: Mapping[str, pd.DataFrame]) -> None:
    disputes = made["disputes"]
    delay = disputes["recorded_at"] - disputes["opened_at"]
    assert 0.1 < (delay > pd.Timedelta(days=1)).mean() < 0.3
    assert disputes["source"].nunique() == 7 and disputes["kind"].nunique() >= 15
    assert (made["events"]["kind"] == "repeat_report").sum() > 100
    assert (made["events"]["recorded_at"] > made["events"]["at"]).mean() > 0.9
    late = made["outcomes"]["recorded_at"] - made["outcomes"]["at"]
    assert late.max() > pd.Timedelta(days=10)
    assert made["registry"]["left_recorded_at"].notna().any()


def test_people_and_pairs_come_back(made: Mapping[str, pd.DataFrame]) -> None:
    respondents = made["parties"].query("role == 'respondent'")["person_id"].value_counts()
    assert (respondents >= 3).sum() > 100
    roles = made["parties"].groupby(["dispute_id", "role"]).size()
    assert (roles >= 2).sum() > 100


def test_today_there_is_somebody_to_visit(made: Mapping[str, pd.DataFrame]) -> None:
    cut = pd.Timestamp(END, tz="Asia/Shanghai")
    assert (made["disputes"]["recorded_at"] > cut - pd.Timedelta(days=30)).sum() > 50
    assert made["registry"]["left_at"].isna().sum() > 30


def test_the_truth_is_calibrated(at_intake: pd.DataFrame) -> None:
    seen, true = at_intake["p_seen"], at_intake["p_true"]
    harmed = at_intake["harmed"].mean()
    spread = 4 * np.sqrt(true.mean() / len(true))
    assert abs(true.mean() - harmed) < spread
    assert abs(seen.mean() - true.mean()) < spread
    for _, part in at_intake.groupby(pd.qcut(seen, 5), observed=True):
        room = 4 * part["p_true"].std() / np.sqrt(len(part))
        assert abs(part["p_seen"].mean() - part["p_true"].mean()) < room


def test_what_is_seen_ranks_well_and_what_is_hidden_better(at_intake: pd.DataFrame) -> None:
    harmed, seen, true = at_intake["harmed"], at_intake["p_seen"], at_intake["p_true"]
    assert 0.68 < roc_auc_score(harmed, seen) < 0.92
    assert roc_auc_score(harmed, true) > roc_auc_score(harmed, seen)
    assert average_precision_score(harmed, seen) > 2 * harmed.mean()


def test_petitions_and_complaints_about_officials_carry_no_risk(made: Mapping[str, pd.DataFrame]) -> None:
    truth = made["truth"].query("target == 'escalation' and horizon_days == 90")
    first = truth.sort_values("as_of").drop_duplicates("dispute_id").set_index("dispute_id")["p_true"]
    texts = made["disputes"].set_index("dispute_id")["text"]
    petition = texts.index[texts.str.contains("上访|信访")]
    assert len(petition) > 50
    rest = first[first.index.difference(petition)]
    room = 4 * rest.std() / np.sqrt(len(petition))
    assert abs(first[petition].mean() - rest.mean()) < room
    assert (made["parties"]["relation"] == "authority").sum() > 100


def test_narratives_are_composed_not_filled_in(made: Mapping[str, pd.DataFrame]) -> None:
    texts = made["disputes"]["text"]
    assert texts.nunique() > 0.995 * len(texts)
    assert texts.str.strip().ne("").all()
    assert texts.str.len().quantile(0.9) > 2 * texts.str.len().quantile(0.1)


def test_settings_change_what_they_say() -> None:
    rare = district(end=END, disputes=3_000, seed=1, settings=DistrictSettings(base_rate=0.005))
    common = district(end=END, disputes=3_000, seed=1, settings=DistrictSettings(base_rate=0.05))
    assert len(common["outcomes"]) > 4 * len(rare["outcomes"])
    with pytest.raises(ValueError, match="base_rate must lie within"):
        DistrictSettings(base_rate=0.5)
