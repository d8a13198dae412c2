"""A worker is away: others go instead, and who is visited stays as it was planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from browsing import Person, person, service
from fastapi.testclient import TestClient
from httpx import Response
from small_district import case, count, key_of

from docket.store import Store
from docket.store.metadata import AUDIT_LOG, PLANNED_VISITS


@pytest.fixture
def centre(store: Store) -> Iterator[TestClient]:
    with service(store) as made:
        made.headers.update(key_of(store, "centre", area="community:c1"))
        for number in range(6):
            assert made.post("/v1/cases", json=case(f"v{number}")).status_code == 201
        yield made


def move(http: TestClient, to: str, *people: str, of: str = "w1", why: str = "当日请假") -> Response:
    body = {"worker_id": of, "to_worker_id": to, "reason": why}
    return http.post("/v1/visits:move", json=body | ({"people": list(people)} if people else {}))


def lists(http: TestClient) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for visit in http.get("/v1/visits").json()["visits"]:
        found.setdefault(visit["worker_id"], []).append(visit)
    return found


def people(visits: list[dict[str, Any]]) -> list[str]:
    return [visit["person_id"] for visit in visits]


def walker(centre: TestClient, store: Store, worker: str) -> Person:
    key = key_of(store, "worker", worker_id=worker)["Authorization"].split()[1]
    made = Person(centre, key)
    assert made.log_in().status_code == 303
    return made


def plan(store: Store) -> list[Any]:
    with store.snapshot() as conn:
        return list(conn.execute(sa.select(PLANNED_VISITS).order_by(PLANNED_VISITS.c.person_id)))


def test_another_goes_and_the_plan_with_its_chances_stays(centre: TestClient, store: Store) -> None:
    before = people(lists(centre)["w1"])
    kept = plan(store)
    first, *others = before
    assert move(centre, "w3", first).status_code == 201
    after = lists(centre)
    assert people(after["w1"]) == others and people(after["w3"]) == [first]
    (told,) = after["w3"]
    assert (told["moved_from"], told["moved_because"], told["rank"]) == ("w1", "当日请假", 1)
    assert all(visit["moved_from"] is None for visit in after["w1"])
    own = centre.get("/v1/visits", headers=key_of(store, "worker", worker_id="w3")).json()["visits"]
    assert people(own) == [first]
    assert move(centre, "w3").status_code == 201  # and now the whole list
    assert sorted(people(lists(centre)["w3"])) == sorted(before) and "w1" not in lists(centre)
    # what comes onto the list later in the day goes the same way
    late = case("late", "对方持刀上门，扬言杀他全家。")
    assert centre.post("/v1/cases", json=late).json()["colour"] == "red"
    assert people(lists(centre)["w3"])[0] == "p-late"
    assert move(centre, "w1", why="已返岗").status_code == 201  # back: but for what was given singly
    assert first in people(lists(centre)["w3"]) and len(lists(centre)["w3"]) == 1
    assert plan(store) == kept and {row.worker_id for row in kept} == {"w1"}
    with store.snapshot() as conn:
        done = sa.select(AUDIT_LOG).where(AUDIT_LOG.c.action == "assign").order_by(AUDIT_LOG.c.seq)
        logged = conn.execute(done).all()
    assert [row.case_id for row in logged] == [
        first[2:], *(name[2:] for name in others), None
    ] and "请假" not in str(logged)  # fmt: skip


def test_a_day_holds_no_more_visits_for_who_pays_them(centre: TestClient, store: Store) -> None:
    move(centre, "w3")
    other = walker(centre, store, "w3")
    page = other.get("/visits").text
    assert page.count("代 w1 走访") == 3 and "当日请假" in page
    (listed,) = lists(centre).values()
    now = datetime.now(UTC).isoformat()
    found = {"visit_id": "v1", "person_id": listed[0]["person_id"], "found": "calm", "at": now}
    assert other.send("/visits", found).status_code == 303
    # two are left of three, though the plan made anew has found somebody else for the place
    assert other.get("/visits").text.count("代 w1 走访") == 2
    away = walker(centre, store, "w1").get("/visits").text
    assert "今天的走访由 w3 代走：当日请假" in away and away.count("→ w3") == 2


def test_whoever_cannot_go_is_refused_and_nothing_is_kept(centre: TestClient, store: Store) -> None:
    first, *_ = people(lists(centre)["w1"])

    def refused(answer: Response, status: int, field: str | None) -> None:
        told = answer.json()
        assert answer.status_code == status, answer.text
        assert [one["field"] for one in told.get("errors", [])] == ([] if field is None else [field])

    refused(move(centre, "w2"), 422, "to_worker_id")  # of another community
    refused(move(centre, "w1", first), 422, "to_worker_id")
    refused(move(centre, "w3", "p-v0", "p-nobody"), 409, "people[1]")
    refused(move(centre, "w1"), 409, None)  # nobody else has the list
    refused(move(centre, "w1", of="w2"), 403, None)
    refused(move(centre, "w3", why=" "), 422, "reason")
    assert count(store, "visit_moves") == 0
    assert move(centre, "w3").status_code == 201
    refused(move(centre, "w3", why="另有理由"), 409, None)  # first take it back
    refused(move(centre, "w1", of="w3"), 422, "to_worker_id")  # who is away can't go for another
    assert count(store, "visit_moves") == 1


def test_the_community_moves_visits_on_its_page(centre: TestClient, store: Store) -> None:
    staff = person(centre, store, "centre", area="community:c1")
    first, *_ = people(lists(centre)["w1"])
    page = staff.get("/rounds").text
    assert "这里没有走访人员" in staff.get("/rounds", area="community:c2").text  # out of the key's area
    assert "走访安排" in page and f'value="{first}"' in page and "网格员 · 待访 3 户" in page
    form = {"area": "community:c1", "worker_id": "w1", "to_worker_id": "w3", "reason": "当日请假"}
    unsaid = staff.send("/rounds", form)
    assert unsaid.status_code == 422 and count(store, "visit_moves") == 0
    done = staff.send("/rounds", {**form, "person-1": first})
    assert done.headers["location"] == "/rounds?area=community%3Ac1&done=moved"
    page = staff.get("/rounds", area="community:c1").text
    assert "原由 w1 走访，改派理由：当日请假" in page and f"{first} → w3" in page
    staff.send("/rounds", {**form, "all": "yes"})
    page = staff.get("/rounds").text
    assert "整份名单由 w3 代走：当日请假" in page and "调解员 · 待访 3 户" in page
    staff.send("/rounds", {**form, "to_worker_id": "w1", "all": "yes", "reason": "已返岗"})
    assert "整份名单由" not in staff.get("/rounds").text
