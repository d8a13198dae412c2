"""Duplicates by HTTP: proposed, merged, parted, refused; on both databases, without a model."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from small_district import case, count, key_of

from docket.store import Store
from docket.store.locking import alone
from serving.app import create_app
from serving.settings import Settings

TEXT = "楼上卫生间漏水把天花板泡坏，双方多次协商赔偿未果，昨晚又在楼道争吵。"
AGAIN = "来电称楼上卫生间漏水把天花板泡坏，多次协商赔偿未果，昨晚又争吵。"


@pytest.fixture
def centre(store: Store) -> dict[str, str]:
    return key_of(store, "centre")


def same(name: str, of: str, text: str = AGAIN, grid: str = "g1", **more: Any) -> dict[str, Any]:
    """Another case of the same applicant."""
    body = case(name, text, grid=grid, source="hotline_12345", **more)
    return body | {"persons": [], "parties": [{**body["parties"][0], "person_id": f"p-{of}"}]}


def two(client: TestClient) -> dict[str, Any]:
    assert client.post("/v1/cases", json=case("a", TEXT)).status_code == 201
    answer = client.post("/v1/cases", json=same("b", "a"))
    assert answer.status_code == 201
    return dict(answer.json())


def event(name: str, kind: str = "contacted") -> dict[str, Any]:
    return {"event_id": name, "at": datetime.now(UTC).isoformat(), "kind": kind, "text": "已联系"}


def join(client: TestClient, header: dict[str, str], one: str, into: str) -> Any:
    body = {"into": into, "reason": "同一申请人两次报同一件事"}
    return client.post(f"/v1/cases/{one}/merge", json=body, headers=header)


def part(client: TestClient, header: dict[str, str], one: str) -> Any:
    return client.post(f"/v1/cases/{one}/unmerge", json={"reason": "不是一回事"}, headers=header)


def test_the_same_dispute_through_another_door_is_proposed_and_not_merged(client: TestClient) -> None:
    got = two(client)
    (found,) = got["duplicates"]
    assert found["dispute_id"] == "a" and found["probability"] > 0.5
    assert found["why"] == "同一申请人、同一网格、同类纠纷、同日登记、文字相近、来自不同渠道"
    assert client.get("/v1/cases/b").json()["merged_into"] is None
    # The earlier of the two tells of the later one when it's looked at, not in the answer it was given.
    first = client.get("/v1/cases/a").json()
    assert [one["dispute_id"] for one in first["duplicates"]] == ["b"]
    assert first["assessment"]["duplicates"] == []
    other = case("z", "借款到期不还，多次催要无果，对方关机。", kind="debt")
    assert client.post("/v1/cases", json=other).json()["duplicates"] == []


def test_a_merged_case_counts_for_the_other_and_says_so(
    client: TestClient, store: Store, centre: dict[str, str]
) -> None:
    two(client)
    client.post("/v1/cases/b/events", json={"events": [event("e1", "police_call")]})
    answer = join(client, centre, "b", "a")
    assert answer.status_code == 200
    done = answer.json()
    assert (done["dispute_id"], done["into_id"], done["undone_at"]) == ("b", "a", None)
    assert done["probability"] > 0.5 and done["assessment"]["dispute_id"] == "a"
    gone, kept = (client.get(f"/v1/cases/{name}").json() for name in "ba")
    assert gone["merged_into"] == "a" and gone["duplicates"] == [] and gone["dispute"]["text"] == AGAIN
    assert [row["event_id"] for row in gone["events"]] == ["e1"]  # as it was until then
    assert kept["merged"] == ["b"] and kept["merged_into"] is None and kept["duplicates"] == []
    assert {row["kind"] for row in kept["events"]} == {"police_call", "repeat_report"}
    (repeat,) = [row for row in kept["events"] if row["kind"] == "repeat_report"]
    assert repeat["source"] == "hotline_12345" and "漏水" in repeat["text"]
    assert count(store, "disputes") == 3  # two cases and the version that withdraws one


def test_what_happens_in_a_merged_case_happens_in_the_other(
    client: TestClient, centre: dict[str, str]
) -> None:
    two(client)
    before = client.post("/v1/cases/b/events", json={"events": [event("e1")]})
    assert before.status_code == 201
    body = {"events": [event("e2", "police_call") | {"text": "男方拎着汽油上门"}]}
    join(client, centre, "b", "a")
    answer = client.post("/v1/cases/b/events", json=body)
    assert answer.status_code == 201
    assert answer.json()["dispute_id"] == "a" and answer.json()["colour"] == "red"
    again = client.post("/v1/cases/b/events", json=body)
    assert again.status_code == 200 and again.content == answer.content
    assert {row["event_id"] for row in client.get("/v1/cases/a").json()["events"]} >= {"e1", "e2"}


def test_a_report_from_before_the_merge_that_is_sent_again_is_no_conflict(
    client: TestClient, store: Store, centre: dict[str, str]
) -> None:
    two(client)
    body = {"events": [event("e1")]}
    client.post("/v1/cases/b/events", json=body)
    join(client, centre, "b", "a")
    rows = count(store, "events")
    assert client.post("/v1/cases/b/events", json=body).status_code == 200
    assert count(store, "events") == rows


def test_a_case_that_was_merged_answers_its_repeat_as_before(
    client: TestClient, centre: dict[str, str]
) -> None:
    client.post("/v1/cases", json=case("a", TEXT))
    body = same("b", "a")
    first = client.post("/v1/cases", json=body)
    join(client, centre, "b", "a")
    again = client.post("/v1/cases", json=body)
    assert again.status_code == 200 and again.content == first.content
    assert client.get("/v1/cases/b").json()["merged_into"] == "a"
    assert client.post("/v1/cases", json=same("b", "a", "别的话")).status_code == 409


def test_parting_gives_back_what_was(client: TestClient, centre: dict[str, str]) -> None:
    two(client)
    client.post("/v1/cases/b/events", json={"events": [event("e1")]})
    before = {name: client.get(f"/v1/cases/{name}").json() for name in "ab"}
    join(client, centre, "b", "a")
    client.post("/v1/cases/a/events", json={"events": [event("e9")]})
    answer = part(client, centre, "b")
    assert answer.status_code == 200
    assert answer.json()["undone_at"] and answer.json()["assessment"]["dispute_id"] == "b"
    after = {name: client.get(f"/v1/cases/{name}").json() for name in "ab"}
    assert after["b"]["merged_into"] is None and after["a"]["merged"] == []

    def told(one: dict[str, Any], table: str) -> list[Any]:
        return [{**row, "recorded_at": None} for row in one[table]]

    for name in "ab":
        assert told(after[name], "parties") == told(before[name], "parties")
        assert {**after[name]["dispute"], "recorded_at": None} == {
            **before[name]["dispute"],
            "recorded_at": None,
        }
    assert told(after["b"], "events") == told(before["b"], "events")
    assert [row["event_id"] for row in after["a"]["events"]] == ["e9"]


def test_chains_end_where_things_count(client: TestClient, centre: dict[str, str]) -> None:
    two(client)
    client.post("/v1/cases", json=same("c", "a"))
    assert join(client, centre, "c", "b").status_code == 200
    assert join(client, centre, "b", "a").status_code == 200
    assert client.get("/v1/cases/c").json()["merged_into"] == "a"
    assert client.post("/v1/cases/c/events", json={"events": [event("e1")]}).json()["dispute_id"] == "a"
    refused = part(client, centre, "c")
    assert refused.status_code == 409 and refused.json()["type"] == "urn:anlan:problem:merge-refused"
    assert part(client, centre, "b").status_code == part(client, centre, "c").status_code == 200


def test_what_can_not_be_merged_is_refused_with_the_reason(
    client: TestClient, centre: dict[str, str]
) -> None:
    two(client)
    client.post("/v1/cases", json=case("c", TEXT))
    assert join(client, centre, "a", "a").json()["detail"] == "A case can't be merged into itself."
    unknown = join(client, centre, "a", "nobody")
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["field"] == "into"
    assert join(client, centre, "nobody", "a").status_code == 404
    assert part(client, centre, "a").json()["detail"] == "The case isn't merged into another."
    blank = client.post("/v1/cases/b/merge", json={"into": "a", "reason": "  "}, headers=centre)
    assert blank.status_code == 422 and blank.json()["errors"][0]["field"] == "reason"
    first = join(client, centre, "b", "a")
    assert first.status_code == 200 and join(client, centre, "b", "a").content == first.content
    other = client.post("/v1/cases/b/merge", json={"into": "a", "reason": "另一个理由"}, headers=centre)
    assert other.status_code == 409
    for one, into, at_fault in (("b", "c", "dispute_id"), ("c", "b", "into"), ("a", "b", "into")):
        answer = join(client, centre, one, into)
        assert answer.json()["errors"] == [{"field": at_fault, "reason": "was merged before"}]
        assert answer.status_code == 409 and answer.headers["content-type"] == "application/problem+json"
        assert '"b"' not in answer.text and "a," not in answer.json()["detail"]
    complaint = case("o", TEXT)
    complaint["parties"][0]["relation"] = "authority"
    client.post("/v1/cases", json=complaint)
    assert "authority" in join(client, centre, "o", "c").json()["detail"]


def test_only_the_centre_merges_and_only_in_its_area(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("a", TEXT))
    far = client.post("/v1/cases", json=same("b", "a", grid="g2"))
    assert [one["dispute_id"] for one in far.json()["duplicates"]] == ["a"]  # the key reaches both streets
    for scope, more in (("dispatch", {}), ("worker", {"worker_id": "w1"}), ("analyst", {}), ("audit", {})):
        assert join(client, key_of(store, scope, **more), "b", "a").status_code == 403
    east, west = (key_of(store, "centre", area=f"street:{street}") for street in ("s1", "s2"))
    assert join(client, east, "b", "a").status_code == 404
    assert join(client, west, "b", "a").json()["errors"][0]["field"] == "into"
    seen = client.get("/v1/cases/b", headers=west).json()
    assert seen["duplicates"] == [] and seen["assessment"]["duplicates"] == []
    assert client.post("/v1/cases", json=same("b", "a", grid="g2"), headers=west).status_code in (200, 409)
    whole = key_of(store, "centre")
    assert join(client, whole, "b", "a").status_code == 200
    assert client.get("/v1/cases/a", headers=east).json()["merged"] == []
    assert client.get("/v1/cases/b", headers=east).status_code == 404
    sent = client.post(
        "/v1/cases/b/events",
        json={"events": [event("e1")]},
        headers=key_of(store, "dispatch", area="street:s2"),
    )
    assert sent.status_code == 403 and "outside" in sent.json()["detail"]
    assert part(client, west, "b").status_code == 404
    assert part(client, whole, "b").status_code == 200


def test_a_repeat_shows_a_narrower_key_no_proposal_from_elsewhere(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("a", TEXT))
    body = same("b", "a", grid="g2")
    first = client.post("/v1/cases", json=body)
    west = client.post("/v1/cases", json=body, headers=key_of(store, "dispatch", area="street:s2"))
    assert west.status_code == 200 and west.json() == first.json() | {"duplicates": []}
    assert client.post("/v1/cases", json=body).content == first.content


def test_merges_that_race_make_one(client: TestClient, centre: dict[str, str]) -> None:
    two(client)
    with ThreadPoolExecutor(4) as pool:
        pairs = [("a", "b"), ("b", "a"), ("b", "a"), ("a", "b")]
        answers = list(pool.map(lambda pair: join(client, centre, *pair), pairs))
    # One way wins; who asked for the same is told the same.
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1


# SQLite has one writer: there the second waits.
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_merge_beside_a_load_is_asked_to_come_again(
    client: TestClient, store: Store, centre: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    two(client)
    monkeypatch.setattr("docket.store.locking._TRIES", 2)
    with store.begin() as conn:
        alone(conn)
        answer = join(client, centre, "b", "a")
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert join(client, centre, "b", "a").status_code == 200


@pytest.fixture
def by_rule(store: Store) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(store=store.url, model="", merge_above=0.5))) as made:
        made.headers.update(key_of(store, "dispatch"))
        yield made


def test_by_rule_only_where_the_setting_says_so(by_rule: TestClient, store: Store) -> None:
    got = two(by_rule)
    assert got["dispute_id"] == "b" and [one["dispute_id"] for one in got["duplicates"]] == ["a"]
    assert by_rule.get("/v1/cases/b").json()["merged_into"] == "a"
    unlike = same("c", "a", "借款到期不还，对方关机。", kind="debt")
    unlike["dispute"]["opened_at"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    by_rule.post("/v1/cases", json=unlike)
    assert by_rule.get("/v1/cases/c").json()["merged_into"] is None
    assert part(by_rule, key_of(store, "centre"), "b").status_code == 200


def test_the_routes_are_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for word in ("merge", "unmerge"):
        told = paths[f"/v1/cases/{{dispute_id}}/{word}"]["post"]["responses"]
        assert {"200", "403", "404", "409", "422", "503"} <= set(told)
