"""What a phone brings back, as its script sends it: kept once, and whoever has to choose is asked first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browsing import Person, person, service
from fastapi.testclient import TestClient
from httpx import Response
from small_district import case, count, key_of

from docket.store import Store
from docket.times import now_micros

AT = (datetime.now(UTC) - timedelta(hours=2)).isoformat()


@pytest.fixture
def pages(store: Store) -> Iterator[TestClient]:
    with service(store) as made:
        assert made.post("/v1/cases", json=case("a"), headers=key_of(store, "dispatch")).status_code == 201
        yield made


def bring(who: Person, **fields: str) -> Response:
    form = {"visit_id": "v1", "person_id": "p-a", "found": "calm", "at": AT, **fields}
    return who.http.post("/visits", data={"csrf": who.token, **form}, headers={"Accept": "application/json"})


def elsewhere(pages: TestClient, store: Store, name: str = "other") -> None:
    visit: dict[str, Any] = {
        "visit_id": name, "person_id": "p-a", "worker_id": "w2", "at": AT, "contact": True, "finding": "worse",
        "text": "另一人所见",
    }  # fmt: skip
    answer = pages.post("/v1/visits", json={"visits": [visit]}, headers=key_of(store, "centre"))
    assert answer.status_code == 201, answer.text


def test_a_finding_is_kept_with_its_own_time_and_a_repeat_changes_nothing(
    pages: TestClient, store: Store
) -> None:
    worker = person(pages, store, "worker")
    first, again = bring(worker), bring(worker)
    assert (first.status_code, first.json()) == (200, {"outcome": "kept", "other": None})
    assert (again.status_code, again.json()["outcome"]) == (200, "before")
    assert count(store, "visits") == 1


def test_the_same_visit_told_otherwise_is_asked_about(pages: TestClient, store: Store) -> None:
    worker = person(pages, store, "worker")
    bring(worker)
    changed = bring(worker, found="tense")
    assert changed.status_code == 409 and changed.json()["outcome"] == "changed"
    other = changed.json()["other"]
    assert (other["contact"], other["finding"], other["mine"]) == (True, "calm", True)
    assert count(store, "visits") == 1


def test_who_was_visited_since_the_list_was_made_is_asked_about(pages: TestClient, store: Store) -> None:
    worker = person(pages, store, "worker")
    listed = str(now_micros())
    elsewhere(pages, store)
    asked = bring(worker, listed_at=listed)
    assert asked.status_code == 409 and asked.json()["outcome"] == "visited"
    assert asked.json()["other"]["finding"] == "worse" and asked.json()["other"]["mine"] is False
    assert "另一人所见" not in asked.text and count(store, "visits") == 1
    both = bring(worker, listed_at=listed, both="yes")
    assert (both.status_code, both.json()["outcome"]) == (200, "kept") and count(store, "visits") == 2
    # a list that was made since has nothing against another visit
    elsewhere(pages, store, "earlier")
    assert bring(worker, visit_id="v2", listed_at=str(now_micros())).json()["outcome"] == "kept"


@pytest.mark.parametrize(
    ("found", "contact", "finding", "text"),
    [
        ("worse", True, "worse", "门口有刀"),
        ("absent", False, "unknown", "门口有刀"),
        ("refused", False, "unknown", "对方拒绝见面，门口有刀"),
        ("moved", False, "unknown", "对方已搬离此处，门口有刀"),
    ],
)
def test_one_tap_says_what_the_contract_can_hold(
    pages: TestClient, store: Store, found: str, contact: bool, finding: str, text: str
) -> None:
    worker = person(pages, store, "worker")
    assert (
        bring(worker, found=found, text="门口有刀", weapon_seen="yes", referred_to="派出所").status_code
        == 200
    )
    with store.snapshot() as conn:
        row = conn.exec_driver_sql(
            "SELECT contact, finding, text, weapon_seen, referred_to FROM visits"
        ).one()
    assert (bool(row[0]), row[1], row[2], bool(row[3]), row[4]) == (contact, finding, text, True, "派出所")


def test_what_can_not_be_kept_is_told_as_a_page_that_says_why(pages: TestClient, store: Store) -> None:
    worker = person(pages, store, "worker")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for fields in ({"found": ""}, {"found": "red"}, {"at": later}, {"at": "soon"}, {"text": "x" * 200_000}):
        refused = bring(worker, **fields)
        assert refused.status_code == 422 and 'role="alert"' in refused.text, fields
    assert bring(worker, person_id="nobody").status_code in (403, 422)
    assert count(store, "visits") == 0


def test_the_list_is_a_file_for_the_worker_alone(pages: TestClient, store: Store) -> None:
    worker = person(pages, store, "worker")
    told = worker.get("/visits/list.csv")
    assert told.status_code == 200 and "p-a" in told.text
    assert told.headers["content-disposition"].startswith("attachment")
    assert worker.get("/visits/list.xlsx").content[:2] == b"PK"
    assert worker.get("/visits/list.html").status_code == 404
