"""What is old is forgotten, by one of several workers, and nothing is taken twice for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from receiver import receiving
from small_district import case, count, key_of

from docket.outbox import endpoints
from docket.store import Store, turns
from docket.times import DAY, HOUR, now_micros, rfc3339
from serving.app import create_app
from serving.retention import TURN, Retention
from serving.settings import Settings
from serving.webhooks.sender import Sender


def test_one_of_several_takes_the_turn_and_a_clock_that_was_ahead_stops_nobody(store: Store) -> None:
    now = now_micros()

    def take(moment: int) -> bool:
        with store.snapshot() as conn:
            due = turns.is_due(conn, "x", every=HOUR, now=moment)
        with store.begin() as conn:
            taken = turns.take(conn, "x", every=HOUR, now=moment)
        assert due == taken
        return taken

    assert take(now) and not take(now) and not take(now + HOUR - 1) and take(now + HOUR)
    assert take(now) and not take(now + 1)


def test_a_case_of_which_nothing_was_recorded_for_half_a_year_leaves_the_queue_until_something_is(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = key_of(store, "centre")

    def queued() -> list[str]:
        return [one["dispute_id"] for one in client.get("/v1/queue", headers=centre).json()["cases"]]

    for name, days in (("older", 181), ("old", 179), ("new", 1)):
        at = rfc3339(now_micros() - days * DAY)
        assert client.post("/v1/cases", json=case(name, opened_at=at, recorded_at=at)).status_code == 201
    assert sorted(queued()) == ["new", "old"]
    monkeypatch.setattr("serving.retention.now_micros", lambda: now_micros() + 2 * DAY)
    round_of(client, store)
    assert queued() == ["new"]
    event: dict[str, Any] = {"event_id": "e1", "at": rfc3339(now_micros()), "kind": "police_call"}
    assert client.post("/v1/cases/old/events", json={"events": [event]}).status_code == 201
    assert sorted(queued()) == ["new", "old"]


def age(store: Store, days: int) -> None:
    then = {"then": days * DAY}
    with store.begin() as conn:
        conn.execute(sa.text("UPDATE requests SET noted_at = noted_at - :then"), then)
        conn.execute(sa.text("UPDATE outbox SET ended_at = ended_at - :then, due_at = due_at - :then"), then)


def round_of(client: TestClient, store: Store) -> float:
    with store.begin() as conn:
        conn.execute(sa.text("DELETE FROM store_facts WHERE name = :name"), {"name": TURN})
    return Retention(client.app.state.anlan).round()  # type: ignore[attr-defined]


def test_old_deliveries_and_requests_are_forgotten_and_a_repeat_still_stores_nothing(store: Store) -> None:
    event: dict[str, Any] = {"event_id": "e1", "at": datetime.now(UTC).isoformat(), "kind": "police_call"}
    local = {"webhook_http": True, "webhook_networks": ("127.0.0.0/8", "::1/128")}
    with receiving() as receiver:
        with store.begin() as conn:
            name, _ = endpoints.add(conn, url=receiver.url, events=["colour"], now=now_micros())
        with TestClient(create_app(Settings(store=store.url, model="", **local))) as client:  # type: ignore[arg-type]
            client.headers.update(key_of(store, "dispatch"))
            assert client.post("/v1/cases", json=case("x1", "扬言跳楼")).status_code == 201
            sent = {"json": {"events": [event]}, "headers": {"Idempotency-Key": "k1"}}
            first = client.post("/v1/cases/x1/events", **sent)
            assert first.status_code == 201
            receiver.wait_for(1)
            Sender(client.app.state.anlan).drain(name)  # type: ignore[attr-defined]
            assert round_of(client, store) > 1
            assert count(store, "requests") == 1 and count(store, "outbox") == 1
            again = client.post("/v1/cases/x1/events", **sent)
            assert again.status_code == 200 and again.content == first.content
            age(store, 31)
            round_of(client, store)
            assert count(store, "requests") == 1 and count(store, "outbox") == 0
            age(store, 60)
            # another worker's turn was this hour: nothing is done
            assert Retention(client.app.state.anlan).round() > 1 and count(store, "requests") == 1  # type: ignore[attr-defined]
            round_of(client, store)
            assert count(store, "requests") == 0
            stored, kept = count(store, "events"), count(store, "assessments")
            again = client.post("/v1/cases/x1/events", **sent)
            assert again.status_code == 200 and again.json()["colour"] == first.json()["colour"]
            assert (count(store, "events"), count(store, "assessments")) == (stored, kept)
            case_again = client.post("/v1/cases/x1/events", **sent)
            assert case_again.content == again.content
        assert len(receiver.got) == 1
