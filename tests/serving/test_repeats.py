"""Requests that come twice, at once, or in another order than what they tell of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx import Response
from small_district import case, count, key_of
from walking import CALLS, seed
from working_folder import Trained

from docket.store import Store
from serving.app import create_app
from serving.settings import Settings

READS = {"POST /v1/registry:search"}
"""A body asks, and nothing is written but the log."""
ONCE = {"POST /v1/cases/{dispute_id}/progress"}
"""What is answered is shown once and kept nowhere, so it can't be answered again."""
WRITES = [
    route for route in CALLS if route.split()[0] in ("POST", "PUT", "PATCH") and route not in READS | ONCE
]
NAMED = [
    "POST /v1/cases/{dispute_id}/events",
    "POST /v1/cases/{dispute_id}/outcomes",
    "POST /v1/cases/{dispute_id}/annotations",
    "POST /v1/visits",
    "POST /v1/registry",
]
"""Routes whose bodies bring rows with ids of their own."""
TABLES = (
    "disputes", "persons", "parties", "events", "visits", "outcomes", "annotations", "registry",
    "decisions", "handlers", "withdrawals", "merges", "lowerings", "slips", "slip_steps", "visit_moves",
)  # fmt: skip


@pytest.fixture
def centre(client: TestClient, store: Store) -> TestClient:
    seed(client, store)
    client.headers.update(key_of(store, "centre"))
    return client


def ask(client: TestClient, route: str, body: Any, key: str | None = None) -> Response:
    method, _ = route.split(maxsplit=1)
    headers = {} if key is None else {"Idempotency-Key": key}
    path = CALLS[route][0]
    return client.request(method, path() if callable(path) else path, json=body, headers=headers)


def rows(store: Store) -> dict[str, int]:
    return {table: count(store, table) for table in TABLES}


def otherwise(body: Any) -> Any:
    """Another body that would be taken just as well."""
    if "cases" in body:
        return {"cases": [case("walk2")]}
    if "dispute" in body:
        return case("walk2") if "persons" in body else {"dispute": {"amount_cny": 7}}
    if "unit" in body:
        return {"unit": "西街派出所"}
    for name in ("events", "visits", "outcomes", "annotations"):
        if name in body:
            (row,) = body[name]
            other = {"kind": "violence", "severity": 3} if name == "outcomes" else {}
            other = other or ({"present": True} if name == "annotations" else {})
            other = other or ({"finding": "tense"} if name == "visits" else {"kind": "agreement"})
            return {name: [row | other]}
    if "state" in body:
        return {"state": "handled"}
    if "entry_id" in body:
        return body | {"category": "other"}
    if "said" in body:
        return {"said": "另有异议"}
    if "how" in body:
        return {"how": "letter"}
    if "note" in body:
        return {"note": "明早上门"}
    for name in ("answer", "cause"):
        if name in body:
            return body | {name: "另一种说法"}
    return body | {"reason": "另一个理由"}


@pytest.mark.parametrize("route", WRITES)
def test_the_same_again_answers_the_same_bytes_and_does_nothing(
    centre: TestClient, store: Store, route: str
) -> None:
    body = CALLS[route][1]()
    first = ask(centre, route, body, "k1")
    assert first.status_code in (200, 201)
    after = rows(store)
    again = ask(centre, route, body, "k1")
    assert again.status_code == 200 and again.content == first.content
    other = ask(centre, route, otherwise(body), "k1")
    assert other.status_code == 409, other.text
    assert rows(store) == after
    # the key is spent for every other route, too
    elsewhere = {"events": [{"event_id": "else", "at": datetime.now(UTC).isoformat(), "kind": "contacted"}]}
    spent = {"Idempotency-Key": "k1"}
    assert centre.post("/v1/cases/x4/events", json=elsewhere, headers=spent).status_code == 409
    assert centre.post("/v1/cases", json=case("else"), headers=spent).status_code == 409


@pytest.mark.parametrize("route", [r for r in WRITES if not r.endswith(":batch")])
def test_a_repeat_needs_no_key(centre: TestClient, store: Store, route: str) -> None:
    body = CALLS[route][1]()
    first = ask(centre, route, body)
    after = rows(store)
    again = ask(centre, route, body)
    assert again.status_code == 200 and again.content == first.content and rows(store) == after
    # nor the key that it was sent with first, and a new one stands for it from then on
    assert ask(centre, route, body, "k2").content == first.content
    assert ask(centre, route, otherwise(body), "k2").status_code == 409
    assert rows(store) == after


@pytest.mark.parametrize("route", NAMED)
def test_an_id_stands_for_one_body(centre: TestClient, store: Store, route: str) -> None:
    body = CALLS[route][1]()
    ask(centre, route, body)
    after = rows(store)
    assert ask(centre, route, otherwise(body)).status_code == 409
    assert rows(store) == after


@pytest.mark.parametrize("route", WRITES)
def test_eight_at_once_are_one(centre: TestClient, store: Store, route: str) -> None:
    body, key = CALLS[route][1](), "at once"
    together = threading.Barrier(8)

    def send(_: int) -> Response:
        together.wait()
        return ask(centre, route, body, key)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.content for answer in answers}) == 1
    after = rows(store)
    ask(centre, route, body, key)
    assert rows(store) == after
    with store.snapshot() as conn:
        scored = conn.execute(sa.text("SELECT subject FROM audit_log WHERE action = 'score'")).scalars().all()
    assert len(scored) == len(set(scored))  # the others have only seen it
    if CALLS[route][0] == "/v1/cases/x1/events":
        assert after["events"] == 2  # the merge of the seed is the other


def test_eight_at_once_without_a_key_are_one(centre: TestClient, store: Store) -> None:
    sent: dict[str, Callable[[], Any]] = {route: CALLS[route][1] for route in NAMED}
    before = rows(store)
    for route, made in sent.items():
        body = made()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, r=route, b=body: ask(centre, r, b), range(8)))
        assert len({answer.content for answer in answers}) == 1, route
        assert {answer.status_code for answer in answers} <= {200, 201}
    grown = {table: size - before[table] for table, size in rows(store).items()}
    assert {table for table, more in grown.items() if more} == {
        "events", "outcomes", "annotations", "visits", "registry",
    } and max(grown.values()) == 1  # fmt: skip


def test_one_callers_key_is_not_anothers(centre: TestClient, store: Store) -> None:
    route = "PUT /v1/cases/{dispute_id}/unit"
    assert ask(centre, route, {"unit": "甲"}, "k").status_code == 200
    centre.headers.update(key_of(store, "dispatch"))
    answer = ask(centre, route, {"unit": "乙"}, "k")
    assert answer.status_code == 200 and answer.json()["unit"] == "乙"


def test_what_was_stored_and_not_answered_is_answered_by_the_repeat(
    centre: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.repeats import service

    def gone(*_: object, **__: object) -> None:
        raise SystemError("planted")

    route = "POST /v1/cases/{dispute_id}/events"
    body = CALLS[route][1]()
    with monkeypatch.context() as planted:
        # A process that dies between its two transactions, as nearly as one test can have it.
        planted.setattr(service, "assess_and_keep", gone)
        assert ask(centre, route, body, "k").status_code == 500
    after = rows(store)
    answer = ask(centre, route, body, "k")
    assert answer.status_code == 200 and answer.json()["dispute_id"] == "x1" and rows(store) == after
    assert ask(centre, route, body, "k").content == answer.content
    listed = centre.get("/v1/cases/x1/assessments").json()["assessments"]
    assert listed[-1] == answer.json()


@pytest.mark.parametrize("model", ["none", "trained"])
def test_events_in_any_order_come_to_the_same_score(
    store: Store, trained: Trained, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained.environment["MLFLOW_TRACKING_URI"])
    start = datetime.now(UTC) - timedelta(hours=2)
    told = [
        ("repeat_report", "又吵起来了"), ("police_call", "男方拎着汽油上门"), ("contacted", "已联系双方"),
        ("mediation_failed", "调解未成"), ("repeat_report", "再次来电"),
    ]  # fmt: skip

    def events(name: str) -> list[dict[str, Any]]:
        return [
            {
                "event_id": f"{name}-{number}", "kind": kind, "text": text,
                "at": (start + timedelta(minutes=10 * number)).isoformat(),
                "recorded_at": (start + timedelta(minutes=10 * number + 1)).isoformat(),
            }
            for number, (kind, text) in enumerate(told)
        ]  # fmt: skip

    uri = "" if model == "none" else "models:/anlan@champion"
    with TestClient(create_app(Settings(store=store.url, model=uri))) as client:
        client.headers.update(key_of(store, "dispatch"))
        last: list[dict[str, Any]] = []
        # two streets that are alike, so that neither case is read with the other
        for name, grid, order in (("a", "g1", [0, 1, 2, 3, 4]), ("b", "g2", [4, 1, 3, 0, 2])):
            body = case(name, grid=grid, recorded_at=(start - timedelta(minutes=30)).isoformat())
            body["dispute"]["opened_at"] = (start - timedelta(hours=1)).isoformat()
            body["persons"][0]["recorded_at"] = body["dispute"]["recorded_at"]
            assert client.post("/v1/cases", json=body).status_code == 201
            sent = events(name)
            for number in order:
                answer = client.post(f"/v1/cases/{name}/events", json={"events": [sent[number]]})
                assert answer.status_code == 201
            last.append(client.get(f"/v1/cases/{name}").json()["assessment"])
    first, second = last
    for field in ("as_of", "colour", "floor", "degraded", "risks", "reasons", "deadlines", "outside"):
        assert first[field] == second[field], field
    assert first["degraded"] == (model == "none") and first["colour"] == "red"
    known = datetime.fromisoformat(events("a")[-1]["recorded_at"])
    assert datetime.fromisoformat(first["as_of"]) == known
