"""Two versions are compared on what neither has seen; a gate keeps out what is worse, and a person answers for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT

from docket.snapshot import Snapshot
from docket.times import DAY
from models import gates, promotion, registry
from models.comparison_log import log_comparison
from models.comparison_report import Comparison
from models.contest import Contest, Version, contest
from models.fit import Trained
from models.gates import PromotionBlockedError, Signed
from models.packaging import register
from models.splits import ImpossibleSplitError
from pipelines.cli import run

SIGNED = Signed("王敏", "季度重训")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry without a version."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, f"sqlite:///{tmp_path}/mlruns/mlflow.db")


def backwards(learned: Trained) -> Trained:
    """A version for which the safest case is the likeliest to come to harm."""

    def turned(scorer):
        return replace(
            scorer, calibration=replace(scorer.calibration, slope=-scorer.calibration.slope, shift=-6.0)
        )

    return replace(learned, scorer=turned(learned.scorer), trial=turned(learned.trial))


def milder(learned: Trained) -> Trained:
    """A version that orders cases alike and thinks each less dangerous."""
    scorer = learned.scorer
    return replace(
        learned,
        scorer=replace(scorer, calibration=replace(scorer.calibration, shift=scorer.calibration.shift - 1)),
    )


def version(made: Trained, uri: str = "models:/anlan/1") -> Version:
    return Version(uri, made.scorer, made.trial)


@pytest.fixture(scope="module")
def beside_milder(snapshot: Snapshot, learned: Trained) -> Contest:
    return contest(snapshot, version(learned), version(milder(learned), "models:/anlan/2"))


# Which cases


def test_what_came_after_both_data_cuts_is_tried_on_the_versions_themselves(
    snapshot: Snapshot, learned: Trained, beside_milder: Contest
) -> None:
    assert not beside_milder.held_out and beside_milder.ours is learned.scorer
    assert beside_milder.cases.points["as_of"].min() >= CUT and beside_milder.cases.at_intake.all()


def test_what_a_version_has_seen_is_tried_on_its_validation_model(
    snapshot: Snapshot, learned: Trained
) -> None:
    found = contest(snapshot.until(CUT), version(learned))
    assert found.held_out and found.ours is learned.trial and found.other is None
    seen = int(learned.trial.info["cut"])
    assert seen < CUT and found.cases.points["as_of"].min() >= seen
    assert learned.trial.info["stands_for"] == learned.scorer.info["cut"] == CUT
    # the cases have matured by then, and the model tried is another than the one that was fitted on them
    assert found.cases.points["as_of"].max() < CUT - 90 * DAY
    assert not np.allclose(found.risks, learned.scorer.risks(found.frame))


def test_an_older_version_is_tried_itself_beside_a_new_one_s_validation_model(
    snapshot: Snapshot, learned: Trained
) -> None:
    quarter = int(learned.trial.info["cut"])
    old = replace(learned.scorer, info={**learned.scorer.info, "cut": quarter - 200 * DAY})
    trial = replace(learned.trial, info={**learned.trial.info, "cut": quarter - 300 * DAY})
    found = contest(snapshot.until(CUT), version(learned), Version("models:/anlan/2", old, trial))
    assert found.ours is learned.trial and found.theirs is old and found.begin == quarter


def test_where_nothing_can_tell_them_apart_it_is_said_why(snapshot: Snapshot, learned: Trained) -> None:
    with pytest.raises(ImpossibleSplitError, match=r"models:/anlan/1 has no validation model"):
        contest(snapshot.until(CUT), Version("models:/anlan/1", learned.scorer))
    early = int(learned.trial.info["cut"]) + 89 * DAY
    with pytest.raises(ImpossibleSplitError, match="nothing to tell them apart by"):
        contest(snapshot.until(early), version(learned))


# What differs


def test_a_version_beside_itself_differs_in_nothing(snapshot: Snapshot, learned: Trained) -> None:
    found = contest(snapshot, version(learned), version(learned, "models:/anlan/2"))
    tables = Comparison.of("models:/anlan/1", "models:/anlan/2", found, snapshot, replicates=20).tables
    for name in ("figures", "groups"):
        assert len(tables[name]) and (tables[name][["difference", "low", "high"]].fillna(0) == 0).all(
            axis=None
        )
    assert tables["flips"].empty and (tables["colours"]["ours"] == tables["colours"]["theirs"]).all()


def test_what_would_have_changed_is_counted_and_told(snapshot: Snapshot, beside_milder: Contest) -> None:
    tables = Comparison.of(
        "models:/anlan/1", "models:/anlan/2", beside_milder, snapshot, replicates=50
    ).tables
    main = tables["figures"].query("target == 'escalation' and horizon_days == 90").set_index("metric")
    assert abs(main.loc["average_precision", "difference"]) < 0.01  # nearly the same order
    assert main.loc["log_loss", "high"] < 0  # and ours are nearer to what came
    counted = tables["colours"]
    assert counted["cases"].sum() == len(beside_milder.frame)
    assert counted["harmed"].sum() == np.nansum(beside_milder.harmed)
    flips = tables["flips"]
    assert (
        len(flips)
        and (flips["ours"] != flips["theirs"]).all()
        and (flips["risk_ours"] > flips["risk_theirs"]).all()
    )
    assert flips["facts_ours"].str.len().gt(0).any() and flips["moved"].str.contains(r"[+-]\d\.\d\d").all()


@pytest.mark.usefixtures("empty")
def test_mlflow_keeps_the_comparison_and_no_case_of_it(
    snapshot: Snapshot, learned: Trained, beside_milder: Contest, tmp_path: Path
) -> None:
    uris = register(learned), register(milder(learned))
    made = Comparison.of(*uris, beside_milder, snapshot, replicates=20)
    made.write(tmp_path / "own", private=True)
    assert "dispute_id" in pd.read_csv(tmp_path / "own" / "flips.csv")
    logged = mlflow.MlflowClient().get_run(log_comparison(made))
    assert (
        logged.data.tags["ours"] == uris[0]
        and abs(logged.data.metrics["escalation_90/average_precision.difference"]) < 0.01
    )
    folder = Path(mlflow.artifacts.download_artifacts(run_id=logged.info.run_id, artifact_path="comparison"))
    assert {path.name for path in folder.iterdir()} >= {"compare.html", "flips.csv", "groups.csv"}
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert not any(case in text for case in beside_milder.cases.points["dispute_id"])


# The gates


def asked(uri: str, snapshot: Snapshot) -> dict[str, bool]:
    return {gate.name: gate.passed for gate in promotion.asked_of(registry.find(uri), snapshot)}


@pytest.mark.usefixtures("empty")
def test_a_sound_version_passes_and_one_that_is_worse_does_not(snapshot: Snapshot, learned: Trained) -> None:
    sound, worse = register(learned), register(backwards(learned))
    without = asked(sound, snapshot)
    assert without.keys() == set(gates.NAMES) - {"champion"}  # there is none to be held against
    assert {name for name, passed in without.items() if not passed} == {
        "fresh"
    }  # a year of records came after it
    registry.name(sound)
    assert [name for name, passed in asked(worse, snapshot).items() if not passed] == [
        "checklist", "champion", "calibration", "fresh"
    ]  # fmt: skip
    registry.name(worse)
    assert asked(sound, snapshot)["champion"]


@pytest.mark.usefixtures("empty")
def test_other_answers_to_golden_cases_and_breaches_are_gates_too(
    snapshot: Snapshot, learned: Trained
) -> None:
    told = {"text": "street s2: observed harm over expected 2.10 [1.40, 3.00]"}
    uri = register(
        replace(learned, report={**learned.report, "audit": {**learned.report["audit"], "breaches": [told]}})
    )
    found = registry.find(uri)
    kept = mlflow.MlflowClient().get_model_version("anlan", found.version)
    logged = mlflow.get_logged_model(kept.model_id or kept.source.removeprefix("models:/"))
    golden = Path(logged.artifact_location.removeprefix("file://")) / "artifacts" / "scorer" / "golden.json"
    cases = json.loads(golden.read_text())
    cases[0]["risks"][3] += 0.01
    golden.write_text(json.dumps(cases))
    held = {gate.name: gate for gate in promotion.asked_of(found, snapshot.until(CUT))}
    assert not held["golden"].passed and "differs by 0.01" in held["golden"].told
    assert not held["fairness"].passed and "street s2" in held["fairness"].told
    assert held["fresh"].passed


@pytest.mark.usefixtures("empty")
def test_without_cases_to_judge_by_the_gates_are_shut(snapshot: Snapshot, learned: Trained) -> None:
    uri = register(learned)
    early = snapshot.until(int(learned.trial.info["cut"]) + 89 * DAY)
    held = {gate.name: gate for gate in promotion.asked_of(registry.find(uri), early)}
    assert not held["checklist"].passed and "nothing to tell them apart by" in held["checklist"].told


@pytest.mark.usefixtures("empty")
def test_a_waiver_names_its_gate_and_stays_with_the_version(snapshot: Snapshot, learned: Trained) -> None:
    uri = register(backwards(learned))
    found = registry.find(uri)
    held = promotion.asked_of(found, snapshot)
    with pytest.raises(PromotionBlockedError, match=r"--waive checklist=WHY --waive calibration=WHY"):
        promotion.promote(found, held, SIGNED, {"fresh": "演练"})
    with pytest.raises(registry.NoSuchModelError):
        registry.find()
    promotion.promote(found, held, SIGNED, {}, registry.CHALLENGER)  # whom nobody is shown
    assert registry.find("models:/anlan@challenger") == found
    waivers = dict.fromkeys(("checklist", "calibration", "fresh", "speed"), "演练")
    promotion.promote(found, held, SIGNED, waivers)
    kept = registry.tags_of(registry.find())
    assert (kept["champion_by"], kept["champion_reason"]) == ("王敏", "季度重训")
    assert json.loads(kept["waived"]) == dict.fromkeys(
        ("checklist", "calibration", "fresh"), "演练"
    )  # only what was shut
    assert json.loads(kept["gates"]).keys() == {gate.name for gate in held}


@pytest.mark.usefixtures("empty")
def test_the_champion_is_taken_back_to_the_one_before(learned: Trained) -> None:
    first, second, third = (registry.find(register(learned)) for _ in range(3))
    for found in (first, second):
        promotion.promote(found, [], SIGNED, {})
    promotion.promote(third, [], SIGNED, {}, registry.CHALLENGER)
    assert registry.find().uri == second.uri and registry.find("models:/anlan@challenger").uri == third.uri
    assert promotion.roll_back(Signed("李强", "误报太多")) == (first, second)
    assert registry.find().uri == first.uri
    assert registry.tags_of(second)["taken_back_by"] == "李强"
    with pytest.raises(promotion.NothingBeforeError, match=r"models:/anlan/1 replaced none"):
        promotion.roll_back(SIGNED)


# By command


@pytest.mark.usefixtures("empty")
def test_by_command_a_person_decides_with_name_and_reason(
    learned: Trained,
    district_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    uri = register(learned)
    records = ["--records", str(district_folder)]
    signed = ["--by", "王敏", "--reason", "首个版本"]
    for words, told in (
        (["--reason", "首个版本"], "no name given"),
        (["--by", "王敏"], "no reason given"),
        ([*signed, "--waive", "speed"], "no reason given to waive speed"),
        ([*signed, "--waive", "luck=yes"], "one of golden, checklist"),
    ):
        assert run(["promote", "1", *records, *words]) == 2
        assert told in capsys.readouterr().err
    assert run(["promote", "no-version", *records, *signed]) == 2
    assert run(["promote", "99", *records, *signed]) == 1
    assert run(["promote", "1", *records, *signed]) == 1
    assert "--waive fresh=WHY" in capsys.readouterr().err
    assert run(["promote", "1", *records, *signed, "--waive", "fresh=演练"]) == 0
    done = capsys.readouterr()
    assert done.out == f"{uri}\n" and "fresh        WAIVED" in done.err and registry.find().uri == uri
    assert run(["rollback", "--by", "王敏", "--reason", "误报"]) == 1
    assert register(milder(learned)) == "models:/anlan/2"
    capsys.readouterr()
    assert run(["compare", "2", *records, "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "average_precision" in shown and "models:/anlan/2 beside models:/anlan/1" in shown
    assert (tmp_path / "out" / "compare.html").exists()
