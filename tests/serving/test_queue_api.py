"""The queue: what comes next, how much there is, and what people make of what is recommended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from served import wait_for
from small_district import case, key_of
from walking import decide

from docket.store import Store
from docket.store.engine import MIGRATIONS
from docket.store.metadata import ASSESSMENTS, BOARD, DECISIONS, UNSCORED
from docket.times import SECOND
from serving.app import create_app
from serving.settings import Settings


@pytest.fixture
def centre(client: TestClient, store: Store) -> TestClient:
    client.headers.update(key_of(store, "centre"))
    return client


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["dispute_id"] for one in answer["cases"]]


def at(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def event(name: str, kind: str) -> dict[str, Any]:
    return {"events": [{"event_id": name, "at": at(0), "kind": kind}]}


def test_the_most_urgent_comes_first_and_of_those_what_is_due_first(centre: TestClient) -> None:
    for name, text, ago in (
        ("calm-new", "邻居楼上漏水", 0.1),
        ("calm-old", "邻居楼上漏水", 2),
        ("red", "扬言跳楼", 0.1),
    ):
        made = centre.post("/v1/cases", json=case(name, text, opened_at=at(3), recorded_at=at(ago)))
        assert made.status_code == 201
    queue = centre.get("/v1/queue").json()
    assert ids(queue) == ["red", "calm-old", "calm-new"]
    assert [one["overdue"] for one in queue["cases"]] == [False, True, False]
    assert [one["due"] for one in queue["cases"]] == ["respond"] * 3
    assert queue["counts"]["none"] == {"cases": 2, "overdue": 1, "undecided": 2}
    assert queue["counts"]["red"]["cases"] == 1 and queue["counts"]["blue"]["cases"] == 0
    assert ids(centre.get("/v1/queue?overdue=true").json()) == ["calm-old"]
    assert ids(centre.get("/v1/queue?colour=red").json()) == ["red"]
    assert ids(centre.get("/v1/queue?kind=divorce").json()) == []
    pages, cursor = [], None
    while True:
        page = centre.get("/v1/queue", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        pages += ids(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == ["red", "calm-old", "calm-new"]
    for broken in ("x", "WzEsMiwzXQ==", "WyJhIiwgMSwgIngiXQ=="):
        assert centre.get("/v1/queue", params={"cursor": broken}).status_code == 422


def test_what_happens_moves_a_case_and_closing_takes_it_out(centre: TestClient) -> None:
    centre.post("/v1/cases", json=case("a", opened_at=at(3), recorded_at=at(2)))
    centre.post("/v1/cases/a/events", json=event("e1", "contacted"))
    (one,) = centre.get("/v1/queue").json()["cases"]
    assert (one["due"], one["overdue"]) == ("classify", False)
    deadlines = {one["kind"]: one["met"] for one in centre.get("/v1/cases/a").json()["deadlines"]}
    assert deadlines == {"respond": True, "classify": False}
    centre.post("/v1/cases/a/events", json=event("e2", "handover"))
    (one,) = centre.get("/v1/queue").json()["cases"]
    assert (one["due"], one["due_at"]) == (None, None)
    centre.post("/v1/cases/a/events", json=event("e3", "closed"))
    assert ids(centre.get("/v1/queue").json()) == []
    assert centre.get("/v1/cases/a").json()["deadlines"] == []
    centre.post("/v1/cases/a/events", json=event("e4", "reopened"))
    assert ids(centre.get("/v1/queue").json()) == ["a"]


def test_a_key_of_an_area_sees_its_own_queue(centre: TestClient, store: Store) -> None:
    for name, grid in (("a", "g1"), ("b", "g2")):
        centre.post("/v1/cases", json=case(name, grid=grid))
    east = key_of(store, "centre", area="community:c1")
    seen = centre.get("/v1/queue", headers=east).json()
    assert ids(seen) == ["a"] and seen["counts"]["none"]["cases"] == 1
    assert ids(centre.get("/v1/queue?area=street:s2").json()) == ["b"]
    assert ids(centre.get("/v1/queue?area=street:s2", headers=east).json()) == []
    assert centre.get("/v1/queue?area=moon:1").status_code == 422


def test_lowering_a_red_case_waits_for_another_person(centre: TestClient, store: Store) -> None:
    red = centre.post("/v1/cases", json=case("a", "家长扬言跳楼")).json()
    path, seen = "/v1/cases/a/decision", {"assessment_id": red["assessment_id"]}
    unexplained = centre.put(path, json=seen | {"colour": "blue"})
    assert unexplained.status_code == 422 and unexplained.json()["errors"][0]["field"] == "reason"
    asked = centre.put(path, json=seen | {"colour": "blue", "reason": "已核实"})
    assert asked.status_code == 202 and asked.json()["state"] == "waiting"
    assert centre.put(path, json=seen | {"colour": "blue", "reason": "已核实"}).content == asked.content
    (one,) = centre.get("/v1/queue").json()["cases"]
    assert (one["colour"], one["decided"], one["waiting"]) == ("red", False, True)
    assert centre.get("/v1/cases/a").json()["lowering"]["colour"] == "blue"
    own = centre.put(f"{path}/approval", json=seen | {"approve": True})
    assert own.status_code == 403 and "Another person" in own.json()["detail"]
    other = key_of(store, "centre")
    silent = centre.put(f"{path}/approval", json=seen | {"approve": False}, headers=other)
    assert silent.status_code == 422
    no = seen | {"approve": False, "reason": "还要再看"}
    assert centre.put(f"{path}/approval", json=no, headers=other).json()["state"] == "refused"
    nothing = centre.put(f"{path}/approval", json=seen | {"approve": True}, headers=other)
    assert nothing.status_code == 409
    centre.put(path, json=seen | {"colour": "yellow", "reason": "已再次核实"})
    agreed = centre.put(f"{path}/approval", json=seen | {"approve": True}, headers=other).json()
    assert (agreed["state"], agreed["colour"]) == ("standing", "yellow")
    assert agreed["approved_by"] == other["Authorization"].split("_")[1] != agreed["by"]
    (one,) = centre.get("/v1/queue").json()["cases"]
    assert (one["colour"], one["decided"], one["waiting"]) == ("yellow", True, False)
    codes = [
        one["code"] for one in centre.get("/v1/cases/a/history").json()["course"] if one["what"] == "lowering"
    ]
    assert codes == ["refused", "approved"]


def test_another_decision_or_assessment_ends_what_waits(centre: TestClient, store: Store) -> None:
    red = centre.post("/v1/cases", json=case("a", "家长扬言跳楼")).json()
    path, seen = "/v1/cases/a/decision", {"assessment_id": red["assessment_id"]}
    other = key_of(store, "centre")
    centre.put(path, json=seen | {"colour": "blue", "reason": "已核实"})
    assert centre.put(path, json=seen | {"colour": "red"}).status_code == 200
    assert centre.put(f"{path}/approval", json=seen | {"approve": True}, headers=other).status_code == 409
    assert centre.put(path, json=seen | {"colour": "blue", "reason": "已核实"}).status_code == 202
    centre.post("/v1/cases/a/events", json=event("e1", "contacted"))
    late = centre.put(f"{path}/approval", json=seen | {"approve": True}, headers=other)
    assert late.status_code == 409 and "anew" in late.json()["detail"]
    (listed,) = centre.get("/v1/queue").json()["cases"]
    assert listed["colour"] == "red" and not listed["waiting"]  # there is nothing to agree to any more


def test_what_a_person_holds_urgent_is_not_put_aside_by_a_merge(centre: TestClient) -> None:
    red = centre.post("/v1/cases", json=case("a", "家长扬言跳楼")).json()
    centre.post("/v1/cases", json=case("b"))
    seen = {"assessment_id": red["assessment_id"]}
    assert centre.put("/v1/cases/a/decision", json=seen | {"colour": "red"}).status_code == 200
    aside = centre.post("/v1/cases/a/merge", json={"into": "b", "reason": "同一件事"})
    assert aside.status_code == 409 and "raise that one first" in aside.json()["detail"]
    other = centre.get("/v1/cases/b").json()["assessment"]["assessment_id"]
    raised = {"assessment_id": other, "colour": "red", "reason": "同一件事"}
    assert centre.put("/v1/cases/b/decision", json=raised).status_code == 200
    assert centre.post("/v1/cases/a/merge", json={"into": "b", "reason": "同一件事"}).status_code == 200


def test_what_was_decided_yellow_is_lowered_with_a_reason_alone(centre: TestClient) -> None:
    made = centre.post("/v1/cases", json=case("a")).json()
    seen = {"assessment_id": made["assessment_id"]}
    centre.put("/v1/cases/a/decision", json=seen | {"colour": "yellow", "reason": "邻里反映紧张"})
    # back to what is recommended, but lower than it stands
    assert centre.put("/v1/cases/a/decision", json=seen | {"colour": "none"}).status_code == 422
    lower = centre.put("/v1/cases/a/decision", json=seen | {"colour": "none", "reason": "已平息"})
    assert lower.status_code == 200 and lower.json()["state"] == "standing"


def test_practice_tells_how_often_and_how_long_and_not_who(centre: TestClient, store: Store) -> None:
    assert centre.get("/v1/practice").json()["all"] is None
    for name in ("a", "b", "c", "d"):
        centre.post("/v1/cases", json=case(name))
    blind = centre.get("/v1/cases").json()["cases"][0]  # the list shows no card: of this one no time is known
    body = {"assessment_id": blind["assessment_id"], "colour": "none"}
    centre.put(f"/v1/cases/{blind['dispute_id']}/decision", json=body)
    for name, colour in (("b", "none"), ("c", "none"), ("d", "yellow")):
        decide(centre, name, colour)  # which opens the case first
    with store.begin() as conn:  # as if the person had looked for a minute
        slow = sa.update(DECISIONS).where(DECISIONS.c.dispute_id == "b")
        conn.execute(slow.values(opened_at=DECISIONS.c.decided_at - 60 * SECOND))
    told = centre.get("/v1/practice").json()
    every = told["all"]
    assert (every["decisions"], every["unchanged"], every["raised"], every["lowered"]) == (4, 3, 1, 0)
    assert every["share"] == 0.75 and 0.19 < every["low"] < 0.2 and every["high"] > 0.99
    assert (every["timed"], every["quick"]) == (3, 2) and every["seconds"] < 60
    assert [one["recommended"] for one in told["by_colour"]] == ["none"]
    key = centre.headers["Authorization"].split("_")[1]
    assert key not in centre.get("/v1/practice").text
    west = key_of(store, "centre", area="grid:g2")
    assert centre.get("/v1/practice", headers=west).json()["all"] is None


def test_the_history_of_people_and_pair(centre: TestClient, store: Store) -> None:
    def pair(name: str, grid: str = "g1") -> dict[str, Any]:
        body = case(name, grid=grid)
        body["persons"] = [
            {"person_id": who, "birth_year": 1980, "sex": "male", "grid_id": "g1"} for who in ("p1", "p2")
        ]
        body["parties"] = [
            {"person_id": "p1", "role": "applicant", "relation": "neighbour"},
            {"person_id": "p2", "role": "respondent", "relation": "neighbour"},
        ]
        return body

    for name, grid in (("old", "g1"), ("far", "g2"), ("new", "g1")):
        assert centre.post("/v1/cases", json=pair(name, grid)).status_code == 201
    harm = {"outcomes": [{"outcome_id": "o1", "at": at(0), "kind": "violence", "severity": 2}]}
    centre.post("/v1/cases/old/outcomes", json=harm)
    visit = {
        "visit_id": "v1",
        "person_id": "p2",
        "worker_id": "w1",
        "at": at(0),
        "contact": True,
        "finding": "tense",
    }
    assert centre.post("/v1/visits", json={"visits": [visit]}).status_code == 201
    told = centre.get("/v1/cases/new/history").json()
    first = told["people"][0]
    assert {one["dispute_id"]: one["harms"] for one in first["disputes"]} == {"old": 1, "far": 0}
    assert sorted(told["pair"]) == ["far", "old"]
    assert [one["code"] for one in told["course"] if one["what"] == "visit"] == ["tense"]
    assert told["people"][1]["visits"] == 1
    entry = {
        "entry_id": "r1",
        "person_id": "p1",
        "dispute_id": "far",
        "category": "other",
        "entered_at": at(0),
    }
    assert centre.post("/v1/registry", json=entry).status_code == 201
    assert len(centre.get("/v1/cases/new/history").json()["people"][0]["entries"]) == 1
    east = centre.get("/v1/cases/new/history", headers=key_of(store, "centre", area="street:s1")).json()
    assert east["pair"] == ["old"] and east["people"][0]["entries"] == []
    assert east["people"][1]["visits"] == 1


def test_a_store_of_before_gets_its_queue_with_the_migration(centre: TestClient, store: Store) -> None:
    for name, text in (
        ("a", "邻居楼上漏水"),
        ("b", "扬言跳楼"),
        ("c", "邻居楼上漏水"),
        ("d", "邻居楼上漏水"),
    ):
        centre.post("/v1/cases", json=case(name, text, opened_at=at(3), recorded_at=at(2)))
    centre.post("/v1/cases/c/events", json=event("e1", "closed"))
    visit = {
        "visit_id": "v1",
        "person_id": "p-d",
        "worker_id": "w1",
        "at": at(0),
        "contact": True,
        "finding": "calm",
    }
    centre.post("/v1/visits", json={"visits": [visit]})
    order = sa.select(BOARD.c.dispute_id, BOARD.c.urgency, BOARD.c.due_at, BOARD.c.due_kind, BOARD.c.closed)
    with store.begin() as conn:
        before = conn.execute(order.order_by(BOARD.c.dispute_id)).all()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = conn
        command.downgrade(config, "0011")
        command.upgrade(config, "head")
        assert conn.execute(order.order_by(BOARD.c.dispute_id)).all() == before
    assert [row.due_kind for row in before] == ["respond", "respond", None, "classify"]


def test_open_disputes_of_a_load_are_queued_where_it_is_asked_for(store: Store) -> None:
    with TestClient(create_app(Settings(store=store.url, model=""))) as first:
        first.headers.update(key_of(store, "centre"))
        first.post("/v1/cases", json=case("a"))
        first.post("/v1/cases", json=case("b"))
        first.post("/v1/cases/b/events", json=event("e1", "closed"))
    with store.begin() as conn:  # as a load leaves them: rows, and no assessment
        for table in (BOARD, ASSESSMENTS, UNSCORED):
            conn.execute(sa.delete(table))
    settings = Settings(store=store.url, model="", queue_open=True, catch_up_every=0.05)
    with TestClient(create_app(settings)) as later:
        later.headers.update(key_of(store, "centre"))
        wait_for("the open dispute is queued", lambda: ids(later.get("/v1/queue").json()) == ["a"])
