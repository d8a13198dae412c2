"""The audit by group finds what is planted, says nothing of few, and stands before the champion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from docket.snapshot import Snapshot
from docket.times import parse_instant
from models import registry
from models.fairness import LEAST, audit
from models.fit import Trained
from models.gate import Acceptance, AcceptanceError, PromotionBlockedError
from models.groups import ATTRIBUTES, groups_of
from models.packaging import register
from models.underreporting import thinned
from pipelines.cli import run

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


# The gate


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, f"sqlite:///{tmp_path}/mlruns/mlflow.db")


def with_breach(learned: Trained) -> Trained:
    told = {"text": "street s2: observed harm over expected 2.10 [1.40, 3.00]"}
    report = {**learned.report, "audit": {**learned.report["audit"], "breaches": [told]}}
    return Trained(learned.scorer, learned.validated, report, learned.example)


@pytest.mark.usefixtures("empty")
def test_a_breach_keeps_a_version_from_being_champion_until_a_person_accepts_it(learned: Trained) -> None:
    broken = with_breach(learned)
    assert register(broken) == "models:/anlan/1"
    with pytest.raises(registry.NoSuchModelError):
        registry.find()  # not even the first by itself
    with pytest.raises(PromotionBlockedError, match=r"street s2.*2\.10.*--accept-by"):
        register(broken, promote=True)
    with pytest.raises(PromotionBlockedError):
        registry.promote("models:/anlan/2")
    with pytest.raises(AcceptanceError, match="no reason"):
        Acceptance("王敏", "  ")
    registry.promote("models:/anlan/2", Acceptance("王敏", "样本少，已请该街道补报"))
    assert registry.find().uri == "models:/anlan/2"
    stored = mlflow.MlflowClient().get_model_version("anlan", "2").tags
    assert (stored["accepted_by"], stored["accepted_because"]) == ("王敏", "样本少，已请该街道补报")
    assert "s2" in json.loads(stored["breaches"])[0] and parse_instant(stored["accepted_at"]) > 0
    # what was accepted stays accepted; another version is another question
    assert registry.promote("models:/anlan/2").version == "2"
    with pytest.raises(PromotionBlockedError):
        registry.promote("models:/anlan/1")
    assert registry.find().uri == "models:/anlan/2"


@pytest.mark.usefixtures("empty")
def test_a_person_accepts_by_command_with_name_and_reason(
    learned: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = register(with_breach(learned))
    assert run(["promote", uri]) == 1
    assert "--accept-by NAME --because REASON" in capsys.readouterr().err
    assert run(["promote", uri, "--accept-by", "王敏"]) == 2
    assert "no reason given" in capsys.readouterr().err
    assert run(["promote", "models:/anlan/99"]) == 1
    assert run(["promote", uri, "--accept-by", "王敏", "--because", "样本少"]) == 0
    assert capsys.readouterr().out == f"{uri}\n" and registry.find().uri == uri


@pytest.mark.usefixtures("empty")
def test_without_a_breach_nothing_stands_in_the_way(learned: Trained) -> None:
    assert learned.report["audit"]["breaches"] == []
    uri = register(learned, promote=True)
    assert registry.find().uri == uri and registry.gate_of(registry.find()) == {"gate": "clear"}
