"""Visit lists by HTTP, and what is kept of a plan."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import WORKERS, case, count, key_of

from docket.store import Store
from docket.store.metadata import PLANNED_VISITS
from docket.times import local_day, now_micros


def planned(store: Store) -> list[dict[str, Any]]:
    with store.snapshot() as conn:
        return [dict(row) for row in conn.execute(sa.select(PLANNED_VISITS)).mappings()]


def test_a_plan_is_kept_with_everybodys_chance(client: TestClient, store: Store) -> None:
    for number in range(6):
        assert client.post("/v1/cases", json=case(f"v{number}")).status_code == 201
    mine = key_of(store, "worker", worker_id="w1")
    visits = client.get("/v1/visits", headers=mine).json()["visits"]
    rows = planned(store)
    capacity = int(WORKERS.set_index("worker_id").loc["w1", "daily_visits"])
    assert len(visits) == capacity
    assert {row["person_id"] for row in rows if row["rank"] is not None} == {v["person_id"] for v in visits}
    # the day's lots are one in ten places: nobody's chance is nil, and all chances make up the places
    assert len(rows) == 6 and sum(row["propensity"] for row in rows) == pytest.approx(capacity)
    assert all(0 < row["propensity"] <= 1 for row in rows)
    assert {(row["date"], row["model_version"]) for row in rows} == {(str(local_day(now_micros())), None)}
    # what came in later changes nothing of a plan that was shown
    client.post("/v1/cases", json=case("late", "家长扬言跳楼"))
    client.get("/v1/visits", headers=mine)
    assert planned(store) == rows


@pytest.mark.parametrize("date", ["2024-01-01", "2099-01-01"])
def test_a_look_back_or_ahead_leaves_no_plan(client: TestClient, store: Store, date: str) -> None:
    client.post("/v1/cases", json=case("v"))
    answer = client.get(f"/v1/visits?date={date}", headers=key_of(store, "centre"))
    assert answer.status_code == 200 and planned(store) == []


def test_who_brought_the_danger_is_met_with_care_and_nobody_else_is_told(
    client: TestClient, store: Store
) -> None:
    body = case("d", "家长扬言跳楼，对方手持菜刀。")
    other = {"person_id": "p-other", "birth_year": 1970, "sex": "female", "grid_id": "g1"}
    body["persons"].append(other)
    body["parties"].append({"person_id": "p-other", "role": "respondent", "relation": "neighbour"})
    assert client.post("/v1/cases", json=body).status_code == 201
    visits = client.get("/v1/visits?worker=w1", headers=key_of(store, "centre")).json()["visits"]
    by_person = {visit["person_id"]: visit for visit in visits}
    assert "不在楼顶、窗边" in by_person["p-d"]["look_out_for"] and "凶器" in by_person["p-d"]["look_out_for"]
    told = str(by_person["p-other"])
    assert all(word not in told for word in ("楼顶", "凶器", "跳楼", "菜刀"))


def test_the_same_events_from_eight_threads_are_stored_once(client: TestClient, store: Store) -> None:
    at = client.post("/v1/cases", json=case("e")).json()["as_of"]
    event = {"event_id": "e1", "dispute_id": "e", "at": at, "kind": "police_call", "text": "又报警"}

    def send(_: int) -> int:
        return client.post("/v1/cases/e/events", json={"events": [event]}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(send, range(8)))
    assert set(codes) <= {200, 201} and count(store, "events") == 1


def test_a_store_of_another_secret_is_refused_at_the_start(store: Store, tmp_path: Path) -> None:
    other = {**os.environ, "ANLAN_SECRET": "b3RoZXI6IGFsc28gMzIgYnl0ZXMgb2Ygc2VjcmV0ISE="}
    words = [
        Path(sys.executable).with_name("anlan"),
        "serve",
        "--store",
        store.url,
        "--model",
        "",
        "--port",
        "1",
    ]
    done = subprocess.run(words, env=other, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "another secret" in done.stderr
    assert len(done.stderr.splitlines()) == 1
