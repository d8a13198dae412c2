"""A district where nothing changes raises no alarm; each planted change raises its own, and is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from made_up_district import CUT, District, intake_frame

from bench.watch.drifts import DOOR, PLANTED
from docket.demo import DistrictSettings, district
from docket.load import load_folder
from docket.snapshot import Snapshot
from docket.store import Store, open_store
from docket.store.metadata import ASSESSMENTS, DECISIONS
from docket.times import DAY, now_micros, parse_instant
from features.catalogue import COLUMNS
from models.fit import Trained
from models.policy import COLOURS
from models.targets import RISK_COLUMNS
from models.watch import shifts
from models.watch.checks import CHECKS, FAMILIES, Compared, Lack, check_all, limit
from models.watch.days import Span, beyond_chance
from models.watch.kept import NAMES, keep, latest
from models.watch.log import log_watch
from models.watch.matured import calibration, matured
from models.watch.report import alarm_lines, verdict, write
from models.watch.result import watch
from models.watch.stream import ANSWER_COLUMNS, MAIN, first_answers, stream_of
from pipelines.cli import run

LAST = date(2025, 12, 31)
NOW = parse_instant("2025-12-31")
ONSET = pd.Timestamp("2025-12-03", tz="Asia/Shanghai")
SUMMER = parse_instant("2024-06-15")
NOBODY = pd.DataFrame(columns=list(ANSWER_COLUMNS))
DRAWS = 599
SETTINGS = DistrictSettings(drift=0.0, base_rate=0.05)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Thirty months of a demo district whose harm and doors don't drift, four or five disputes a day."""
    made = dict(district(end=LAST, disputes=4_000, seed=5, years=2.5, settings=SETTINGS))
    del made["truth"]
    return made


def snapshot_of(tables: dict[str, pd.DataFrame], folder: Path) -> Snapshot:
    return Snapshot.from_folder(District(tables, pd.DataFrame()).write(folder))


def alarms(checks) -> set[str]:
    return {check.family for check in checks if check.alarm}


def test_where_nothing_changes_a_month_of_daily_runs_raises_no_alarm(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    stream = stream_of(snapshot_of(tables, tmp_path / "r"), NOBODY, NOW, days=250)
    for back in range(0, 30, 6):
        checks = check_all(replace(stream, end=NOW - back * DAY), draws=DRAWS)
        assert alarms(checks) == set(), back
        told = {check.family for check in checks if check.p is not None}
        assert told == FAMILIES.keys() - {"scores"}  # no model has answered here
        columns = next(check for check in checks if check.family == "features" and check.days == 7)
        assert columns.parts["now"].max() > 0.25  # which the usual limit would have called a drift


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_found_by_the_check_that_is_meant_to(
    tables: dict[str, pd.DataFrame], tmp_path: Path, name: str
) -> None:
    plant, meant = PLANTED[name]
    onset = (
        ONSET - pd.Timedelta(days=63) if name == "harm doubled" else ONSET
    )  # harm is seldom, and heard of late
    stream = stream_of(snapshot_of(plant(tables, onset), tmp_path / "r"), NOBODY, NOW)
    checks = check_all(stream, draws=DRAWS)
    found = alarms(checks)
    assert found & meant
    first = next(check for check in checks if check.alarm and check.family in meant)
    named = {
        "a door closes": f"cases by {DOOR}",
        "a column goes missing": "log_amount",
        "a new wording": "discrepancy",
        "harm doubled": "outcomes",
        "volume doubled": "cases",
    }
    assert named[name] in set(first.parts["part"].head(3))


def test_a_check_calls_chance_no_alarm_more_often_than_it_says() -> None:
    """Over 400 made-up quarters of noise, one in twenty lies below .05, however the columns hang together."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(400):
        span = Span(NOW + number * DAY, 7, 84)
        day = rng.integers(0, span.total, 300)
        common = rng.normal(size=(300, 1))
        values = pd.DataFrame(common + rng.normal(size=(300, 6)))
        bins, column = shifts.binned(values.mask(rng.random((300, 6)) < 0.1))
        p, _ = beyond_chance(shifts.psi(bins, column, span.draws(199)[:, day]))
        found.append(p)
    assert 0.02 < np.mean(np.array(found) <= 0.05) < 0.085


def test_nor_does_the_classifier_which_is_judged_out_of_fold() -> None:
    """With folds by the calendar the last days look farther apart than others do: half of the p below .4."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(200):
        span = Span(NOW + number * DAY, 7, 84)
        day = rng.integers(0, span.total, 150)
        kernel = shifts.table_kernel(pd.DataFrame(rng.normal(size=(150, 4))))
        area = shifts.told_apart(kernel, span.folds(shifts.FOLDS)[day], span.draws(99)[:, day])
        found.append((area >= area[0] - 1e-12).mean())
    assert 0.46 < np.mean(found) < 0.56 and np.mean(np.array(found) <= 0.05) < 0.085


def test_four_weeks_are_held_against_whole_weeks() -> None:
    """What a busy week brings, day after day, is one week and not seven days."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(200):
        span = Span(NOW + number * DAY, 28, 182)
        rate = np.exp(0.2 * np.repeat(rng.normal(size=span.total // 7), 7))
        daily = rng.poisson(20 * rate)[:, None].astype(float)
        found.append(beyond_chance(shifts.counts_apart(daily, span.draws(199)))[0])
    assert 0.02 < np.mean(np.array(found) <= 0.05) < 0.085


def test_a_change_of_how_columns_hang_together_is_seen_by_the_classifier_alone() -> None:
    rng = np.random.default_rng(1)
    span = Span(NOW, 28, 112)
    day = rng.integers(0, span.total, 1_200)
    one, other = rng.normal(size=(2, 1_200))
    other = np.where(day >= span.reference, np.abs(other) * np.sign(one), other)
    values = pd.DataFrame({"one": one, "other": other})
    chosen = span.draws(DRAWS)[:, day]
    bins, column = shifts.binned(values)
    assert beyond_chance(shifts.psi(bins, column, chosen))[0] > 0.05
    area = shifts.told_apart(shifts.table_kernel(values), span.folds(shifts.FOLDS)[day], chosen)
    assert (area >= area[0]).mean() <= limit(CHECKS)


def test_of_a_large_district_the_kernels_see_a_sample_of_every_day() -> None:
    rng = np.random.default_rng(2)
    span = Span(NOW, 28, 182)
    as_of = np.sort(rng.integers(span.reference_begin, span.end, 60_000))
    c = Compared.of(as_of, span, most=2_000, draws=3)
    assert len(c.rows) == 2_000 and c.chosen.shape == (4, 2_000)
    assert c.span.days == 28 and c.span.reference == 70  # the days before are the fewest that are allowed
    assert np.abs(np.bincount(c.day, minlength=98) - 2_000 / 98).max() < 30
    whole = Compared.of(as_of[::40], span, most=2_000, draws=3)
    assert len(whole.rows) == 1_500 and whole.span == span


def test_the_limits_add_up_to_one_false_alarm_a_month() -> None:
    assert limit(CHECKS) * CHECKS * 365.25 / 12 == pytest.approx(1.0)
    assert len(FAMILIES) * 2 + 1 == CHECKS  # each over two spans, and calibration


# From a store, with what was answered


@pytest.fixture
def store(
    store_url: str, district_folder: Path, snapshot: Snapshot, learned: Trained
) -> Iterator[tuple[Store, int]]:
    """The made-up district, what a model answered at each intake after its data cut, and the records' end."""
    opened = open_store(store_url)
    load_folder(district_folder, opened, ingested_at=now_micros())
    now = SUMMER
    first, frame = intake_frame(snapshot, CUT, now)
    risks = learned.scorer.risks(frame)
    colours = learned.scorer.policy.by_score(risks)
    rows = []
    for place, (case, as_of) in enumerate(zip(first["dispute_id"], first["intake"], strict=True)):
        values = {
            name: value for name, value in frame[list(COLUMNS)].iloc[place].items() if np.isfinite(value)
        }
        rows.append(
            {
                "assessment_id": f"a-{place:04d}", "dispute_id": case, "as_of": int(as_of),
                "model_version": "models:/anlan/1", "policy_version": "p",
                "colour": COLOURS[colours[place]],
                "answer": json.dumps({"risks": [{"risk": risk} for risk in risks[place].tolist()]}),
                "features": json.dumps(values), "created_at": now_micros(), "seen": None,
            }
        )  # fmt: skip
    decided = [
        {
            "dispute_id": row["dispute_id"], "assessment_id": row["assessment_id"], "recommended": row["colour"],
            "colour": row["colour"], "reason": None, "by": "k", "decided_at": row["as_of"] + DAY,
            "opened_at": row["as_of"] + DAY - 60_000_000, "approved_by": None,
        }
        for row in rows[-15:-10]
    ]  # fmt: skip
    with opened.begin() as conn:
        conn.execute(sa.insert(ASSESSMENTS), rows)
        conn.execute(sa.insert(DECISIONS), decided)
    yield opened, now
    opened.close()


def test_what_was_kept_with_an_answer_is_what_is_looked_at(store: tuple[Store, int]) -> None:
    opened, now = store
    with opened.begin() as conn:
        row = (
            conn.execute(sa.select(ASSESSMENTS).order_by(ASSESSMENTS.c.as_of.desc()).limit(1))
            .mappings()
            .one()
        )
        conn.execute(
            sa.update(ASSESSMENTS)
            .where(ASSESSMENTS.c.assessment_id == row["assessment_id"])
            .values(features=json.dumps({"person_count": 17.0}))
        )
    with opened.snapshot() as conn:
        answers = first_answers(conn, now)
    stream = stream_of(Snapshot.from_store(opened), answers, now)
    place = int(np.flatnonzero(stream.cases["dispute_id"] == row["dispute_id"])[0])
    assert stream.values["person_count"].iloc[place] == 17.0
    assert stream.values.iloc[place].notna().sum() == 1
    said = json.loads(row["answer"])["risks"][MAIN]["risk"]
    assert stream.cases["risk"].iloc[place] == pytest.approx(said) and len(RISK_COLUMNS) == 12
    # a case that came in before any model answered is looked at too, by the one definition of its features
    assert stream.cases["model_version"].isna().sum() == 0 or stream.values.notna().any(axis=1).all()


def test_a_store_is_watched_kept_logged_and_nobody_is_named(
    store: tuple[Store, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, district: District
) -> None:
    opened, now = store
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    with opened.snapshot() as conn:
        assert latest(conn) is None
        found = watch(conn, Snapshot.from_store(opened), now, draws=DRAWS)
    assert found.alarms == [] and all(check.p is not None for check in found.checks if check.days == 28)
    with opened.begin() as conn:
        keep(conn, found.now, found.kept())
        at, kept = latest(conn) or (0, {})
    assert at == now and kept["until"].startswith("2024-06-15T00:00:00")
    assert {check["family"] for check in kept["checks"]} == {*FAMILIES, "calibration"} == set(NAMES)
    assert kept["practice"] and sum(row["decisions"] for row in kept["practice"]) == 5
    assert {row["seconds"] for row in kept["practice"]} == {60.0}
    assert kept["slips"][0]["workers"] == 16 and kept["slips"][0]["a_worker_a_day"] == 0
    write(found, tmp_path / "out")
    page = (tmp_path / "out" / "watch.html").read_text("utf-8")
    assert "no proof that the model is right" in page and "not visited" in page
    run_id = log_watch(found)
    logged = Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(tmp_path / "logged")))
    written = "".join(file.read_text("utf-8") for file in logged.rglob("*") if file.is_file())
    written += json.dumps(kept, ensure_ascii=False) + page
    for name in [*district.tables["disputes"]["dispute_id"], *district.tables["persons"]["person_id"]]:
        assert name not in written
    assert not any(text in written for text in district.tables["disputes"]["text"])
    assert mlflow.get_run(run_id).data.tags["kind"] == "watch"
    assert verdict(found).startswith("no alarm") and alarm_lines(found) == []


@pytest.fixture(scope="module")
def answers(snapshot: Snapshot, learned: Trained) -> pd.DataFrame:
    """What a model answered at each intake after its data cut."""
    first, frame = intake_frame(snapshot, CUT, SUMMER)
    risks = learned.scorer.risks(frame)
    colours = [COLOURS[rank] for rank in learned.scorer.policy.by_score(risks)]
    made = first.rename(columns={"intake": "as_of"}).assign(
        model_version="models:/anlan/1", colour=colours, risk=risks[:, MAIN], features=None
    )
    return made[list(ANSWER_COLUMNS)]


def test_a_label_counts_only_once_it_has_matured(snapshot: Snapshot, answers: pd.DataFrame) -> None:
    table = matured(snapshot, answers, SUMMER).set_index("cases")
    kept = answers[(answers["as_of"] >= table["mature"].iloc[0] - 91 * DAY)]
    kept = kept[kept["as_of"] < table["mature"].iloc[0]]
    assert table["mature"].iloc[0] < SUMMER - 90 * DAY and table.loc["all", "n"] == len(kept) > 50
    assert table.loc["all", "expected"] == pytest.approx(kept["risk"].sum())
    assert table.loc["visited", "n"] + table.loc["not visited", "n"] == table.loc["all", "n"]
    assert table.loc["visited", "n"] > 0
    low, ratio, high = table.loc["all", ["low", "ratio", "high"]]
    assert low < ratio < high
    early = matured(snapshot, answers, CUT + 95 * DAY)
    assert early["n"].tolist() == [0, 0, 0] and early["ratio"].isna().all()
    check = calibration(early)
    assert check.p is None and check.lack == Lack("harms", 0, 5) and not check.alarm


def test_what_was_heard_of_later_changes_nothing(snapshot: Snapshot, answers: pd.DataFrame) -> None:
    spring = SUMMER - 60 * DAY
    then = matured(snapshot.until(spring), answers, spring)
    pd.testing.assert_frame_equal(matured(snapshot, answers, spring), then)
    assert then["harmed"].iloc[0] > 0
    now = stream_of(snapshot, NOBODY, spring)
    before = stream_of(snapshot.until(spring), NOBODY, spring)
    pd.testing.assert_frame_equal(now.values, before.values)
    assert now.texts == before.texts and all(
        (now.flows[name] == before.flows[name]).all() for name in before.flows
    )


def test_risks_that_are_a_quarter_of_what_comes_raise_the_alarm(
    snapshot: Snapshot, answers: pd.DataFrame
) -> None:
    assert not calibration(matured(snapshot, answers, SUMMER)).alarm
    quarter = answers.assign(risk=answers["risk"] / 4)
    assert calibration(matured(snapshot, quarter, SUMMER)).alarm


def command(words: list[object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = run([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_says_its_alarms_and_ends_well(
    store_url: str, district: District, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["watch", "--store", store_url, "--no-track", "--until", "2024-06-15"]
    code, _, err = command(words, capsys)
    assert code == 2 and "no dispute is known" in err
    onset = pd.Timestamp("2024-05-18", tz="Asia/Shanghai")
    closed = District(PLANTED["a door closes"][0](district.tables, onset), district.truth)
    opened = open_store(store_url)
    load_folder(closed.write(tmp_path / "r"), opened, ingested_at=now_micros())
    code, out, _ = command([*words, "--out", tmp_path / "out"], capsys)
    assert code == 0
    assert any(line.startswith("alarm: volume, 28 days") and DOOR in line for line in out.splitlines())
    table = pd.read_csv(tmp_path / "out" / "checks.csv").set_index(["family", "days"])
    assert table.loc[("volume", 28), "alarm"] and not table.loc[("missing", 28), "alarm"]
    with opened.snapshot() as conn:
        kept = latest(conn)
    assert kept is not None and any(check["alarm"] for check in kept[1]["checks"])
    code, _, err = command([*words[:-1], "yesterday"], capsys)
    assert code == 2 and "--until" in err and "yesterday" in err
    opened.close()
