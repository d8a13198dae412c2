"""Several at once: what each assessment has seen is known, and nobody settles what another has noted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import case, key_of

from docket.store import Store
from docket.store.writing import append
from docket.times import SECOND, now_micros
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
        seen = unscored.revision(conn, "x")
        unscored.settle(conn, "x", seen, degraded=False, now=now)  # by whoever was first
        unscored.note(conn, "x", now + SECOND)
        unscored.settle(conn, "x", seen, degraded=False, now=now)  # by whoever read the same, and is slower
        assert unscored.revision(conn, "x") is not None
