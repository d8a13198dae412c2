"""A clock that was ahead and is right again, or that of another worker: what was taken by it is there at once."""

from __future__ import annotations

import datetime as times
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from receiver import receiving
from small_district import case, key_of

from docket.outbox import endpoints
from docket.store import Store
from docket.times import now_micros
from models.replay import replay
from serving.app import create_app
from serving.settings import Settings
from serving.unscored.service import CatchUp
from serving.webhooks.sender import Sender

SetClock = Callable[[float], None]
AHEAD = 3_600.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the clock that the service reads so many seconds ahead of this machine's."""
    offset = [0.0]

    class Shifted(times.datetime):
        @classmethod
        def now(cls, tz: times.tzinfo | None = None) -> Any:
            return times.datetime.now(tz) + times.timedelta(seconds=offset[0])

    monkeypatch.setattr("docket.times.datetime", Shifted)

    def put(seconds: float) -> None:
        offset[0] = seconds

    return put


def no_model(_: str) -> Any:
    raise AssertionError("there is no model")


def event(name: str, text: str | None = None) -> dict[str, Any]:
    at = (times.datetime.now(times.UTC) - times.timedelta(minutes=1)).isoformat()
    return {"events": [{"event_id": name, "at": at, "kind": "police_call", "text": text}]}


def test_a_case_that_came_while_the_clock_was_ahead_goes_on_when_it_is_right(
    client: TestClient, store: Store, clock: SetClock
) -> None:
    client.headers.update(key_of(store, "centre"))
    clock(AHEAD)
    assert client.post("/v1/cases", json=case("x")).status_code == 201
    assert client.post("/v1/cases/x/events", json=event("e1")).status_code == 201
    clock(0)
    assert client.get("/v1/cases/x").status_code == 200
    course = client.get("/v1/cases/x/history").json()["course"]
    assert "event" in {one["what"] for one in course}
    answer = client.post("/v1/cases/x/events", json=event("e2", "对方持刀上门，扬言杀他全家。"))
    assert answer.status_code == 201 and answer.json()["colour"] == "red"
    shown = client.get("/v1/cases/x").json()
    assert {row["event_id"] for row in shown["events"]} == {"e1", "e2"}
    # The one that was made last holds, though a clock said that it was made first.
    assert shown["assessment"]["assessment_id"] == answer.json()["assessment_id"]
    assert [row["colour"] for row in client.get("/v1/cases").json()["cases"]] == ["red"]
    (_, _, last) = client.get("/v1/cases/x/assessments").json()["assessments"]
    assert last["assessment_id"] == answer.json()["assessment_id"]
    changed = client.patch("/v1/cases/x", json={"dispute": {"text": "双方已经和好。"}})
    assert changed.status_code == 200
    assert client.get("/v1/cases/x").json()["dispute"]["text"] == "双方已经和好。"
    decided = {"assessment_id": changed.json()["assessment_id"], "colour": changed.json()["colour"]}
    assert client.put("/v1/cases/x/decision", json=decided).status_code == 200
    assert client.post("/v1/cases/x/withdraw", json={"reason": "误报"}).status_code == 201


def test_a_case_that_was_noted_while_the_clock_was_ahead_is_scored_and_not_forgotten(
    client: TestClient, store: Store, clock: SetClock
) -> None:
    clock(AHEAD)
    assert client.post("/v1/cases", json=case("x")).status_code == 201
    clock(0)
    with store.begin() as conn:  # as if the answer had been lost
        conn.execute(sa.text("UPDATE unscored SET degraded = :no, due_at = since + 60000000"), {"no": False})
        conn.execute(sa.text("DELETE FROM assessments"))
    CatchUp(client.app.state.anlan, 1.0).round()  # type: ignore[attr-defined]
    with store.snapshot() as conn:
        (row,) = conn.execute(sa.text("SELECT degraded, tries FROM unscored")).all()
        made = conn.execute(sa.text("SELECT assessment_id FROM assessments")).scalar_one()
        assert replay(conn, made, no_model).identical
    assert row.degraded and row.tries == 0  # answered by the rules: it waits for a model


def test_what_was_to_be_told_by_a_clock_that_was_ahead_is_told_now(
    store: Store, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Sender.run
    monkeypatch.setattr(Sender, "run", lambda self: None)  # the service's own doesn't look meanwhile
    local = {"webhook_http": True, "webhook_networks": ("127.0.0.0/8", "::1/128")}
    with receiving() as receiver:
        with store.begin() as conn:
            endpoints.add(conn, url=receiver.url, events=["colour", "deadline"], now=now_micros())
        settings = Settings(store=store.url, model="", **local)  # type: ignore[arg-type]
        with TestClient(create_app(settings)) as client:
            client.headers.update(key_of(store, "dispatch"))
            first = client.post("/v1/cases", json=case("x")).json()
            clock(AHEAD)
            assert client.post("/v1/cases/x/events", json=event("e", "扬言跳楼")).json()["colour"] == "red"
            clock(0)
            told = 1 if first["colour"] == "none" else 2
            sender = Sender(client.app.state.anlan)  # type: ignore[attr-defined]
            thread = threading.Thread(target=run, args=(sender,))
            thread.start()
            receiver.wait_for(told)
            sender.stop()
            thread.join()
    colours = [json.loads(body)["data"]["colour"] for _, body in receiver.got]
    assert len(colours) == told and colours[-1] == "red"
