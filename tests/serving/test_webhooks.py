"""Webhooks as a receiver sees them: a real server on this machine, both databases."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from receiver import Receiver, is_signed, receiving
from small_district import case, key_of
from typer.testing import CliRunner

from docket.outbox import endpoints, queue
from docket.store import Store
from docket.times import MINUTE, SECOND, now_micros, parse_instant
from serving.app import create_app
from serving.settings import Settings
from serving.urgings.scheduler import Scheduler
from serving.webhooks import sender as sending
from serving.webhooks import service
from serving.webhooks.commands import webhook
from serving.webhooks.sender import Sender

LOCAL = {"webhook_http": True, "webhook_networks": ("127.0.0.0/8", "::1/128")}
ROUND = Scheduler.round
RED = "对方持刀上门，扬言杀他全家。"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own sender and scheduler don't look: the test does itself."""
    monkeypatch.setattr(Sender, "run", lambda self: None)
    monkeypatch.setattr(Scheduler, "round", lambda self: 3_600.0)


def client_of(store: Store, **more: Any) -> TestClient:
    settings = Settings(**{"store": store.url, "model": "", **LOCAL, **more})
    return TestClient(create_app(settings), raise_server_exceptions=False)


def register(
    store: Store, url: str, events: str = "colour,decision,deadline", **more: Any
) -> tuple[str, str]:
    with store.begin() as conn:
        return endpoints.add(conn, url=url, events=events.split(","), now=now_micros(), **more)


def post(client: TestClient, store: Store, name: str, text: str = RED, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/cases", json=case(name, text, **more), headers=key_of(store, "dispatch"))
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def rows(store: Store, state: str = "pending", event: str = "deadline") -> list[str]:
    query = sa.text("SELECT about FROM outbox WHERE state = :state AND event = :event ORDER BY seq")
    with store.snapshot() as conn:
        return [about.split(":")[0] + ":" + about.split(":")[-1]
                for about in conn.execute(query, {"state": state, "event": event}).scalars()]  # fmt: skip


def test_a_colour_is_told_signed_and_without_what_receivers_may_not_see(
    store: Store, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = register(store, receiver.url, "colour")
    with client_of(store) as client:
        answer = post(client, store, "x1")
        (headers, body), *_ = receiver.wait_for(1)
        deadline = time.monotonic() + 20
        while 'result="delivered"' not in client.get("/metrics").text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert (
            'anlan_webhook_tries_total{event="colour",result="delivered"} 1.0' in client.get("/metrics").text
        )
    assert is_signed(secret, headers, body) and not is_signed(secret, headers, body + b" ")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    told = json.loads(body)
    assert told["type"] == "colour" and set(told["data"]) == {
        "dispute_id", "assessment_id", "as_of", "colour", "previous", "degraded", "model_version",
        "policy_version", "deadlines",
    }  # fmt: skip
    assert told["data"]["assessment_id"] == answer["assessment_id"]
    assert (told["data"]["colour"], told["data"]["previous"]) == ("red", None)
    assert "持刀" not in body.decode() and "p-x1" not in body.decode() and "持刀" not in caplog.text
    assert len(receiver.got) == 1
    with store.snapshot() as conn:
        logged = conn.execute(sa.text("SELECT case_id, actor FROM audit_log WHERE action = 'notify'")).all()
    assert [tuple(row) for row in logged] == [("x1", "service")]


@pytest.mark.usefixtures("quiet")
def test_only_a_change_of_colour_is_told(store: Store, receiver: Receiver) -> None:
    register(store, receiver.url, "colour")
    with client_of(store) as client:
        calm = post(client, store, "x1", "邻居楼上漏水，协商未果。")
        told = 0 if calm["colour"] == "none" else 1
        assert len(rows(store, event="colour")) == told
        event = {"event_id": "e1", "at": datetime.now(UTC).isoformat(), "kind": "police_call", "text": RED}
        sent = {"events": [event]}
        headers = key_of(store, "dispatch")
        assert client.post("/v1/cases/x1/events", json=sent, headers=headers).json()["colour"] == "red"
        assert len(rows(store, event="colour")) == told + 1
        assert client.post("/v1/cases/x1/events", json=sent, headers=headers).status_code == 200
        event |= {"event_id": "e2", "text": None, "at": datetime.now(UTC).isoformat()}
        assert client.post("/v1/cases/x1/events", json=sent, headers=headers).json()["colour"] == "red"
        assert len(rows(store, event="colour")) == told + 1
    with store.snapshot() as conn:
        query = sa.text("SELECT body FROM outbox ORDER BY seq DESC LIMIT 1")
        data = json.loads(conn.execute(query).scalar_one())["data"]
    assert (data["previous"], data["colour"]) == (calm["colour"], "red")


def look(client: TestClient, now: int) -> None:
    """Let the scheduler look at a moment."""
    ROUND(Scheduler(client.app.state.anlan, lambda _: now))  # type: ignore[attr-defined]


@pytest.mark.usefixtures("quiet")
def test_deadlines_are_told_as_they_climb_and_taken_back_when_they_are_met(
    store: Store, receiver: Receiver
) -> None:
    name, _ = register(store, receiver.url, "deadline")
    with client_of(store) as client:
        answer = post(client, store, "x1")
        assert rows(store) == []
        due = {one["kind"]: parse_instant(one["due_at"]) for one in answer["deadlines"]}
        look(client, due["respond"] - 10 * MINUTE)
        assert rows(store) == ["respond:before"]
        sender = Sender(client.app.state.anlan)  # type: ignore[attr-defined]
        assert sender.drain(name) == 1
        look(client, due["respond"] + 15 * MINUTE)
        assert rows(store) == ["respond:due", "respond:community"]
        event = {"event_id": "e1", "at": datetime.now(UTC).isoformat(), "kind": "contacted"}
        sent = client.post("/v1/cases/x1/events", json={"events": [event]}, headers=key_of(store, "dispatch"))
        assert sent.status_code == 201
        assert rows(store) == [] and rows(store, "withdrawn") == ["respond:due", "respond:community"]
        look(client, due["classify"] + 60 * MINUTE)
        classify = ["classify:before", "classify:due", "classify:community"]
        assert rows(store) == [*classify, "review:before", "review:due"]
        assert sender.drain(name) == 5
    told = [json.loads(body) for _, body in receiver.got]
    assert {one["type"] for one in told} == {"deadline"}
    data = [one["data"] for one in told]
    assert [(one["kind"], one["phase"], one["level"]) for one in data[:4]] == [
        ("respond", "before", "grid"), ("classify", "before", "grid"), ("classify", "due", "grid"),
        ("classify", "late", "community"),
    ]  # fmt: skip
    assert data[0]["colour"] == "red" and data[0]["dispute_id"] == "x1"
    assert parse_instant(told[0]["timestamp"]) == due["respond"] - 10 * MINUTE


@pytest.mark.usefixtures("quiet")
def test_a_visit_that_met_a_party_is_a_response_and_a_merged_case_has_no_deadlines(
    store: Store, receiver: Receiver
) -> None:
    register(store, receiver.url, "deadline")
    with client_of(store) as client:
        answer = post(client, store, "x1")
        visit = {"visit_id": "v1", "person_id": "p-x1", "worker_id": "w1", "at": datetime.now(UTC).isoformat(),
                 "contact": True, "finding": "calm"}  # fmt: skip
        headers = key_of(store, "centre")
        assert (
            client.post("/v1/cases/x1/events", json={"visits": [visit]}, headers=headers).status_code == 201
        )
        post(client, store, "x2")
        merged = client.post("/v1/cases/x2/merge", json={"into": "x1", "reason": "同一件事"}, headers=headers)
        assert merged.status_code == 200
        (at,) = [parse_instant(one["due_at"]) for one in answer["deadlines"] if one["kind"] == "classify"]
        look(client, at)
        told = rows(store)
        assert "respond:due" not in told and told.count("classify:due") == 1
        parted = client.post("/v1/cases/x2/unmerge", json={"reason": "不是同一件事"}, headers=headers)
        assert parted.status_code == 200
        look(client, at + 2 * MINUTE)
        assert rows(store).count("classify:due") == 2


@pytest.mark.usefixtures("quiet")
def test_areas_hear_of_their_own_cases_only(store: Store, receiver: Receiver) -> None:
    west, _ = register(store, receiver.url, "colour", area="street:s2")
    with client_of(store) as client:
        post(client, store, "x1")
        post(client, store, "x2", grid="g2")
    with store.snapshot() as conn:
        found = conn.execute(sa.text("SELECT endpoint_id, case_id FROM outbox")).all()
    assert [tuple(row) for row in found] == [(west, "x2")]


@pytest.mark.usefixtures("quiet")
def test_a_decision_is_told_once(store: Store, receiver: Receiver) -> None:
    name, _ = register(store, receiver.url, "decision")
    with client_of(store) as client:
        answer = post(client, store, "x1")
        for _ in range(2):
            with store.begin() as conn:
                service.decided(conn, dispute_id="x1", decision_id="k1", assessment_id=answer["assessment_id"],
                                colour="yellow", recommended="red", decided_at=now_micros())  # fmt: skip
        assert Sender(client.app.state.anlan).drain(name) == 1  # type: ignore[attr-defined]
    data = json.loads(receiver.got[0][1])["data"]
    assert (data["colour"], data["recommended"], data["decision_id"]) == ("yellow", "red", "k1")


@pytest.mark.usefixtures("quiet")
def test_failures_are_tried_again_under_one_id_and_given_up_in_the_end(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "FIRST", 0)
    name, secret = register(store, receiver.url, "colour")
    receiver.statuses = [500, 302, 404]
    receiver.location = receiver.url + "/elsewhere"
    with client_of(store, webhook_tries=3) as client:
        post(client, store, "x1")
        post(client, store, "x2")
        sender = Sender(client.app.state.anlan)  # type: ignore[attr-defined]
        for _ in range(3):
            assert sender.drain(name) == 1
        assert sender.drain(name) == 1  # x2, which waited for nobody
        metrics = client.get("/metrics").text
    assert [json.loads(body)["data"]["dispute_id"] for _, body in receiver.got] == ["x1"] * 3 + ["x2"]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2
    assert all(is_signed(secret, headers, body) for headers, body in receiver.got)
    assert 'result="failed"} 2.0' in metrics and 'result="dead"} 1.0' in metrics
    run = CliRunner().invoke(webhook, ["dead", "--store", store.url])
    assert run.exit_code == 0 and "http 404" in run.stdout and "\tx1\t" in run.stdout
    assert CliRunner().invoke(webhook, ["retry", "--all", "--store", store.url]).stdout == "1\n"
    with client_of(store) as client:
        assert Sender(client.app.state.anlan).drain(name) == 1  # type: ignore[attr-defined]
    assert receiver.got[-1][0]["webhook-id"] == receiver.got[0][0]["webhook-id"]


@pytest.mark.usefixtures("quiet")
def test_a_slow_receiver_is_given_up_on_and_its_late_taking_is_no_delivery(
    store: Store, receiver: Receiver
) -> None:
    name, _ = register(store, receiver.url, "colour")
    receiver.seconds = 1.5
    with client_of(store, webhook_seconds=0.3) as client:
        post(client, store, "x1")
        assert Sender(client.app.state.anlan).drain(name) == 1  # type: ignore[attr-defined]
    with store.snapshot() as conn:
        assert conn.execute(sa.text("SELECT last_error, state FROM outbox")).one() == ("timeout", "pending")


@pytest.mark.usefixtures("quiet")
def test_a_killed_services_row_is_delivered_by_another(store: Store, receiver: Receiver) -> None:
    name, _ = register(store, receiver.url, "colour")
    receiver.seconds = 3
    with client_of(store) as client:
        post(client, store, "x1")
        environment = os.environ | {
            "ANLAN_STORE": store.url, "ANLAN_MODEL": "", "ANLAN_WEBHOOK_HTTP": "true",
            "ANLAN_WEBHOOK_NETWORKS": '["127.0.0.0/8", "::1/128"]',
        }  # fmt: skip
        command = [sys.executable, "-m", "uvicorn", "serving.app:create_app", "--factory", "--port", "0"]
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not leased(store):
                assert server.poll() is None
                time.sleep(0.02)
        finally:
            server.send_signal(signal.SIGKILL)
            server.wait()
        sender = Sender(client.app.state.anlan)  # type: ignore[attr-defined]
        assert sender.drain(name) == 0  # the dead process still has it
        with store.begin() as conn:  # its lease ends
            conn.execute(sa.text("UPDATE outbox SET leased_until = :now"), {"now": now_micros()})
        receiver.seconds = 0
        assert sender.drain(name) == 1 and not leased(store)
    with store.snapshot() as conn:
        row = conn.execute(sa.text("SELECT delivery_id, state, attempts FROM outbox")).one()
    assert tuple(row)[1:] == ("delivered", 2)
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {row[0]}


def leased(store: Store) -> bool:
    with store.snapshot() as conn:
        return bool(conn.execute(sa.text("SELECT COUNT(*) FROM outbox WHERE lease IS NOT NULL")).scalar_one())


@pytest.mark.usefixtures("quiet")
def test_of_two_senders_each_row_is_sent_by_one(store: Store, receiver: Receiver) -> None:
    name, _ = register(store, receiver.url, "colour")
    receiver.seconds = 0.02
    with client_of(store) as client:
        for number in range(12):
            post(client, store, f"x{number}")
        senders = [Sender(client.app.state.anlan) for _ in range(3)]  # type: ignore[attr-defined]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda sender: sender.drain(name), senders))
    assert sorted(json.loads(body)["data"]["dispute_id"] for _, body in receiver.got) == sorted(
        f"x{number}" for number in range(12)
    )


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_receiver_that_asks_for_time_is_left_alone_for_it(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(sending, "FIRST", 0)
    name, _ = register(store, receiver.url, "colour")
    later = datetime.now(UTC) + timedelta(seconds=3_600)
    receiver.statuses = [429]
    receiver.headers = {"Retry-After": "3600" if form == "seconds" else format_datetime(later, usegmt=True)}
    with client_of(store) as client:
        post(client, store, "x1")
        post(client, store, "x2")
        sender = Sender(client.app.state.anlan)  # type: ignore[attr-defined]
        assert sender.due() == [name] and sender.drain(name) == 1
        with store.snapshot() as conn:
            assert queue.due_endpoints(conn, now_micros()) == [name]  # with the other case's message
        assert sender.due() == [] and len(receiver.got) == 1
    with store.snapshot() as conn:
        next_at = conn.execute(sa.text("SELECT next_at FROM outbox WHERE attempts = 1")).scalar_one()
    assert 3_500 * SECOND < next_at - now_micros() < 3_700 * SECOND


@pytest.mark.usefixtures("quiet")
def test_a_receiver_that_is_gone_is_paused_and_what_it_is_to_be_told_is_kept(
    store: Store, receiver: Receiver
) -> None:
    name, _ = register(store, receiver.url, "colour")
    receiver.statuses = [410]
    with client_of(store) as client:
        post(client, store, "x1")
        post(client, store, "x2")
        sender = Sender(client.app.state.anlan)  # type: ignore[attr-defined]
        assert sender.drain(name) == 1 and sender.drain(name) == 0
        assert "paused" in CliRunner().invoke(webhook, ["list", "--store", store.url]).stdout
        CliRunner().invoke(webhook, ["resume", name, "--store", store.url])
        assert sender.drain(name) == 2
    assert sorted(json.loads(body)["data"]["dispute_id"] for _, body in receiver.got) == ["x1", "x1", "x2"]
    with store.snapshot() as conn:
        query = sa.text("SELECT actor, detail FROM audit_log WHERE action = 'webhook' ORDER BY seq")
        (_, gone, _) = conn.execute(query).all()
    assert gone.actor == "service" and json.loads(gone.detail) == {"change": "gone"}


def test_pauses_double_under_a_ceiling_with_full_jitter() -> None:
    ceilings = [sending.pause_after(tries, 1.0) for tries in range(1, 30)]
    assert ceilings[:3] == [5 * SECOND, 10 * SECOND, 20 * SECOND] and max(ceilings) == sending.LONGEST
    assert sending.pause_after(9, 0.0) == 0 and sending.pause_after(2, 0.5) == 5 * SECOND


def test_endpoints_by_command(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(webhook, [*words, "--store", store.url])

    refused = run("add", receiver.url, "--events", "colour")
    assert refused.exit_code != 0 and "https only" in str(refused.exception)
    monkeypatch.setenv("ANLAN_WEBHOOK_HTTP", "true")
    refused = run("add", receiver.url, "--events", "colour")
    assert refused.exit_code != 0 and "private" in str(refused.exception)
    monkeypatch.setenv("ANLAN_WEBHOOK_NETWORKS", '["127.0.0.0/8", "::1/128"]')
    assert "risk" in str(run("add", receiver.url, "--events", "risk").exception)
    name, secret = run("add", receiver.url, "--events", "colour, deadline").stdout.split()
    assert secret.startswith("whsec_") and len(base64.b64decode(secret[6:])) == 32
    assert run("list").stdout.split("\t")[:4] == [name, receiver.url, "colour,deadline", "district"]
    assert secret not in run("list").stdout
    assert run("pause", name).exit_code == 0 and "paused" in run("list").stdout
    assert run("resume", name).exit_code == 0 and "paused" not in run("list").stdout
    assert run("remove", name).exit_code == 0 and run("list").stdout == ""
    assert run("remove", name).exit_code != 0 and run("retry").exit_code != 0
    with store.snapshot() as conn:
        changes = (
            conn.execute(sa.text("SELECT detail FROM audit_log WHERE action = 'webhook'")).scalars().all()
        )
    assert [json.loads(one)["change"] for one in changes] == ["add", "pause", "resume", "remove"]


def test_the_description_tells_receivers_what_comes(store: Store) -> None:
    with client_of(store) as client:
        spec = client.get("/openapi.json").json()
    assert set(spec["webhooks"]) == {"colour", "decision", "deadline", "slip", "registry"}
    assert "risks" not in json.dumps(spec["components"]["schemas"]["ColourData"])


def test_the_check_that_the_docs_give_receivers_holds(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    given: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], given)
    is_ours = given["is_ours"]
    _, secret = register(store, receiver.url, "colour")
    with client_of(store) as client:
        post(client, store, "x1")
        (headers, body), *_ = receiver.wait_for(1)
    assert is_ours(secret, headers, body)
    assert not is_ours(secret, headers, body.replace(b'"red"', b'"blue"'))
    assert not is_ours("whsec_" + base64.b64encode(b"k" * 32).decode(), headers, body)
    assert not is_ours(secret, headers | {"webhook-id": "wd-other"}, body)
    later = time.time() + 600
    monkeypatch.setattr(given["time"], "time", lambda: later)
    assert not is_ours(secret, headers, body)
