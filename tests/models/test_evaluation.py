"""The evaluation in time: who is tested on what, what is written, and how far the ceiling is."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT, SETTINGS, District
from sklearn.metrics import average_precision_score, roc_auc_score

from docket.snapshot import Snapshot
from docket.times import DAY, parse_instant
from features.frame import feature_frame
from features.sources import DuckSource
from models import baselines
from models.evaluation import HALVES, OURS, Judged, judge
from models.evaluation_log import log_evaluation
from models.examples import intakes
from models.fit import Trained, train
from models.report import write_report
from models.splits import ImpossibleSplitError, next_quarter
from models.tables import metrics_table
from models.targets import HORIZONS, RISK_COLUMNS, TARGETS, reporting_delay
from models.truth import read_truth

END = parse_instant("2024-06-19")
"""When the records of the made-up districts end."""
ORIGINS = (CUT, parse_instant("2023-10-01"))
MAIN = RISK_COLUMNS.index("escalation_90")


@pytest.fixture(scope="module")
def folder(small: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small district with its truth: for each intake, the risk of an escalation within 90 days."""
    made = small.write(tmp_path_factory.mktemp("simulated") / "records")
    truth = small.truth.assign(target="escalation", horizon_days=90)
    # what the records don't tell (whether a mediation will fail) is not seen: the truth with some noise
    noise = np.random.default_rng(0).normal(0, 0.5, len(truth))
    truth["p_seen"] = 1 / (1 + np.exp(-(np.log(truth["p_true"] / (1 - truth["p_true"])) + noise)))
    truth.to_parquet(made / "truth.parquet", index=False)
    return made


@pytest.fixture(scope="module")
def simulated(folder: Path) -> Snapshot:
    return Snapshot.from_folder(folder)


@pytest.fixture(scope="module")
def judged(simulated: Snapshot) -> Judged:
    """Two origins, a model trained at each."""
    return judge(simulated, start=CUT, settings=SETTINGS)


@pytest.fixture(scope="module")
def written(judged: Judged, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("evaluation") / "out"
    write_report(judged, out, read_truth(folder))
    return out


@pytest.fixture(scope="module")
def metrics(written: Path) -> pd.DataFrame:
    return pd.read_csv(written / "metrics.csv")


def main_figure(metrics: pd.DataFrame, metric: str, model: str = OURS) -> pd.Series:
    found = metrics[
        (metrics["model"] == model)
        & (metrics["target"] == "escalation")
        & (metrics["horizon_days"] == 90)
        & (metrics["metric"] == metric)
    ]
    assert len(found) == 1
    return found.iloc[0]


# Who is tested


def test_every_origin_is_tested_on_the_disputes_of_the_quarter_after_it_and_no_dispute_twice(
    judged: Judged, simulated: Snapshot
) -> None:
    assert judged.origins == ORIGINS
    first = intakes(simulated, END)
    points = judged.cases.points.merge(first, on="dispute_id")
    for cut in ORIGINS:
        taken_in = set(first.query(f"{cut} <= intake < {next_quarter(cut)}")["dispute_id"])
        learned_from = set(intakes(simulated, cut)["dispute_id"])
        tested = set(points.query(f"{cut} <= intake < {next_quarter(cut)}")["dispute_id"])
        assert tested == taken_in and len(tested) > 30
        assert not tested & learned_from and len(learned_from) > 200
    assert points["intake"].between(ORIGINS[0], next_quarter(ORIGINS[1]), inclusive="left").all()
    assert judged.cases.at_intake.sum() == points["dispute_id"].nunique()
    assert (points["as_of"] == points["intake"]).equals(points["point"] == "intake")
    assert not judged.cases.points.duplicated(["dispute_id", "as_of"]).any()
    # a person in train and test is normal: most of those tested have been here before
    people = simulated.tables["parties"].select(["dispute_id", "person_id"]).to_pandas()
    before = set(people.loc[people["dispute_id"].isin(intakes(simulated, CUT)["dispute_id"]), "person_id"])
    after = set(people.loc[people["dispute_id"].isin(points["dispute_id"]), "person_id"])
    assert len(before & after) > 10


def test_only_matured_cases_are_judged(judged: Judged, simulated: Snapshot) -> None:
    y = judged.cases.labels.within("escalation", 90)
    assert np.isfinite(y).all()
    delay = reporting_delay(simulated, END)
    assert (judged.cases.points["as_of"] + 90 * DAY + delay <= END).all()
    assert np.isnan(judged.cases.labels.within("escalation", 180)).any()


def test_an_origin_scores_as_a_model_that_never_saw_what_came_later(
    judged: Judged, simulated: Snapshot
) -> None:
    then = train(simulated.until(CUT), CUT, settings=SETTINGS).scorer
    points = judged.cases.points
    own = (
        points["dispute_id"].map(intakes(simulated, END).set_index("dispute_id")["intake"]) < ORIGINS[1]
    ).to_numpy()
    frame = feature_frame(
        DuckSource(simulated),
        points.loc[own, "dispute_id"].tolist(),
        points.loc[own, "as_of"].to_numpy(np.int64),
    )
    np.testing.assert_array_equal(judged.risks[own], then.risks(frame))
    np.testing.assert_array_equal(judged.colours[own], then.policy.by_score(judged.risks[own]))


def test_a_given_model_is_judged_on_disputes_after_its_cut_alone(
    learned: Trained, snapshot: Snapshot
) -> None:
    # however early the evaluation is asked to begin
    found = judge(snapshot, scorer=learned.scorer, start=CUT - 400 * DAY, settings=SETTINGS)
    assert found.origins == (CUT,)
    tested = found.cases.points["dispute_id"]
    taken_in = tested.map(intakes(snapshot, END).set_index("dispute_id")["intake"])
    assert taken_in.min() >= CUT and tested.nunique() > 300
    assert not set(tested) & set(intakes(snapshot, CUT)["dispute_id"])
    assert np.isfinite(found.cases.labels.within("escalation", 90)).all()


def test_a_model_that_has_seen_it_all_is_not_judged(learned: Trained, snapshot: Snapshot) -> None:
    cut = parse_instant("2024-04-01")
    recent = replace(learned.scorer, info={**learned.scorer.info, "cut": cut})
    with pytest.raises(
        ImpossibleSplitError, match=r"nothing to judge: .* until 2024-04-01T.* label is of 2024-03-"
    ):
        judge(snapshot, scorer=recent)


# What is written


def test_the_figures_are_written_in_the_stated_columns_with_their_intervals(
    judged: Judged, written: Path, metrics: pd.DataFrame
) -> None:
    assert metrics.columns.tolist() == [
        "model", "target", "horizon_days", "metric", "value", "low", "high", "n", "n_pos",
    ]  # fmt: skip
    assert not metrics.duplicated(["model", "target", "horizon_days", "metric"]).any()
    assert set(metrics["target"]) == set(TARGETS) and set(metrics["horizon_days"]) == set(HORIZONS)
    held = metrics.dropna(subset=["low", "high"])
    assert len(held) > 0.9 * len(metrics) and (held["low"] <= held["high"]).all()
    ours = set(metrics.loc[metrics["model"] == OURS, "metric"])
    plain = {"average_precision", "roc_auc", "brier", "brier_skill", "log_loss"}
    plain |= {"calibration_slope", "calibration_intercept", "ece"}
    plain |= {f"{figure}_at_{k}pct" for figure in ("precision", "recall") for k in (1, 5, 10)}
    assert plain <= ours
    assert {"median_lead_days_from_red", "slips_per_day_yellow", "slips_per_day_red_floor"} <= ours
    assert {
        "average_precision@events",
        "average_precision@intervened",
        "average_precision@left_alone",
    } <= ours
    assert {"soft_average_precision", "ceiling_soft_average_precision", "ceiling_share"} <= ours


def test_a_figure_is_what_it_is_called(judged: Judged, metrics: pd.DataFrame) -> None:
    chosen = judged.cases.at_intake
    y = judged.cases.labels.within("escalation", 90)[chosen]
    risk = judged.risks[chosen, MAIN]
    assert main_figure(metrics, "roc_auc")["value"] == pytest.approx(roc_auc_score(y, risk))
    own = main_figure(metrics, "average_precision")
    assert own["value"] == pytest.approx(average_precision_score(y, risk))
    assert (own["n"], own["n_pos"]) == (len(y), y.sum())
    assert own["low"] < own["value"] < own["high"]
    floored = judged.floored[chosen]
    assert main_figure(metrics, "share_of_intake_red_floor")["value"] == pytest.approx(floored.mean())
    assert main_figure(metrics, "slips_per_day_red_floor")["value"] == pytest.approx(
        floored.sum() / judged.days
    )
    assert judged.days == 92 + 92


def test_baselines_stand_beside_the_model_on_the_same_cases(judged: Judged, metrics: pd.DataFrame) -> None:
    others = {"base_rate", "checklist", "tfidf_lr", "lightgbm_table", "lightgbm_text"}
    assert others == set(baselines.NAMES)
    own = main_figure(metrics, "average_precision")
    for name in (*others, *HALVES):
        theirs = main_figure(metrics, "average_precision", name)
        assert (theirs["n"], theirs["n_pos"]) == (own["n"], own["n_pos"])
        less = main_figure(metrics, f"average_precision_minus_{name}")
        assert less["value"] == pytest.approx(own["value"] - theirs["value"])
        assert np.isfinite(judged.others[name]).all()
    assert main_figure(metrics, "roc_auc", "base_rate")["value"] == pytest.approx(0.5, abs=0.1)
    # points are no probability: only their order is judged
    points = set(metrics.loc[metrics["model"] == "checklist", "metric"])
    assert "average_precision" in points and not points & {"brier", "log_loss", "calibration_slope", "ece"}


def test_reliability_counts_every_case_once(written: Path, judged: Judged) -> None:
    table = pd.read_csv(written / "reliability.csv")
    assert table.columns.tolist() == [
        "model", "target", "horizon_days", "bin", "mean_risk", "observed_rate", "n",
    ]  # fmt: skip
    y = judged.cases.labels.within("escalation", 90)[judged.cases.at_intake]
    own = table[(table["target"] == "escalation") & (table["horizon_days"] == 90)]
    assert own["n"].sum() == len(y) and (own["n"] * own["observed_rate"]).sum() == pytest.approx(y.sum())
    assert own["mean_risk"].is_monotonic_increasing and own["bin"].tolist() == list(range(1, len(own) + 1))
    assert table["observed_rate"].between(0, 1).all()


def test_the_report_is_one_page_that_needs_no_other_file(written: Path, metrics: pd.DataFrame) -> None:
    page = (written / "report.html").read_text("utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:)""", page) and "<script" not in page
    assert page.count("data:image/png;base64,") >= 2
    for name in (OURS, *baselines.NAMES, *HALVES):
        assert f"<th>{name}</th>" in page
    own = main_figure(metrics, "average_precision")
    assert f"{own['value']:.3f} [{own['low']:.3f}, {own['high']:.3f}]" in page
    words = re.sub(r"base64,[^\"]*", "", page)
    assert "2023-07-01, 2023-10-01" in words and not re.search(r"\bnan\b", words, re.IGNORECASE)
    assert sorted(path.name for path in written.iterdir()) == [
        "metrics.csv",
        "reliability.csv",
        "report.html",
    ]


# The ceiling


def test_ranking_by_what_can_be_seen_is_the_whole_ceiling_and_a_constant_none_of_it(
    judged: Judged, folder: Path
) -> None:
    truth = read_truth(folder)
    assert truth is not None
    at = pd.MultiIndex.from_frame(judged.cases.points[["dispute_id", "as_of"]])
    seen = truth["p_seen", "escalation_90"].reindex(at).to_numpy()
    assert np.isfinite(seen).tolist() == judged.cases.at_intake.tolist()
    risks = judged.risks.copy()
    risks[:, MAIN] = np.nan_to_num(seen)
    best = replace(
        judged, risks=risks, others={"constant": np.full(len(seen), 0.1), "squared": np.nan_to_num(seen) ** 2}
    )
    found = metrics_table(best, truth, replicates=50)
    share = {model: main_figure(found, "ceiling_share", model) for model in (OURS, "constant", "squared")}
    assert share[OURS][["value", "low", "high"]].tolist() == [1, 1, 1]
    assert share["squared"]["value"] == 1
    assert share["constant"][["value", "low", "high"]].tolist() == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_model_stands_between_chance_and_ceiling(metrics: pd.DataFrame) -> None:
    ours = main_figure(metrics, "ceiling_share")
    assert 0.1 < ours["value"] < 1
    ceiling = main_figure(metrics, "ceiling_soft_average_precision")["value"]
    assert main_figure(metrics, "soft_average_precision")["value"] < ceiling < 1


def test_records_without_a_truth_have_no_ceiling(judged: Judged, district_folder: Path) -> None:
    assert read_truth(district_folder) is None
    found = metrics_table(judged, None, replicates=2)
    assert not found["metric"].str.contains("ceiling|soft").any()


def test_mlflow_keeps_it_with_a_run_for_each_origin(
    judged: Judged, simulated: Snapshot, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    out = shutil.copytree(written, tmp_path / "out")
    metrics = pd.read_csv(out / "metrics.csv")
    (out / "mine.txt").write_text("nobody else's")
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    run = client.get_run(log_evaluation(judged, metrics, out, model=None, digest=simulated.digest))
    main = metrics.query("model == 'anlan' and target == 'escalation' and horizon_days == 90").set_index(
        "metric"
    )
    for end, column in (("", "value"), (".low", "low"), (".high", "high")):
        assert (
            run.data.metrics[f"escalation_90/average_precision{end}"] == main.loc["average_precision", column]
        )
    nested = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert len(nested) == len(judged.origins)
    at_intake = judged.cases.at_intake & np.isfinite(judged.cases.labels.within("escalation", 90))
    assert sum(one.data.metrics["cases"] for one in nested) == at_intake.sum()
    held = {Path(one.path).name for one in client.list_artifacts(run.info.run_id, "evaluation")}
    assert held == {"metrics.csv", "reliability.csv", "report.html"}
