"""Several at once: what each assessment has seen is known, and nobody settles what another has noted."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from served import wait_for
from small_district import case, key_of

from docket import urging
from docket.outbox.endpoints import add
from docket.store import Store
from docket.store.locking import take_turns
from docket.store.writing import append
from docket.times import SECOND, now_micros, rfc3339
from models.replay import replay
from serving.unscored import repository as unscored


def no_model(_: str) -> Any:
    raise AssertionError("there is no model")


def test_what_was_being_written_when_a_case_was_assessed_is_not_in_the_assessment_made_again(
    client: TestClient, store: Store
) -> None:
    begun = now_micros()  # somebody begins to write now, and commits when the case has been assessed
    sent = client.post("/v1/cases", json=case("x"), headers=key_of(store, "dispatch"))
    (told,) = client.get("/v1/cases/x/assessments").json()["assessments"]
    with store.begin() as conn:
        at = conn.execute(sa.text("SELECT recorded_at FROM disputes")).scalar_one()
        row = {
            "event_id": "e",
            "dispute_id": "x",
            "at": at,
            "recorded_at": at,
            "kind": "police_call",
            "text": "扬言要砍死对方",
        }
        append(conn, "events", [row], ingested_at=begun, via="api")
    with store.snapshot() as conn:
        again = replay(conn, told["assessment_id"], no_model)
    assert sent.json() == told and again.numbers == [] and again.identical


def test_whoever_assesses_for_what_was_settled_does_not_settle_what_was_noted_since(store: Store) -> None:
    now = now_micros()
    with store.begin() as conn:
        unscored.note(conn, "x", now)
        seen = unscored.Scored("x", unscored.revisions(conn, ["x"])["x"], degraded=False)
        unscored.settle(conn, [seen], now=now)  # by whoever was first
        unscored.note(conn, "x", now + SECOND)
        unscored.settle(conn, [seen], now=now)  # by whoever read the same, and is slower
        assert unscored.revisions(conn, ["x"])


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_who_assesses_decides_merges_and_visits_at_once_never_waits_for_each_other(
    client: TestClient, store: Store
) -> None:
    with store.begin() as conn:
        add(conn, url="https://hooks.invalid/", events=["colour", "decision", "deadline"], now=now_micros())
    centre = key_of(store, "centre")
    for name in ("x", "y"):
        assert client.post("/v1/cases", json=case(name, "家长扬言跳楼")).status_code == 201
    rounds, together = 25, threading.Barrier(3, timeout=60)

    def happening(number: int) -> int:
        event = {"event_id": f"e{number}", "at": rfc3339(now_micros()), "kind": "police_call", "text": "又打"}
        together.wait()
        return client.post("/v1/cases/x/events", json={"events": [event]}, headers=centre).status_code

    def deciding(_: int) -> int:
        seen = client.get("/v1/cases/x", headers=centre).json()["assessment"]["assessment_id"]
        together.wait()
        body = {"assessment_id": seen, "colour": "red"}
        return client.put("/v1/cases/x/decision", json=body, headers=centre).status_code

    def merging(number: int) -> int:
        done, body = ("unmerge", {}) if number % 2 else ("merge", {"into": "x"})
        together.wait()
        said = body | {"reason": f"同一件事{number}"}
        return client.post(f"/v1/cases/y/{done}", json=said, headers=centre).status_code

    def again(work: Any) -> list[int]:
        return [work(number) for number in range(rounds)]

    with ThreadPoolExecutor(3) as pool:
        answered = list(pool.map(again, (happening, deciding, merging)))
    assert set(answered[0]) == {201}
    assert set(answered[1]) <= {200, 409} and 200 in answered[1]  # 409: assessed anew since
    assert set(answered[2]) <= {200, 201}, answered[2]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_who_decides_can_tell_webhooks_while_an_assessment_waits(client: TestClient, store: Store) -> None:
    with store.begin() as conn:
        add(conn, url="https://hooks.invalid/", events=["colour", "deadline"], now=now_micros())
    assert client.post("/v1/cases", json=case("x", "家长扬言跳楼")).status_code == 201
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    event = {"event_id": "e", "at": rfc3339(now_micros()), "kind": "police_call", "text": "又打"}
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as deciding:
            take_turns(deciding, ["board x"])
            sent = pool.submit(client.post, "/v1/cases/x/events", json={"events": [event]})

            def waits() -> bool:
                with store.snapshot() as conn:
                    return bool(conn.execute(waiting).scalar_one())

            wait_for("the assessment waits", waits)
            urging.end_case(deciding, "x", now=now_micros())
        assert sent.result().status_code == 201
