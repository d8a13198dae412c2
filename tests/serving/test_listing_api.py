"""Cases and assessments listed page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from small_district import case, key_of

from docket.store import Store


def pages(client: TestClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    (found,), cursor = [[]], None
    while True:
        page = client.get(path, params=asked | ({} if cursor is None else {"cursor": cursor})).json()
        found += page.get("cases", page.get("assessments"))
        cursor = page["next"]
        if cursor is None:
            return found


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["dispute_id"] for one in found]


def test_cases_are_listed_by_colour_area_and_since_page_by_page(client: TestClient, store: Store) -> None:
    for number in range(4):
        client.post("/v1/cases", json=case(f"c{number}", grid="g1" if number % 2 else "g2"))
    client.post("/v1/cases", json=case("red", "家长扬言跳楼"))
    everything = pages(client, "/v1/cases", limit=2)
    assert names(everything) == ["c0", "c1", "c2", "c3", "red"]
    assert "text" not in everything[0] and "漏水" not in str(everything)
    assert names(pages(client, "/v1/cases", limit=1, colour="none")) == ["c0", "c1", "c2", "c3"]
    assert names(pages(client, "/v1/cases", colour="red")) == ["red"]
    assert names(pages(client, "/v1/cases", area="street:s2", limit=1)) == ["c0", "c2"]
    assert names(pages(client, "/v1/cases", area="grid:nowhere")) == []
    since = everything[3]["changed_at"]
    assert names(pages(client, "/v1/cases", since=since, limit=1)) == ["c3", "red"]
    client.headers.update(key_of(store, "centre", area="community:c1"))
    assert names(pages(client, "/v1/cases", limit=1)) == ["c1", "c3", "red"]
    assert names(pages(client, "/v1/cases", area="street:s2")) == []


def test_a_case_that_changes_comes_again_at_the_end(client: TestClient) -> None:
    for name in ("a", "b", "c"):
        client.post("/v1/cases", json=case(name))
    first = client.get("/v1/cases", params={"limit": 2}).json()
    assert names(first["cases"]) == ["a", "b"]
    event = {
        "event_id": "e1",
        "at": datetime.now(UTC).isoformat(),
        "kind": "police_call",
        "text": "男方拎着汽油上门",
    }
    client.post("/v1/cases/a/events", json={"events": [event]})
    rest = client.get("/v1/cases", params={"cursor": first["next"]}).json()
    assert names(rest["cases"]) == ["c", "a"] and rest["next"] is None
    assert rest["cases"][1]["colour"] == "red"


def test_a_merged_case_is_listed_as_the_one_it_counts_for(client: TestClient, store: Store) -> None:
    centre = key_of(store, "centre")
    for name in ("a", "b"):
        client.post("/v1/cases", json=case(name))
    client.post("/v1/cases/a/merge", json={"into": "b", "reason": "同一件事"}, headers=centre)
    assert names(pages(client, "/v1/cases")) == ["b"]
    client.post("/v1/cases/a/unmerge", json={"reason": "是两件事"}, headers=centre)
    assert sorted(names(pages(client, "/v1/cases"))) == ["a", "b"]


def test_assessments_are_listed_as_they_were_answered(client: TestClient) -> None:
    answers = [client.post("/v1/cases", json=case("a")).json()]
    for number in range(4):
        event = {"event_id": f"e{number}", "at": datetime.now(UTC).isoformat(), "kind": "contacted"}
        answers.append(client.post("/v1/cases/a/events", json={"events": [event]}).json())
    assert pages(client, "/v1/cases/a/assessments", limit=2) == answers
    assert client.get("/v1/cases/nobody/assessments").status_code == 404


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/a/assessments"])
@pytest.mark.parametrize("cursor", ["", "x", "bnVsbA==", "WzEsMl0=", "W10=", "[1,2]", "a" * 2_000, "é"])
def test_a_cursor_that_nobody_gave_is_refused(client: TestClient, path: str, cursor: str) -> None:
    client.post("/v1/cases", json=case("a"))
    answer = client.get(path, params={"cursor": cursor})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "cursor"


def test_what_is_no_filter_is_refused(client: TestClient) -> None:
    for asked, field in (
        ({"colour": "green"}, "colour"), ({"area": "street"}, "area"), ({"area": "city:1"}, "area"),
        ({"since": "yesterday"}, "since"), ({"limit": 0}, "limit"), ({"limit": 1001}, "limit"),
    ):  # fmt: skip
        answer = client.get("/v1/cases", params=asked)
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
