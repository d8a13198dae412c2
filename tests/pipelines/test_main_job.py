"""The main job by its commands: train, score, visits, as a newcomer runs them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from working_folder import Trained

from docket import keys
from docket.load import load_folder
from docket.store import open_store
from docket.times import now_micros
from models.visits import LIST_COLUMNS
from serving.app import create_app
from serving.settings import Settings

TABLES = ("grids", "workers", "persons", "disputes", "parties", "events", "registry", "visits", "outcomes")


def read(records: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(records / f"{name}.parquet") for name in TABLES}


def write(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def cases(trained: Trained) -> pd.DataFrame:
    """Forty disputes taken in after the model's cut, at intake."""
    disputes = pd.read_parquet(trained.records / "disputes.parquet")
    later = disputes[disputes["recorded_at"] >= pd.Timestamp(trained.until, tz="Asia/Shanghai")]
    return later.head(40)[["dispute_id", "recorded_at"]].rename(columns={"recorded_at": "as_of"})


@pytest.fixture(scope="module")
def scored(trained: Trained, cases: pd.DataFrame) -> Callable[[Path, str], tuple[pd.DataFrame, list[Any]]]:
    def score(records: Path, name: str) -> tuple[pd.DataFrame, list[Any]]:
        file = trained.folder / f"cases-{name}.csv"
        cases.assign(as_of=[moment.isoformat() for moment in cases["as_of"]]).to_csv(file, index=False)
        out, lines = trained.folder / f"{name}.parquet", trained.folder / f"{name}.jsonl"
        trained.anlan("score", "--records", records, "--cases", file, "--out", out, "--assessments", lines)
        return pd.read_parquet(out), [json.loads(line) for line in lines.read_text("utf-8").splitlines()]

    return score


@pytest.fixture(scope="module")
def plain(trained: Trained, scored: Any) -> tuple[pd.DataFrame, list[Any]]:
    result: tuple[pd.DataFrame, list[Any]] = scored(trained.records, "plain")
    return result


def test_training_ends_with_the_uri_of_the_version(trained: Trained) -> None:
    assert trained.stdout.rstrip().rsplit("\n", 1)[-1] == "models:/anlan/1"


def test_every_case_has_twelve_coherent_risks(
    plain: tuple[pd.DataFrame, list[Any]], cases: pd.DataFrame
) -> None:
    rows, answers = plain
    assert rows.columns.tolist() == ["dispute_id", "as_of", "target", "horizon_days", "risk"]
    assert str(rows["as_of"].dt.tz) == "UTC" and rows["horizon_days"].dtype == np.int64
    assert len(rows) == 12 * len(cases) and len(answers) == len(cases)
    wide = rows.pivot_table(index="dispute_id", columns=["target", "horizon_days"], values="risk")
    assert ((wide > 0) & (wide < 1)).all().all()
    for target in ("violence", "civil_to_criminal", "self_harm", "escalation"):
        assert (wide[target][30] <= wide[target][90]).all() and (wide[target][90] <= wide[target][180]).all()
        assert (wide["escalation"] >= wide[target]).all().all()
    assert rows["dispute_id"].drop_duplicates().tolist() == cases["dispute_id"].tolist()


def test_a_fault_in_the_cases_file_writes_nothing(
    trained: Trained, tmp_path: Path, cases: pd.DataFrame
) -> None:
    early = cases["as_of"].iloc[0] - pd.Timedelta(seconds=1)
    file, out = tmp_path / "cases.csv", tmp_path / "out.parquet"
    known = cases["dispute_id"].iloc[0]
    file.write_text(
        f"dispute_id,as_of\nnobody,{early.isoformat()}\n{known},{early.isoformat()}\n{known},soon\n"
    )
    done = trained.anlan("score", "--records", trained.records, "--cases", file, "--out", out, code=2)
    lines = done.stderr.strip().splitlines()
    assert [line.split(",")[1:3] for line in lines] == [["2", "dispute_id"], ["3", "as_of"], ["4", "as_of"]]
    assert not out.exists()


def test_api_and_command_give_the_same_scores(
    trained: Trained,
    tmp_path: Path,
    store_url: str,
    cases: pd.DataFrame,
    plain: tuple[pd.DataFrame, list[Any]],
) -> None:
    tables = read(trained.records)
    chosen = cases.head(12)["dispute_id"].tolist()
    first = cases["as_of"].min()
    asked = {
        name: table[table["dispute_id"].isin(chosen)]
        for name, table in tables.items()
        if name in ("disputes", "parties")
    }
    for name in ("disputes", "parties", "events", "outcomes", "registry"):
        tables[name] = tables[name][~tables[name]["dispute_id"].isin(chosen)]
    store = open_store(store_url)
    load_folder(write(tables, tmp_path / "rest"), store, ingested_at=now_micros())
    with store.begin() as conn:
        key = keys.create(conn, scope="dispatch", now=now_micros())
    store.close()
    expected = plain[0].set_index(["dispute_id", "target", "horizon_days"])["risk"]
    answers = {answer["dispute_id"]: answer for answer in plain[1]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained.environment["MLFLOW_TRACKING_URI"])
        with TestClient(create_app(Settings(store=store_url))) as client:
            for dispute in asked["disputes"].sort_values("recorded_at").to_dict("records"):
                parties = asked["parties"][asked["parties"]["dispute_id"] == dispute["dispute_id"]]
                now_known = parties[parties["recorded_at"] <= dispute["recorded_at"]]
                body = {
                    "dispute": as_json(dispute),
                    "parties": [
                        as_json(row) for row in now_known.drop(columns="dispute_id").to_dict("records")
                    ],
                }
                answer = client.post("/v1/cases", json=body, headers={"Authorization": f"Bearer {key}"})
                assert answer.status_code == 201, answer.text
                got = answer.json()
                for risk in got["risks"]:
                    place = (dispute["dispute_id"], risk["target"], risk["horizon_days"])
                    assert risk["risk"] == pytest.approx(expected[place], abs=1e-9)
                for field in ("colour", "floor", "reasons", "deadlines", "as_of", "model_version"):
                    assert got[field] == answers[dispute["dispute_id"]][field]
    assert first is not None


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it."""
    return {
        name: value.isoformat() if isinstance(value, pd.Timestamp) else None if pd.isna(value) else value
        for name, value in row.items()
    }


PHRASES = ("多次到信访局上访", "投诉过社区干部", "去年进京上访", "向纪委举报村支书", "拨打12345投诉街道办")


def test_petitioning_is_never_a_signal(
    trained: Trained, tmp_path: Path, scored: Any, plain: tuple[pd.DataFrame, list[Any]], cases: pd.DataFrame
) -> None:
    tables = read(trained.records)
    rng = np.random.default_rng(0)

    def with_phrase(text: object) -> object:
        phrase = PHRASES[rng.integers(len(PHRASES))]
        if not isinstance(text, str):
            return phrase
        return (f"{phrase}，{text}", f"{text}，{phrase}", text.replace("，", f"，{phrase}，", 1))[
            rng.integers(3)
        ]

    for name in ("disputes", "events"):
        tables[name] = tables[name].assign(text=tables[name]["text"].map(with_phrase))
    # An earlier complaint against an authority by each applicant, in the same grid.
    disputes, parties = tables["disputes"], tables["parties"]
    asked = disputes[disputes["dispute_id"].isin(cases["dispute_id"])]
    back = pd.Timedelta(days=20)
    earlier = asked.assign(
        dispute_id=asked["dispute_id"] + "-authority",
        opened_at=asked["opened_at"] - back,
        recorded_at=asked["recorded_at"] - back,
    )
    applicants = parties[parties["dispute_id"].isin(asked["dispute_id"]) & (parties["role"] == "applicant")]
    applicants = applicants.drop_duplicates("dispute_id")
    complaint = applicants.assign(
        dispute_id=applicants["dispute_id"] + "-authority",
        relation="authority",
        recorded_at=applicants["recorded_at"] - back,
    )
    tables["disputes"] = pd.concat([disputes, earlier])
    tables["parties"] = pd.concat([parties, complaint])
    rows, answers = scored(write(tables, tmp_path / "petitions"), "petitions")
    np.testing.assert_allclose(rows["risk"], plain[0]["risk"], rtol=0, atol=1e-9)
    for before, after in zip(plain[1], answers, strict=True):
        assert after["colour"] == before["colour"] and after["floor"] == before["floor"]
        assert [r["cue"] for r in after["reasons"]] == [r["cue"] for r in before["reasons"]]
        assert [r["text"] for r in after["reasons"]] == [r["text"] for r in before["reasons"]]


def test_what_is_recorded_later_changes_no_score(
    trained: Trained, tmp_path: Path, scored: Any, plain: tuple[pd.DataFrame, list[Any]], cases: pd.DataFrame
) -> None:
    last = cases["as_of"].max()
    tables = read(trained.records)
    for name in ("persons", "disputes", "parties", "events", "registry", "visits", "outcomes"):
        tables[name] = tables[name][tables[name]["recorded_at"] <= last]
    for name in ("parties", "events", "registry", "outcomes"):
        tables[name] = tables[name][tables[name]["dispute_id"].isin(tables["disputes"]["dispute_id"])]
    for name in ("parties", "registry", "visits"):
        tables[name] = tables[name][tables[name]["person_id"].isin(tables["persons"]["person_id"])]
    learned = tables["registry"]["left_recorded_at"].fillna(tables["registry"]["left_at"])
    unknown = learned > last
    tables["registry"] = tables["registry"].assign(
        left_at=tables["registry"]["left_at"].mask(unknown),
        left_recorded_at=tables["registry"]["left_recorded_at"].mask(unknown),
    )
    rows, _ = scored(write(tables, tmp_path / "cut"), "cut")
    np.testing.assert_allclose(rows["risk"], plain[0]["risk"], rtol=0, atol=1e-12)


def test_extra_columns_change_nothing(
    trained: Trained, tmp_path: Path, scored: Any, plain: tuple[pd.DataFrame, list[Any]]
) -> None:
    tables = read(trained.records)
    harmed = tables["disputes"]["dispute_id"].isin(tables["outcomes"]["dispute_id"])
    tables["disputes"] = tables["disputes"].assign(final_disposition=np.where(harmed, "移送刑侦", ""))
    rows, _ = scored(write(tables, tmp_path / "extra"), "extra")
    np.testing.assert_array_equal(rows["risk"], plain[0]["risk"])


def test_sex_age_and_door_do_not_count(
    trained: Trained, tmp_path: Path, scored: Any, plain: tuple[pd.DataFrame, list[Any]]
) -> None:
    tables = read(trained.records)
    tables["persons"] = tables["persons"].assign(sex="unknown", birth_year=pd.NA)
    doors = tables["disputes"]["source"]
    tables["disputes"] = tables["disputes"].assign(source=doors.where(doors == "police_110", "walk_in"))
    rows, _ = scored(write(tables, tmp_path / "blind"), "blind")
    np.testing.assert_array_equal(rows["risk"], plain[0]["risk"])


def test_visit_lists_keep_to_capacity_and_order(trained: Trained) -> None:
    store = f"sqlite:///{trained.folder}/visits.db"
    trained.anlan("load", trained.records, "--store", store)
    out = trained.folder / "visits.csv"
    words = ("visits", "--store", store, "--date", "2026-01-31", "--out")
    trained.anlan(*words, out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == LIST_COLUMNS
    capacity = pd.read_parquet(trained.records / "workers.parquet").set_index("worker_id")["daily_visits"]
    people = [row["person_id"] for row in rows]
    assert len(people) == len(set(people))
    for worker, places in pd.DataFrame(rows).groupby("worker_id"):
        assert len(places) <= capacity[worker]
        assert places["rank"].astype(int).tolist() == list(range(1, len(places) + 1))
        urgent = ((places["colour"] == "red") & (places["overdue"] == "true")).tolist()
        assert urgent == sorted(urgent, reverse=True)
    assert all(row["reasons"] and row["look_out_for"] and row["do_not_say"] for row in rows)
    again = trained.folder / "again.csv"
    trained.anlan(*words, again)
    assert again.read_bytes() == out.read_bytes()
    worker = rows[0]["worker_id"]
    sheet, page = trained.folder / "one.xlsx", trained.folder / "one.html"
    trained.anlan(*words, sheet, "--worker", worker)
    trained.anlan(*words, page, "--worker", worker)
    mine = [row for row in rows if row["worker_id"] == worker]
    table = list(openpyxl.load_workbook(sheet).active.values)
    assert table[0][:4] == ("日期", "走访人员", "序号", "对象")
    assert [row[3] for row in table[1:]] == [row["person_id"] for row in mine]
    assert all(
        not re.search(r"[a-z]{4}|T\d\d:", str(row[at])) for row in table[1:] for at in (0, 5, 6, 7, 9, 10)
    )
    text = page.read_text("utf-8")
    assert "size: A4" in text and all(row["person_id"] in text for row in mine)
    trained.anlan(*words, trained.folder / "x.csv", "--worker", "nobody", code=2)


def test_bad_words_are_bad_input(trained: Trained, tmp_path: Path) -> None:
    for words in (
        ("train", "--records", tmp_path / "nowhere"),
        ("train", "--records", trained.records, "--until", "soon"),
        ("train", "--records", trained.records, "--store", "sqlite:///x.db"),
        ("demo-district", trained.records),
        ("check", tmp_path / "nowhere"),
        ("visits", "--date", "2026-02-30", "--out", "v.csv"),
        ("visits", "--date", "2026-02-28", "--out", "v.pdf"),
        ("nonsense",),
    ):
        done = trained.anlan(*words, code=2)
        assert done.stderr and "Traceback" not in done.stderr
