"""What is told of a case later: a narrative, a party, harm, a label, an entry in the registry, a visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import case, count, key_of

from docket.store import Store


@pytest.fixture
def centre(client: TestClient, store: Store) -> TestClient:
    client.headers.update(key_of(store, "centre"))
    return client


def now(**ago: int) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def test_a_later_narrative_is_a_new_row_and_scored_anew(client: TestClient, store: Store) -> None:
    first = client.post("/v1/cases", json=case("a")).json()
    changed = client.patch("/v1/cases/a", json={"dispute": {"text": "对方拎着汽油上门，扬言同归于尽。"}})
    assert changed.status_code == 200 and changed.json()["colour"] == "red" and first["colour"] == "none"
    assert changed.json()["as_of"] > first["as_of"]
    assert count(store, "disputes") == 2
    known = client.get("/v1/cases/a").json()
    assert known["dispute"]["text"].startswith("对方拎着汽油") and known["dispute"]["kind"] == "neighbour"
    again = client.patch("/v1/cases/a", json={"dispute": {"text": "对方拎着汽油上门，扬言同归于尽。"}})
    assert again.content == changed.content and count(store, "disputes") == 2
    answers = client.get("/v1/cases/a/assessments").json()["assessments"]
    assert answers == [first, changed.json()]


def test_a_later_party_is_a_new_row_and_scored_anew(client: TestClient, store: Store) -> None:
    first = client.post("/v1/cases", json=case("a")).json()
    party = {"person_id": "p-new", "role": "respondent", "relation": "neighbour"}
    person = {"person_id": "p-new", "birth_year": 1970, "sex": "female", "grid_id": "g1"}
    strange = client.patch("/v1/cases/a", json={"parties": [party]})
    assert strange.status_code == 422 and strange.json()["errors"][0]["field"] == "parties[0].person_id"
    answer = client.patch("/v1/cases/a", json={"persons": [person], "parties": [party]})
    assert answer.status_code == 200 and answer.json()["assessment_id"] != first["assessment_id"]
    assert {row["person_id"] for row in client.get("/v1/cases/a").json()["parties"]} == {"p-a", "p-new"}
    corrected = client.patch("/v1/cases/a", json={"parties": [party | {"relation": "family"}]})
    assert corrected.status_code == 200 and count(store, "parties") == 3


def test_what_a_change_may_not_say_is_named(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("a"))
    for body, field in (
        ({}, "dispute"),
        ({"dispute": {}}, "dispute"),
        ({"dispute": {"kind": None}}, "dispute.kind"),
        ({"dispute": {"kind": "quarrel"}}, "dispute.kind"),
        ({"dispute": {"text": " \n"}}, "dispute.text"),
        ({"dispute": {"grid_id": "g9"}}, "dispute.grid_id"),
        ({"dispute": {"dispute_id": "b"}}, "dispute.dispute_id"),
        ({"dispute": {"amount_cny": -1}}, "dispute.amount_cny"),
        ({"dispute": {"amount_cny": 5, "recorded_at": now(hours=-1)}}, "dispute.recorded_at"),
    ):
        answer = client.patch("/v1/cases/a", json=body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field, body
    # a version that was recorded before the one that stands corrects nothing
    early = client.patch("/v1/cases/a", json={"dispute": {"amount_cny": 5, "recorded_at": now(hours=1)}})
    assert early.status_code == 409
    east = key_of(store, "dispatch", area="street:s1")
    moved = client.patch("/v1/cases/a", json={"dispute": {"grid_id": "g2"}}, headers=east)
    assert moved.status_code == 403 and count(store, "disputes") == 1
    assert client.patch("/v1/cases/a", json={"dispute": {"grid_id": "g2"}}).status_code == 200
    assert client.get("/v1/cases/a", headers=east).status_code == 404


def test_harm_is_kept_and_the_case_assessed_anew(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    harm = {"outcome_id": "o1", "at": now(), "kind": "violence", "severity": 3}
    first = centre.post("/v1/cases/a/outcomes", json={"outcomes": [harm]})
    again = centre.post("/v1/cases/a/outcomes", json={"outcomes": [harm]})
    assert (first.status_code, again.status_code) == (201, 200) and first.content == again.content
    assert centre.post("/v1/cases/a/outcomes", json={"outcomes": [harm | {"severity": 4}]}).status_code == 409
    assert centre.post("/v1/cases/a/outcomes", json={"outcomes": [harm | {"severity": 6}]}).status_code == 422
    centre.post("/v1/cases", json=case("b"))
    assert centre.post("/v1/cases/b/outcomes", json={"outcomes": [harm]}).status_code == 409
    assert count(store, "outcomes") == 1


def test_labels_are_on_the_narrative_as_submitted(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a", "進門後扬言跳楼"))
    label = {"annotation_id": "n1", "cue": "self_harm_threat", "present": True, "start": 5, "end": 7}
    first = centre.post("/v1/cases/a/annotations", json={"annotations": [label]})
    assert first.status_code == 201 and first.json() == {"annotations": ["n1"]}
    again = centre.post("/v1/cases/a/annotations", json={"annotations": [label]})
    assert again.status_code == 200 and again.content == first.content and count(store, "annotations") == 1
    for span in ({"start": 5, "end": 8}, {"start": 3, "end": 3}, {"start": 1, "end": None}):
        wrong = centre.post("/v1/cases/a/annotations", json={"annotations": [label | span]})
        assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "annotations[0].end"
    whole = {"annotation_id": "n2", "cue": "weapon", "present": False}
    assert centre.post("/v1/cases/a/annotations", json={"annotations": [whole]}).status_code == 201


def test_who_enters_the_registry_is_looked_after_until_leaving(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    closed = {"event_id": "e1", "at": now(), "kind": "closed"}
    centre.post("/v1/cases/a/events", json={"events": [closed]})
    assert centre.get("/v1/visits").json()["visits"] == []
    entry = {
        "entry_id": "r1", "person_id": "p-a", "dispute_id": "a", "category": "neighbour_grudge",
        "entered_at": now(minutes=1),
    }  # fmt: skip
    first = centre.post("/v1/registry", json=entry)
    assert first.status_code == 201 and first.json()["dispute_id"] == "a"
    assert [one["person_id"] for one in centre.get("/v1/visits").json()["visits"]] == ["p-a"]
    for wrong, field in (({"person_id": "nobody"}, "person_id"), ({"dispute_id": "nobody"}, "dispute_id")):
        answer = centre.post("/v1/registry", json=entry | wrong)
        assert answer.status_code == 422 and field in {e["field"] for e in answer.json()["errors"]}
    why = {"reason": "双方已和解"}
    early = centre.post("/v1/registry/r1/leave", json={"left_at": now(hours=5), **why})
    assert early.status_code == 422 and early.json()["errors"][0]["field"] == "left_at"
    for unsaid in ({}, {"reason": ""}, {"reason": " \n"}, {"reason": None}):
        answer = centre.post("/v1/registry/r1/leave", json=unsaid)
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "reason"
    left = centre.post("/v1/registry/r1/leave", json=why)
    assert left.status_code == 201 and centre.get("/v1/visits").json()["visits"] == []
    again = centre.post("/v1/registry/r1/leave", json=why)
    assert again.status_code == 200 and again.content == left.content
    assert centre.post("/v1/registry/r1/leave", json={"left_at": now(seconds=20), **why}).status_code == 409
    assert centre.post("/v1/registry/nobody/leave", json=why).status_code == 404
    # the entry sent again, its answer having been lost: it doesn't enter anew
    late = centre.post("/v1/registry", json=entry)
    assert late.status_code == 200 and late.content == first.content and count(store, "registry") == 2
    assert centre.post("/v1/registry", json=entry | {"category": "other"}).status_code == 409


def test_a_worker_tells_what_was_found_and_the_case_is_assessed_anew(
    client: TestClient, store: Store
) -> None:
    client.post("/v1/cases", json=case("a"))
    client.post("/v1/cases", json=case("far", grid="g2"))
    mine = key_of(store, "worker", worker_id="w1")
    visit: dict[str, Any] = {
        "visit_id": "v1", "person_id": "p-a", "worker_id": "w1", "at": now(), "contact": True,
        "finding": "worse", "text": "男方拎着汽油上门", "weapon_seen": True,
    }  # fmt: skip
    first = client.post("/v1/visits", json={"visits": [visit]}, headers=mine)
    assert first.status_code == 201 and first.json() == {"visits": ["v1"], "cases": ["a"]}
    again = client.post("/v1/visits", json={"visits": [visit]}, headers=mine)
    assert again.status_code == 200 and again.content == first.content and count(store, "visits") == 1
    answers = client.get("/v1/cases/a/assessments").json()["assessments"]
    assert [one["colour"] for one in answers] == ["none", "red"]
    assert (
        client.post("/v1/visits", json={"visits": [visit | {"finding": "calm"}]}, headers=mine).status_code
        == 409
    )
    far = visit | {"visit_id": "v2", "person_id": "p-far"}
    assert client.post("/v1/visits", json={"visits": [far]}, headers=mine).status_code == 403
    others = client.post(
        "/v1/visits", json={"visits": [visit | {"visit_id": "v3", "worker_id": "w2"}]}, headers=mine
    )
    assert others.status_code == 422 and others.json()["errors"][0]["field"] == "visits[0].worker_id"
    centre = key_of(store, "centre")
    gone = client.post(
        "/v1/visits", json={"visits": [visit | {"visit_id": "v4", "person_id": "p9"}]}, headers=centre
    )
    assert gone.status_code == 422
    with store.snapshot() as conn:
        assert conn.execute(sa.text("SELECT COUNT(*) FROM visits")).scalar_one() == 1
