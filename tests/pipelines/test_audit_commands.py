"""`anlan audit verify`, `anlan audit replay`, and what commands themselves put into the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import case, fill, key_of
from working_folder import Trained

from docket.store import Store
from docket.store.metadata import ASSESSMENTS, AUDIT_LOG
from serving.app import create_app
from serving.settings import Settings


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "records"
    folder.mkdir()
    opened = fill(store_url, folder)
    yield opened
    opened.close()


@pytest.fixture
def assessed(store: Store, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Assessments by the trained model: two at intake, one after an event and a visit, one by rules alone."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained.environment["MLFLOW_TRACKING_URI"])
    made = []
    with TestClient(create_app(Settings(store=store.url))) as client:
        client.headers.update(key_of(store, "dispatch"))
        texts = {"a": "男方多次殴打，扬言要同归于尽，已报警。", "b": "邻居楼上漏水，协商未果。"}
        for name, text in texts.items():
            made.append(client.post("/v1/cases", json=case(name, text)).json())
        at = datetime.now(UTC).isoformat()
        event = {"event_id": "e1", "at": at, "kind": "police_call", "text": "男方又拎着汽油上门"}
        visit = {"visit_id": "v1", "person_id": "p-a", "worker_id": "w1", "at": at, "contact": True,
                 "finding": "worse", "text": "情绪激动"}  # fmt: skip
        made.append(client.post("/v1/cases/a/events", json={"events": [event], "visits": [visit]}).json())
        assert all(answer["risks"] for answer in made)
        card = client.get("/v1/models/current").json()["card"]
        assert card.startswith("# ") and trained.until in card
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        client.headers.update(key_of(store, "dispatch"))
        made.append(client.post("/v1/cases", json=case("c", "家长扬言跳楼")).json())
        assert made[-1]["degraded"]
    yield [answer["assessment_id"] for answer in made]


def test_old_assessments_come_out_the_same_whatever_came_since(
    store: Store, trained: Trained, assessed: list[str]
) -> None:
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        client.headers.update(key_of(store, "centre"))
        # a row that says it had been known long before, a correction, and a merge
        early = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        late = {
            "event_id": "e0",
            "at": early,
            "recorded_at": early,
            "kind": "repeat_report",
            "text": "扬言跳楼",
        }
        assert client.post("/v1/cases/a/events", json={"events": [late]}).status_code == 201
        now = datetime.now(UTC).isoformat()
        changed = {
            "event_id": "e1",
            "at": early,
            "recorded_at": now,
            "kind": "police_call",
            "text": "记错了，没有汽油",
        }
        assert client.post("/v1/cases/a/events", json={"events": [changed]}).status_code == 201
        assert client.post("/v1/cases/b/merge", json={"into": "a", "reason": "同一件事"}).status_code == 200
    for name in assessed:
        done = trained.anlan("audit", "replay", name, "--store", store.url)
        assert f"{name}: the same to the last bit" in done.stdout, done.stdout
    assert "floors and cue rules" in done.stdout


def test_a_replay_says_which_numbers_differ(store: Store, trained: Trained, assessed: list[str]) -> None:
    name, mine = assessed[0], ASSESSMENTS.c.assessment_id == assessed[0]
    with store.begin() as conn:
        kept = conn.execute(sa.select(ASSESSMENTS).where(mine)).mappings().one()
        features = json.loads(kept["features"]) | {"police_calls": 9.0, "police_calls_30d": 9.0}
        conn.execute(sa.update(ASSESSMENTS).where(mine).values(features=json.dumps(features)))
    done = trained.anlan("audit", "replay", name, "--store", store.url, code=1)
    told = done.stderr.splitlines()
    assert any(line.startswith("risks[") and " then, " in line for line in told)
    assert "altered" not in done.stderr and "同归于尽" not in done.stderr + done.stdout
    with store.begin() as conn:
        answer = json.loads(kept["answer"])
        answer["risks"][0]["risk"] += 0.1
        values = {"features": kept["features"], "answer": json.dumps(answer, ensure_ascii=False)}
        conn.execute(sa.update(ASSESSMENTS).where(mine).values(values))
    told = trained.anlan("audit", "replay", name, "--store", store.url, code=1).stderr.splitlines()
    assert "altered" in told[0] and [line.split(":")[0] for line in told[1:]] == ["risks[0].risk"]


def test_what_cannot_be_replayed_is_said(store: Store, trained: Trained, assessed: list[str]) -> None:
    assert "no assessment a-0" in trained.anlan("audit", "replay", "a-0", "--store", store.url, code=2).stderr
    with store.begin() as conn:
        gone = {"model_version": "models:/anlan/77"}
        conn.execute(sa.update(ASSESSMENTS).where(ASSESSMENTS.c.assessment_id == assessed[0]).values(gone))
    done = trained.anlan("audit", "replay", assessed[0], "--store", store.url, code=1)
    assert "models:/anlan/77" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_whole_log_is_said_to_be_and_its_last_row_noted(
    store: Store, trained: Trained, tmp_path: Path
) -> None:
    head = tmp_path / "kept" / "head"
    key_of(store, "centre")
    words = ("audit", "verify", "--store", store.url, "--head", head)
    first = trained.anlan(*words).stdout
    assert first.startswith("1 rows, whole") and first.split()[-1] == head.read_text().strip()
    key_of(store, "centre")
    trained.anlan(*words)
    noted = head.read_text()
    assert noted.startswith("2:")
    with store.begin() as conn:
        for statement in (
            ["DROP TRIGGER audit_log_no_delete"] if conn.dialect.name == "sqlite"
            else ["ALTER TABLE audit_log DISABLE TRIGGER ALL"]
        ):  # fmt: skip
            conn.execute(sa.text(statement))
        conn.execute(sa.text("DELETE FROM audit_log WHERE seq = 2"))
        conn.execute(sa.text("DELETE FROM api_keys"))
    assert "cut off" in trained.anlan(*words, code=1).stderr and head.read_text() == noted
    head.write_text("nonsense")
    trained.anlan(*words, code=2)


def test_promotions_and_exports_are_in_the_log(
    store: Store, trained: Trained, assessed: list[str], tmp_path: Path
) -> None:
    uri = trained.stdout.split()[-1]
    signed = ("--store", store.url, "--by", "王敏", "--reason", "季度重训")
    trained.anlan("promote", uri, *signed, code=1)  # there is one case in the store: nothing to judge it by
    trained.anlan("promote", "models:/anlan/99", *signed, code=1)
    trained.anlan(
        "promote",
        uri,
        *signed,
        *(f"--waive={name}=只有一件" for name in ("checklist", "calibration", "speed", "fresh")),
    )
    cases = tmp_path / "cases.csv"
    cases.write_text(f"dispute_id,as_of\na,{datetime.now(UTC).isoformat()}\n")
    trained.anlan("visits", "--store", store.url, "--date", "2026-01-05", "--out", tmp_path / "v.csv")
    trained.anlan("score", "--store", store.url, "--cases", cases, "--out", tmp_path / "s.parquet")
    trained.anlan("duplicates", "--store", store.url, "--out", tmp_path / "d.csv")
    trained.anlan(
        "features", "build", "--store", store.url, "--cases", cases, "--out", tmp_path / "f", "--no-track"
    )
    assert told(store) == [
        ("promote", uri), ("export", "visits 2026-01-05"), ("export", "scores"), ("export", "duplicates"),
        ("export", "features"),
    ]  # fmt: skip


def told(store: Store) -> list[tuple[Any, Any]]:
    by_command = AUDIT_LOG.c.actor.like("command:%")
    query = sa.select(AUDIT_LOG.c.action, AUDIT_LOG.c.subject).where(by_command).order_by(AUDIT_LOG.c.seq)
    with store.snapshot() as conn:
        return [(row[0], row[1]) for row in conn.execute(query)]
