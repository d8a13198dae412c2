"""A whole run with planted narratives and identities: none comes out but where it was asked for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import desk_story
import httpx
import pandas as pd
import pytest
import sqlalchemy as sa
from model_versions import Registry
from planted import ADDRESS, NAME, NARRATIVE, NUMBER, PERSONAL, PHONE, PHRASE, seen
from receiver import Receiver, receiving
from served import wait_for
from small_district import GRIDS, WORKERS, case, key_of

from bench.ports import free_port
from docket.load import load_folder
from docket.outbox import endpoints
from docket.store import Store
from docket.times import now_micros

REPOSITORY = Path(__file__).resolve().parents[2]


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _story(client: httpx.Client) -> None:
    """What goes well: cases, a batch, changes, events, visits, decisions; texts hold what is planted."""
    for name in ("a", "b", "c"):
        assert client.post("/v1/cases", json=case(name, NARRATIVE)).status_code == 201
    batch = {"cases": [case("d", NARRATIVE), case("e", NARRATIVE, kind=PHRASE), {"dispute": NARRATIVE}]}
    results = client.post("/v1/cases:batch", json=batch).json()["results"]
    assert [result["status"] for result in results] == [201, 422, 422]
    shown = client.get("/v1/cases/a")
    assert NARRATIVE in shown.text  # what is asked for is given
    latest = shown.json()["assessment"]["assessment_id"]
    event = {"event_id": "e1", "at": _now(), "kind": "police_call", "text": NARRATIVE}
    visit = {"visit_id": "v1", "person_id": "p-a", "worker_id": "w1", "at": _now(), "contact": True,
             "finding": "worse", "text": NARRATIVE}  # fmt: skip
    outcome = {"outcome_id": "o1", "at": _now(), "kind": "violence", "severity": 2}
    for method, path, body in (
        ("PATCH", "/v1/cases/a", {"dispute": {"text": NARRATIVE + "又来了。"}}),
        ("POST", "/v1/cases/a/events", {"events": [event]}),
        ("POST", "/v1/visits", {"visits": [visit]}),
        ("POST", "/v1/cases/b/outcomes", {"outcomes": [outcome]}),
        ("PUT", "/v1/cases/a/unit", {"unit": f"{NAME}的单位"}),
        ("POST", "/v1/cases/b/merge", {"into": "a", "reason": NARRATIVE}),
        ("POST", "/v1/cases/b/unmerge", {"reason": NARRATIVE}),
        ("POST", "/v1/cases/c/withdraw", {"reason": NARRATIVE}),
    ):
        answer = client.request(method, path, json=body)
        assert answer.status_code in (200, 201), (path, answer.text)
    latest = client.get("/v1/cases/a").json()["assessment"]["assessment_id"]
    decision = {"assessment_id": latest, "colour": "yellow", "reason": NARRATIVE}
    assert client.put("/v1/cases/a/decision", json=decision).status_code in (200, 201, 202)
    _registry(client)


def _registry(client: httpx.Client) -> None:
    """Somebody is entered, looked for by name and contests it; whoever reported says what they think."""
    entry = {"entry_id": "r1", "person_id": "p-a", "dispute_id": "a", "category": "other",
             "entered_at": _now(), "reason": NARRATIVE}  # fmt: skip
    assert client.post("/v1/registry", json=entry).status_code == 201
    found = client.post("/v1/registry:search", json={"purpose": "visit", "name": NAME})
    assert [one["entry_id"] for one in found.json()["entries"]] == ["r1"]
    said = client.post("/v1/registry/r1/objections", json={"said": NARRATIVE})
    path = f"/v1/registry/r1/objections/{said.json()['objection_id']}/review"
    assert client.post(path, json={"finding": "kept", "answer": NARRATIVE}).status_code == 409
    assert client.post("/v1/registry/r1/leave", json={"reason": NARRATIVE}).status_code == 201
    page = client.post("/v1/cases/a/progress", json={}).json()["path"]
    assert PHRASE not in client.get(page).text
    rated = client.post(page, data={"stars": "1", "comment": NARRATIVE})
    assert rated.status_code == 303
    assert seen((NUMBER, PHONE), client.get(page).content) == []  # masked as it was kept


def _errors(client: httpx.Client) -> list[httpx.Response]:
    """What goes wrong, each time with something planted where it doesn't belong."""
    body = case("x", NARRATIVE)
    wrong: list[Any] = [
        case("x", NARRATIVE, kind=NARRATIVE), case("x", NARRATIVE, source=NAME), case(f"{NAME} {PHONE}"),
        case("x", NARRATIVE, grid=ADDRESS), case("x", NARRATIVE, opened_at=NARRATIVE),
        case("x", NARRATIVE, amount_cny=NUMBER + PHRASE), {"dispute": NARRATIVE}, NARRATIVE, [NARRATIVE],
        body | {NARRATIVE: 1}, body | {"parties": [{"person_id": NUMBER, "role": NAME}]},
        body | {"parties": [{"person_id": NUMBER, "role": "applicant", "relation": NAME}]},
        body | {"persons": [{"person_id": "p-x", "birth_year": NUMBER, "sex": NAME, "grid_id": ADDRESS}]},
        case("a", NARRATIVE + "不一样"),
    ]  # fmt: skip
    answers = [client.post("/v1/cases", json=one) for one in wrong]
    raw = json.dumps(body, ensure_ascii=False)
    for content, kind in (
        (raw[:-5].encode(), "application/json"), (raw.encode("gbk"), "application/json"),
        (raw.encode(), f"text/{PHONE}"), (raw.encode() * 30_000, "application/json"),
        (json.dumps({"dispute": {"text": NARRATIVE + "\x00"}}).encode(), "application/json"),
    ):  # fmt: skip
        answers.append(client.post("/v1/cases", content=content, headers={"Content-Type": kind}))
    for path in (f"/v1/cases/{NAME}", f"/{PHRASE}/{PHONE}", f"/v1/cases?colour={NAME}&since={PHONE}",
                 f"/v1/visits?worker={NUMBER}&date={PHRASE}", f"/v1/cases?cursor={PHONE}"):  # fmt: skip
        answers.append(client.get(path))
    answers += [
        client.request(f"PEEK{PHONE}", "/v1/cases"),
        client.delete(f"/v1/cases/{PHRASE}"),
        client.get("/v1/cases/a", headers={"Authorization": f"Bearer {NUMBER}"}),
        client.get("/v1/cases/a", headers={"Authorization": PHONE}),
        client.post("/v1/cases", json=case("y", NARRATIVE), headers={"Idempotency-Key": PHONE + "k" * 300}),
        client.post("/v1/cases/a/events", json={"events": [{"event_id": NUMBER, "at": PHONE, "kind": PHRASE}]}),
        client.post("/v1/visits", json={"visits": [{"visit_id": "v9", "worker_id": NAME, "text": NARRATIVE}]}),
        client.put("/v1/cases/a/decision", json={"assessment_id": NUMBER, "colour": NAME, "reason": NARRATIVE}),
        client.post("/v1/registry", json={"entry_id": "r", "person_id": NUMBER, "category": PHRASE}),
        client.post("/v1/registry:search", json={"purpose": NARRATIVE, "name": NAME}),
        client.post(f"/v1/registry/{NAME}/objections", json={"said": NARRATIVE}),
        client.post("/v1/registry:decline", json={"dispute_id": NAME, "person_id": NUMBER, "reason": PHRASE}),
        client.get(f"/progress/{NAME}{PHONE}"),
        client.post(f"/progress/{PHONE}", data={"stars": NARRATIVE, "comment": NARRATIVE}),
        client.get(f"/login/provider/back?code={PHONE}&state={PHRASE}"),
        client.post("/v1/cases/a/merge", json={"into": NAME, "reason": NARRATIVE}),
        client.post("/v1/cases", json=case("lost", NARRATIVE)),
        client.post("/v1/cases", json=case("odd", NARRATIVE)),
    ]  # fmt: skip
    assert all(answer.status_code >= 400 for answer in answers), [a.status_code for a in answers]
    return answers


def _without_a_table(store: Store, client: httpx.Client) -> list[httpx.Response]:
    """The database itself refuses, and quotes what it was given."""
    with store.begin() as conn:
        conn.execute(sa.text("ALTER TABLE handlers RENAME TO handlers_gone"))
    try:
        return [client.put("/v1/cases/a/unit", json={"unit": NARRATIVE})]
    finally:
        with store.begin() as conn:
            conn.execute(sa.text("ALTER TABLE handlers_gone RENAME TO handlers"))


def _identities(store: Store, folder: Path) -> None:
    folder.mkdir()
    person = {"person_id": ["p-a"], "birth_year": [1985], "sex": ["male"], "grid_id": ["g1"],
              "recorded_at": ["2026-01-01"]}  # fmt: skip
    known = {
        "person_id": ["p-a"],
        "name": [NAME],
        "phone": [PHONE],
        "address": [ADDRESS],
        "visit_in_pairs": [""],
    }
    tables = {"persons": pd.DataFrame(person), "identities": pd.DataFrame(known), "grids": GRIDS,
              "workers": WORKERS}  # fmt: skip
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    from small_district import EMPTY

    for name, columns in EMPTY.items():
        if name not in tables:
            pd.DataFrame(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    load_folder(folder, store, ingested_at=now_micros())


@pytest.fixture
def collector() -> Any:
    """Takes traces as a collector does; keeps the bytes as they came."""
    with receiving() as made:
        yield made


@pytest.fixture
def receiver() -> Any:
    with receiving() as made:
        yield made


def test_nothing_personal_leaves_but_in_answers(
    store: Store, models_registry: Registry, receiver: Receiver, collector: Receiver, tmp_path: Path
) -> None:
    _identities(store, tmp_path / "identities")
    port, out, err = free_port(), tmp_path / "stdout", tmp_path / "stderr"
    receiver.statuses = [500, 204, 302]
    receiver.location = f"https://example.org/{PHRASE.encode().hex()}"
    with store.begin() as conn:
        _, signing = endpoints.add(
            conn,
            url=f"{receiver.url}?token={PHONE}",
            events=["colour", "decision", "deadline", "registry"],
            now=now_micros(),
        )
    environment = os.environ | {
        "ANLAN_LOG_LEVEL": "DEBUG", "ANLAN_STORE": store.url, "ANLAN_MODEL_POLL": "0.2",
        "ANLAN_TRACES": collector.url, "ANLAN_CATCH_UP_EVERY": "0.2", "ANLAN_WEBHOOK_HTTP": "true",
        "ANLAN_WEBHOOK_NETWORKS": '["127.0.0.0/8", "::1/128"]',
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}", "PYTHONDEVMODE": "1",
    }  # fmt: skip
    centre, worker = key_of(store, "centre"), key_of(store, "worker", worker_id="w1")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        server = subprocess.Popen(
            [sys.executable, REPOSITORY / "tests" / "faulty_service.py", "serve", "--port", str(port)],
            env=environment, stdout=stdout, stderr=stderr,
        )  # fmt: skip
    given = centre | {"traceparent": f"00-{PHONE:0>32}-{'5' * 16}-01", "tracestate": f"a={PHONE}",
                      "baggage": f"phone={PHONE}", "X-Request-Id": PHONE, "User-Agent": PHONE}  # fmt: skip
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=given, timeout=60) as client:

        def is_up() -> bool:
            assert server.poll() is None, err.read_text()
            try:
                return client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        try:
            wait_for("the service", is_up)
            _story(client)
            assert client.post("/v1/cases", json=case("bad", NARRATIVE)).json()["degraded"]
            answers = [*_errors(client), *_without_a_table(store, client)]
            answers += desk_story.work(client, f"http://localhost:{port}", centre, worker)
            with pytest.raises(httpx.RemoteProtocolError):
                client.get("/cut-off")
            client.get("/forgotten")
            receiver.wait_for(4)
            wait_for("the webhook failures", lambda: b"webhook_failed" in out.read_bytes())
            metrics = client.get("/metrics").content + client.get("/readyz").content
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    log, beside = out.read_bytes(), err.read_bytes()
    shown = (centre["Authorization"], worker["Authorization"], signing)
    keys = tuple(word.rsplit("_", 1)[1] for word in shown)
    secret = (*keys, os.environ["ANLAN_SECRET"])
    traces = b"".join(body + json.dumps(headers).encode() for headers, body in collector.got)
    for place, where in {"stdout": log, "stderr": beside, "metrics": metrics, "traces": traces}.items():
        assert seen(PERSONAL + secret, where) == [], place
    assert all(name in traces for name in (b"POST /v1/cases", b"store write", b"reasons", b"RuntimeError"))
    bodies = [answer.content for answer in answers]
    for answer, body in zip(answers, bodies, strict=True):
        assert seen(PERSONAL + secret, body) == [], answer.request.url
    for headers, body in receiver.got:
        assert seen((NUMBER, PHONE, ADDRESS, PHRASE), body + json.dumps(headers).encode()) == []
    # It did go wrong in all these ways, and the log says so: a JSON object a line, and no other.
    lines = [json.loads(line) for line in (log + beside).splitlines() if line.strip()]
    events = Counter(line["event"] for line in lines)
    assert {"request", "webhook_failed", "model_taken_up"} <= events.keys()
    errors = {(line["event"], line["error"]) for line in lines if "error" in line and "at" in line}
    refused = "OperationalError" if store.engine.dialect.name == "sqlite" else "ProgrammingError"
    assert errors >= {
        ("scoring_failed", "RuntimeError"), ("request_failed", "IntegrityError"), ("request_failed", refused),
        ("thread_ended", "ValueError"), ("Exception in ASGI application", "RuntimeError"),
        ("Task exception was never retrieved", "ValueError"), ("it failed", "ValueError"),
    }  # fmt: skip
    assert {answer.status_code for answer in answers} >= {400, 401, 404, 405, 409, 413, 415, 422, 500}
