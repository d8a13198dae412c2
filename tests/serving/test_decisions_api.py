"""What people decide about a case: its colour, its unit, and that it was none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from small_district import case, count, key_of

from docket.store import Store


@pytest.fixture
def centre(client: TestClient, store: Store) -> TestClient:
    client.headers.update(key_of(store, "centre"))
    return client


def event(name: str, text: str, kind: str = "police_call") -> dict[str, Any]:
    return {"events": [{"event_id": name, "at": datetime.now(UTC).isoformat(), "kind": kind, "text": text}]}


def test_a_decision_is_kept_beside_what_was_recommended(centre: TestClient) -> None:
    made = centre.post("/v1/cases", json=case("a")).json()
    path, seen = "/v1/cases/a/decision", {"assessment_id": made["assessment_id"]}
    assert made["colour"] == "none"
    unexplained = centre.put(path, json=seen | {"colour": "yellow"})
    assert unexplained.status_code == 422 and unexplained.json()["errors"][0]["field"] == "reason"
    confirmed = centre.put(path, json=seen | {"colour": "none"}).json()
    assert (confirmed["recommended"], confirmed["colour"], confirmed["reason"]) == ("none", "none", None)
    said = "当事人电话13800138000，多次上门"
    over = centre.put(path, json=seen | {"colour": "yellow", "reason": said})
    assert over.status_code == 200 and over.json()["recommended"] == "none"
    assert "13800138000" not in over.text
    known = centre.get("/v1/cases/a").json()
    assert [one["colour"] for one in known["decisions"]] == ["none", "yellow"]
    assert known["assessment"]["colour"] == "none"
    (listed,) = centre.get("/v1/cases", params={"colour": "yellow"}).json()["cases"]
    assert (listed["dispute_id"], listed["recommended"], listed["decided"]) == ("a", "none", True)
    assert centre.get("/v1/cases", params={"colour": "none"}).json()["cases"] == []


def test_a_decision_is_about_what_the_person_saw(centre: TestClient) -> None:
    first = centre.post("/v1/cases", json=case("a")).json()
    decision = {"assessment_id": first["assessment_id"], "colour": "blue", "reason": "要留意"}
    kept = centre.put("/v1/cases/a/decision", json=decision)
    centre.post("/v1/cases/a/events", json=event("e1", "男方拎着汽油上门"))
    late = centre.put("/v1/cases/a/decision", json=decision | {"colour": "none"})
    assert late.status_code == 409 and "anew" in late.json()["detail"]
    # the same again is no decision: it answers as it did
    assert centre.put("/v1/cases/a/decision", json=decision).content == kept.content
    other = centre.post("/v1/cases", json=case("b")).json()
    strange = decision | {"assessment_id": other["assessment_id"]}
    assert centre.put("/v1/cases/a/decision", json=strange).status_code == 422
    assert centre.put("/v1/cases/nobody/decision", json=decision).status_code == 404


def test_what_is_more_urgent_shows_again_and_only_people_lower_a_colour(
    centre: TestClient, store: Store
) -> None:
    first = centre.post("/v1/cases", json=case("a")).json()
    decision = {"assessment_id": first["assessment_id"], "colour": "yellow", "reason": "邻里反映紧张"}
    centre.put("/v1/cases/a/decision", json=decision)
    calm = centre.post("/v1/cases/a/events", json=event("e1", "双方已握手言和", "contacted")).json()
    assert calm["colour"] == "none"
    (listed,) = centre.get("/v1/cases").json()["cases"]
    assert (listed["colour"], listed["decided"]) == ("yellow", True)
    danger = centre.post("/v1/cases/a/events", json=event("e2", "男方拎着汽油上门")).json()
    assert danger["colour"] == "red"
    (listed,) = centre.get("/v1/cases").json()["cases"]
    assert (listed["colour"], listed["decided"]) == ("red", False)
    decision = {"assessment_id": danger["assessment_id"], "colour": "blue", "reason": "已核实，汽油为加车用"}
    assert centre.put("/v1/cases/a/decision", json=decision).status_code == 202
    agreed = {"assessment_id": danger["assessment_id"], "approve": True}
    second = key_of(store, "centre")
    assert centre.put("/v1/cases/a/decision/approval", json=agreed, headers=second).status_code == 200
    centre.post("/v1/cases/a/events", json=event("e3", "再次联系", "contacted"))
    (listed,) = centre.get("/v1/cases").json()["cases"]
    assert (listed["colour"], listed["recommended"], listed["decided"]) == ("blue", "red", True)


def test_which_unit_took_the_case_and_when(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    assert centre.get("/v1/cases/a").json()["unit"] is None
    at = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    first = centre.put("/v1/cases/a/unit", json={"unit": "东街派出所", "taken_at": at})
    again = centre.put("/v1/cases/a/unit", json={"unit": "东街派出所", "taken_at": at})
    assert first.status_code == again.status_code == 200 and first.content == again.content
    assert datetime.fromisoformat(first.json()["taken_at"]) == datetime.fromisoformat(at)
    centre.put("/v1/cases/a/unit", json={"unit": "甲社区调委会"})
    assert centre.get("/v1/cases/a").json()["unit"]["unit"] == "甲社区调委会"
    assert centre.get("/v1/cases").json()["cases"][0]["unit"]["unit"] == "甲社区调委会"
    assert count(store, "handlers") == 2
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert centre.put("/v1/cases/a/unit", json={"unit": "x", "taken_at": later}).status_code == 422


def test_a_withdrawn_case_counts_no_more_and_its_reason_is_kept(client: TestClient, store: Store) -> None:
    body = case("a", "家长扬言跳楼")
    first = client.post("/v1/cases", json=body)
    client.post("/v1/cases/a/events", json=event("e1", "已联系", "contacted"))
    centre = key_of(store, "centre")
    assert len(client.get("/v1/visits", headers=centre).json()["visits"]) == 1
    asked = {"reason": "误报，电话13800138000"}
    taken = client.post("/v1/cases/a/withdraw", json=asked)
    assert taken.status_code == 201 and "13800138000" not in taken.text
    again = client.post("/v1/cases/a/withdraw", json=asked)
    assert again.status_code == 200 and again.content == taken.content
    assert client.post("/v1/cases/a/withdraw", json={"reason": "别的"}).status_code == 409
    assert client.get("/v1/visits", headers=centre).json()["visits"] == []
    assert client.get("/v1/cases").json()["cases"] == []
    known = client.get("/v1/cases/a").json()
    assert known["withdrawn"] == taken.json() and known["dispute"]["text"] == "家长扬言跳楼"
    assert [one["event_id"] for one in known["events"]] == ["e1"]
    assert len(client.get("/v1/cases/a/assessments").json()["assessments"]) == 2
    assert client.post("/v1/cases/a/events", json=event("e2", "又来了")).status_code == 404
    # what was sent once is sent again: the answer of then, and no new case
    repeat = client.post("/v1/cases", json=body)
    assert repeat.status_code == 200 and repeat.content == first.content
    assert client.get("/v1/cases").json()["cases"] == [] and count(store, "intakes") == 1


def test_a_case_with_harm_or_in_the_registry_is_not_withdrawn(centre: TestClient) -> None:
    for name in ("a", "b", "c", "d"):
        centre.post("/v1/cases", json=case(name))
    now = datetime.now(UTC).isoformat()
    harm = {"outcome_id": "o1", "at": now, "kind": "violence", "severity": 2}
    centre.post("/v1/cases/a/outcomes", json={"outcomes": [harm]})
    entry = {"entry_id": "r1", "person_id": "p-b", "dispute_id": "b", "category": "other", "entered_at": now}
    centre.post("/v1/registry", json=entry)
    centre.post("/v1/cases/c/merge", json={"into": "d", "reason": "同一件事"})
    for name in ("a", "b", "c", "d"):
        assert centre.post(f"/v1/cases/{name}/withdraw", json={"reason": "误报"}).status_code == 409, name
        assert centre.get(f"/v1/cases/{name}").json()["withdrawn"] is None
