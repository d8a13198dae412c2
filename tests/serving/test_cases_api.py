"""Cases by HTTP: taken, answered, repeated, refused; on both databases, with and without a model."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from served import start
from small_district import case, count, key_of
from working_folder import Trained

from bench.ports import free_port
from docket.store import Store
from docket.store.writing import append
from docket.times import now_micros
from features.online.case import OneCase
from serving.app import create_app
from serving.cases import assessing
from serving.settings import Settings


def test_a_stated_danger_is_red_even_without_a_model(client: TestClient) -> None:
    raw = "進(jìn)門後，家长扬言跳楼！"
    answer = client.post("/v1/cases", json=case("a", raw))
    assert answer.status_code == 201
    got = answer.json()
    assert got["degraded"] and got["risks"] == [] and got["model_version"] is None
    assert got["colour"] == "red" and got["floor"] == "cue"
    reason = got["reasons"][0]
    assert reason["kind"] == "floor" and raw[reason["start"] : reason["end"]] == "跳楼"
    assert [deadline["kind"] for deadline in got["deadlines"]] == ["respond", "classify", "review"]
    as_of = datetime.fromisoformat(got["as_of"])
    due = {deadline["kind"]: datetime.fromisoformat(deadline["due_at"]) for deadline in got["deadlines"]}
    assert due["respond"] - as_of == timedelta(minutes=30) and due["classify"] - as_of == timedelta(hours=24)


@pytest.mark.parametrize("text", ["他没有说过要跳楼", "电视剧里有人跳楼"])
def test_what_nobody_threatened_is_not_red(client: TestClient, text: str) -> None:
    got = client.post("/v1/cases", json=case("b", text)).json()
    assert got["colour"] != "red" and got["floor"] is None


def test_a_repeat_answers_the_first_bytes_and_another_body_is_a_conflict(
    client: TestClient, store: Store
) -> None:
    body = case("c")
    first = client.post("/v1/cases", json=body)
    again = client.post(
        "/v1/cases", content=json.dumps(body, indent=3), headers={"Content-Type": "application/json"}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    other = client.post("/v1/cases", json=case("c", "别的话"))
    assert other.status_code == 409 and other.headers["content-type"] == "application/problem+json"
    assert count(store, "disputes") == 1 and count(store, "assessments") == 1


def test_an_idempotency_key_belongs_to_one_case(client: TestClient) -> None:
    header = {"Idempotency-Key": "k1"}
    assert client.post("/v1/cases", json=case("d"), headers=header).status_code == 201
    assert client.post("/v1/cases", json=case("d2"), headers=header).status_code == 409


def test_one_case_from_eight_threads_is_stored_once(client: TestClient, store: Store) -> None:
    body = case("e", "对方持刀上门，扬言杀他全家。")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/cases", json=body), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.content for answer in answers}) == 1
    assert count(store, "disputes") == 1 and count(store, "parties") == 1


def test_every_field_at_fault_is_named_and_no_value_is_told(client: TestClient, store: Store) -> None:
    body = case("f", "身份证620102198001011234的人")
    body["dispute"] |= {"kind": "quarrel-620102198001011234", "grid_id": "g9", "colour": "red"}
    body["parties"][0]["role"] = "enemy"
    answer = client.post("/v1/cases", json=body)
    assert answer.status_code == 422
    problem = answer.json()
    told = {error["field"]: error["reason"] for error in problem["errors"]}
    assert told["dispute.kind"] == told["parties[0].role"] == "unknown enumeration value"
    assert told["dispute.colour"] == "unknown field"
    assert "620102198001011234" not in answer.text
    unknown = client.post("/v1/cases", json=case("f", grid="g9")).json()
    assert {"dispute.grid_id", "persons[0].grid_id"} == {error["field"] for error in unknown["errors"]}
    stranger = case("f")
    stranger["persons"] = []
    assert client.post("/v1/cases", json=stranger).json()["errors"][0]["field"] == "parties[0].person_id"
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert client.post("/v1/cases", json=case("f", recorded_at=later)).status_code == 422
    blank = client.post("/v1/cases", json=case("f", "  \n"))
    assert blank.json()["errors"][0]["reason"] == "empty narrative"
    assert client.post(
        "/v1/cases", content=b"{", headers={"Content-Type": "application/json"}
    ).status_code in (400, 422)
    assert count(store, "disputes") == 0


def test_a_batch_takes_each_on_its_own(client: TestClient) -> None:
    good, bad = case("g1"), case("g2", kind="quarrel")
    results = client.post("/v1/cases:batch", json={"cases": [good, bad, good]}).json()["results"]
    assert [result["status"] for result in results] == [201, 422, 200]
    assert results[0]["assessment"] == results[2]["assessment"]
    assert results[1]["problem"]["errors"][0]["field"] == "cases[1].dispute.kind"
    assert client.post("/v1/cases:batch", json={"cases": [good] * 1001}).status_code == 422


def test_what_happens_is_taken_and_the_case_assessed_anew(client: TestClient) -> None:
    assert client.post("/v1/cases", json=case("h")).json()["added"] is None
    event = {
        "event_id": "e1",
        "at": datetime.now(UTC).isoformat(),
        "kind": "police_call",
        "text": "男方拎着汽油上门",
    }
    first = client.post("/v1/cases/h/events", json={"events": [event]})
    assert first.status_code == 201 and first.json()["colour"] == "red"
    added = first.json()["added"]
    assert [text["source"] for text in added["texts"]] == ["event"] and added["cues"]
    assert client.post("/v1/cases/nobody/events", json={"events": [event]}).status_code == 404
    assert client.post("/v1/cases/h/events", json={}).status_code == 422
    visit = {
        "visit_id": "v1",
        "person_id": "p-h",
        "worker_id": "w1",
        "at": event["at"],
        "contact": True,
        "finding": "calm",
    }
    second = client.post("/v1/cases/h/events", json={"visits": [visit]})
    # What the event said is no news any more.
    assert second.status_code == 201 and second.json()["added"]["cues"] == []
    assert second.json()["added"]["since"] == first.json()["as_of"]
    known = client.get("/v1/cases/h").json()
    assert known["events"][0]["event_id"] == "e1" and known["assessment"]["colour"] == "red"
    assert known["dispute"]["text"] == "邻居楼上漏水，协商未果。"


def test_keys_reach_as_far_as_their_scope_and_area(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("i", grid="g2"))
    scopes = {
        scope: key_of(store, scope, **({"worker_id": "w1"} if scope == "worker" else {}))
        for scope in ("dispatch", "centre", "worker", "analyst", "audit")
    }
    may = {
        "/v1/cases/i": {"dispatch", "centre"},
        "/v1/visits": {"centre", "worker"},
        "/v1/models/current": {"dispatch", "centre", "worker", "analyst", "audit"},
    }
    for path, allowed in may.items():
        for scope, header in scopes.items():
            status = client.get(path, headers=header).status_code
            assert (status != 403) == (scope in allowed), (path, scope, status)
        assert client.get(path, headers={"Authorization": "Bearer anlan_x_y"}).status_code == 401
    for scope in ("worker", "analyst", "audit"):
        assert client.post("/v1/cases", json=case("j"), headers=scopes[scope]).status_code == 403
    east = key_of(store, "dispatch", area="street:s1")
    assert client.get("/v1/cases/i", headers=east).status_code == 404
    assert client.post("/v1/cases", json=case("k", grid="g2"), headers=east).status_code == 403
    assert client.post("/v1/cases", json=case("l", grid="g1"), headers=east).status_code == 201
    assert client.get("/v1/visits?worker=w2", headers=scopes["worker"]).status_code == 422


def test_an_event_stays_with_its_case(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("x", grid="g1"))
    client.post("/v1/cases", json=case("y", grid="g2"))
    event = {"event_id": "e1", "at": datetime.now(UTC).isoformat(), "kind": "contacted", "text": "已联系"}
    assert client.post("/v1/cases/x/events", json={"events": [event]}).status_code == 201
    west = key_of(store, "dispatch", area="street:s2")
    taken = client.post("/v1/cases/y/events", json={"events": [event | {"text": "别的"}]}, headers=west)
    assert taken.status_code == 409
    assert [row["event_id"] for row in client.get("/v1/cases/x").json()["events"]] == ["e1"]
    assert client.get("/v1/cases/y").json()["events"] == []


def test_a_report_that_is_sent_again_is_the_same_report(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("x"))
    at = datetime.now(UTC).isoformat()
    event = {"event_id": "e1", "at": at, "kind": "police_call", "text": "电话13800138000"}
    visit = {
        "visit_id": "v1",
        "person_id": "p-x",
        "worker_id": "w1",
        "at": at,
        "contact": True,
        "finding": "calm",
    }
    body = {"events": [event], "visits": [visit]}
    first, again = (client.post("/v1/cases/x/events", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200) and first.content == again.content
    assert count(store, "events") == count(store, "visits") == 1
    changed = body | {"events": [event | {"kind": "contacted"}]}
    # another body under the same id is a conflict, unless it says that it is a correction
    assert client.post("/v1/cases/x/events", json=changed).status_code == 409
    later = {"recorded_at": datetime.now(UTC).isoformat()}
    changed = body | {"events": [event | {"kind": "contacted"} | later]}
    assert client.post("/v1/cases/x/events", json=changed).status_code == 201
    assert count(store, "events") == 2


def test_a_visit_is_to_a_party(client: TestClient) -> None:
    client.post("/v1/cases", json=case("x"))
    client.post("/v1/cases", json=case("y"))
    at = datetime.now(UTC).isoformat()
    visit = {
        "visit_id": "v1",
        "person_id": "p-y",
        "worker_id": "w1",
        "at": at,
        "contact": True,
        "finding": "calm",
    }
    answer = client.post("/v1/cases/x/events", json={"visits": [visit]})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "visits[0].person_id"


def test_a_repeat_tells_nothing_across_areas(client: TestClient, store: Store) -> None:
    body = case("x", "对方持刀，扬言杀他全家。", grid="g1")
    assert client.post("/v1/cases", json=body).status_code == 201
    west = key_of(store, "dispatch", area="street:s2")
    for sent in (body, case("x", "别的话", grid="g1"), case("x", "别的话", grid="g2")):
        answer = client.post("/v1/cases", json=sent, headers=west)
        assert answer.status_code == 403 and "red" not in answer.text
    person = {"person_id": "p-x", "birth_year": 1999, "sex": "female", "grid_id": "g2"}
    party = {"person_id": "p-x", "role": "applicant", "relation": "unknown"}
    changed = case("z", grid="g2") | {"persons": [person], "parties": [party]}
    assert client.post("/v1/cases", json=changed, headers=west).status_code == 403
    assert count(store, "persons") == 1


def test_a_loaded_dispute_is_not_overwritten(client: TestClient, store: Store) -> None:
    loaded = {
        "dispute_id": "old", "opened_at": now_micros() - 10**12, "recorded_at": now_micros() - 10**11,
        "source": "walk_in", "kind": "debt", "grid_id": "g1", "text": "借款到期不还", "amount_cny": None,
    }  # fmt: skip
    with store.begin() as conn:
        append(conn, "disputes", [loaded], ingested_at=now_micros(), via="load")
    assert client.post("/v1/cases", json=case("old", "家长扬言跳楼")).status_code == 409
    assert count(store, "disputes") == 1 and count(store, "intakes") == 0


def test_a_stated_danger_shows_though_features_and_texts_fail(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    # A fault planted in the real service: nothing from outside makes these fail without the store failing.
    monkeypatch.setattr(OneCase, "facts", fail)
    monkeypatch.setattr(assessing, "documents", fail)
    got = client.post("/v1/cases", json=case("x", "家长扬言跳楼"))
    assert got.status_code == 201 and got.json()["colour"] == "red" and got.json()["degraded"]
    monkeypatch.setattr(assessing, "assess", fail)
    batch = client.post("/v1/cases:batch", json={"cases": [case("u"), case("v", kind="x")]})
    assert [result["status"] for result in batch.json()["results"]] == [500, 422]


def test_health_shows_nothing_personal_and_says_what_is_missing(client: TestClient) -> None:
    client.headers.pop("Authorization")
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 503 and "without a model" in ready.json()["model"]
    assert "anlan_requests_total" in client.get("/metrics").text
    nowhere = client.get("/v1/nowhere")
    assert nowhere.status_code == 404 and nowhere.json()["type"] == "urn:anlan:problem:not-found"
    spec = client.get("/openapi.json").json()
    assert spec["openapi"].startswith("3.1") and "ProblemBody" in spec["components"]["schemas"]
    kinds = spec["components"]["schemas"]["DisputeRow"]["properties"]["kind"]["enum"]
    assert "domestic_violence" in kinds


def test_too_large_a_body_is_refused(store: Store) -> None:
    settings = Settings(store=store.url, model="", body_limit=2_000)
    with TestClient(create_app(settings)) as client:
        client.headers.update(key_of(store, "dispatch"))
        assert client.post("/v1/cases", json=case("m", "水" * 3_000)).status_code == 413


def test_narratives_stay_out_of_logs_metrics_and_the_database(
    store: Store, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = "陈年旧事六二零 620102198001011234"
    with TestClient(create_app(Settings(store=store.url, model="")), raise_server_exceptions=False) as client:
        client.headers.update(key_of(store, "dispatch"))
        assert client.post("/v1/cases", json=case("n", secret)).status_code == 201
        assert client.post("/v1/cases", json=case("n", secret + "再来")).status_code == 409
        client.post("/v1/cases", json={"dispute": secret})
        metrics = client.get("/metrics").text
    said = "".join(capfd.readouterr()) + metrics
    assert '"route": "/v1/cases"' in said
    assert "620102198001011234" not in said and "陈年旧事" not in said
    if store.engine.dialect.name == "sqlite":
        store.close()
        for file in tmp_path.glob("store.db*"):
            assert b"620102198001011234" not in file.read_bytes()


def test_a_killed_server_loses_no_answered_case_and_doubles_none(
    store: Store, trained: Trained, tmp_path: Path
) -> None:
    environment = trained.environment | {"ANLAN_SECRET": os.environ["ANLAN_SECRET"]}
    header = key_of(store, "dispatch")
    bodies = [case(f"k{n}") for n in range(200)]
    answered: dict[str, bytes] = {}

    def send(base: str, body: dict[str, Any]) -> None:
        try:
            answer = httpx.post(f"{base}/v1/cases", json=body, headers=header, timeout=30)
        except httpx.TransportError:
            return
        assert answer.status_code in (200, 201)
        earlier = answered.setdefault(body["dispute"]["dispute_id"], answer.content)
        assert earlier == answer.content

    port = free_port()
    server = start(store.url, port, environment)
    try:
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(send, f"http://127.0.0.1:{port}", body) for body in bodies]
            while len(answered) < 60:
                time.sleep(0.02)
            server.send_signal(signal.SIGKILL)
            for one in sent:
                one.result()
        before = set(answered)
        assert 60 <= len(before) < 200
        port = free_port()
        server.wait()
        server = start(store.url, port, environment)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda body: send(f"http://127.0.0.1:{port}", body), bodies))
    finally:
        server.kill()
        server.wait()
    assert len(answered) == 200
    with store.snapshot() as conn:
        ids = conn.execute(sa.text("SELECT dispute_id FROM disputes")).scalars().all()
    assert sorted(ids) == sorted(answered)
    assert count(store, "assessments") == count(store, "intakes") == 200
