"""Slips: issued after a person's decision, step by step, by whoever reaches the case."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from small_district import case, count, key_of
from walking import decide

from docket.store import Store

ORDER = ("acknowledged", "handled", "reviewed", "closed")


@pytest.fixture
def centre(client: TestClient, store: Store) -> TestClient:
    client.headers.update(key_of(store, "centre"))
    return client


def test_a_slip_says_who_took_which_step_when(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    decide(centre, "a", "yellow")
    asked = {"unit": "东街派出所", "note": "联系当事人，电话13800138000"}
    made = centre.post("/v1/cases/a/slips", json=asked)
    assert made.status_code == 201 and "13800138000" not in made.text
    slip = made.json()
    assert (slip["state"], slip["colour"], slip["unit"]) == ("issued", "yellow", "东街派出所")
    other = key_of(store, "centre")
    for place, state in enumerate(ORDER):
        path = f"/v1/slips/{slip['slip_id']}/steps"
        for wrong in ("issued", *ORDER):
            if wrong != state:
                refused = centre.post(path, json={"state": wrong, "note": "x"})
                assert refused.status_code == (422 if wrong == "issued" else 409), (state, wrong)
                assert wrong == "issued" or f"next step is {state}" in refused.json()["detail"]
        done = centre.post(path, json={"state": state, "note": "已办"}, headers=other)
        assert done.status_code == 201 and done.json()["state"] == state
        assert [step["state"] for step in done.json()["steps"]] == ["issued", *ORDER[: place + 1]]
        # the same again is no second step and answers as the first did; said otherwise it is refused
        again = centre.post(path, json={"state": state, "note": "已办"}, headers=other)
        assert again.status_code == 200 and again.content == done.content
        assert centre.post(path, json={"state": state, "note": "另办"}, headers=other).status_code == 409
    closed = centre.get(f"/v1/slips/{slip['slip_id']}").json()
    assert [step["by"] for step in closed["steps"][1:]] == [other["Authorization"].split("_")[1]] * 4
    after = centre.post(f"/v1/slips/{slip['slip_id']}/steps", json={"state": "closed"})
    assert after.status_code == 409 and "no step follows" in after.json()["detail"]
    history = centre.get("/v1/cases/a/history").json()["course"]
    assert [one["code"] for one in history if one["what"] == "slip"] == ["issued", *ORDER]


def test_nothing_is_issued_by_score_alone(centre: TestClient, store: Store) -> None:
    red = centre.post("/v1/cases", json=case("a", "家长扬言跳楼")).json()
    assert red["colour"] == "red"
    alone = centre.post("/v1/cases/a/slips", json={"unit": "东街派出所"})
    assert alone.status_code == 409 and "score alone" in alone.json()["detail"]
    centre.post("/v1/cases", json=case("b"))
    decide(centre, "b", "blue")
    assert centre.post("/v1/cases/b/slips", json={"unit": "东街派出所"}).status_code == 409
    decide(centre, "a", "red")
    assert centre.post("/v1/cases/a/slips", json={"unit": "东街派出所"}).status_code == 201
    twice = centre.post("/v1/cases/a/slips", json={"unit": "西街派出所"})
    assert twice.status_code == 409 and "close that one first" in twice.json()["detail"]
    assert count(store, "slips") == 1


def test_an_unsaid_step_is_refused_and_a_repeat_answers_the_same(centre: TestClient) -> None:
    centre.post("/v1/cases", json=case("a"))
    decide(centre, "a", "yellow")
    again = {"Idempotency-Key": "k1"}
    first = centre.post("/v1/cases/a/slips", json={"unit": "东街派出所"}, headers=again)
    repeat = centre.post("/v1/cases/a/slips", json={"unit": "东街派出所"}, headers=again)
    assert repeat.status_code == 200 and repeat.content == first.content
    path = f"/v1/slips/{first.json()['slip_id']}/steps"
    assert centre.post(path, json={"state": "acknowledged"}).status_code == 201
    silent = centre.post(path, json={"state": "handled"})
    assert silent.status_code == 422 and silent.json()["errors"][0]["field"] == "note"
    assert centre.post(path, json={"state": "handled", "note": " "}).status_code == 422


def test_slips_are_listed_by_how_long_they_stand(centre: TestClient, store: Store) -> None:
    for name, grid in (("a", "g1"), ("b", "g1"), ("c", "g2")):
        centre.post("/v1/cases", json=case(name, grid=grid))
        decide(centre, name, "red" if name == "b" else "yellow")
        centre.post(f"/v1/cases/{name}/slips", json={"unit": "东街派出所"})
    slips = centre.get("/v1/slips").json()["slips"]
    assert [one["dispute_id"] for one in slips] == ["a", "b", "c"]
    centre.post(f"/v1/slips/{slips[0]['slip_id']}/steps", json={"state": "acknowledged"})
    assert [one["dispute_id"] for one in centre.get("/v1/slips").json()["slips"]] == ["b", "c", "a"]
    page = centre.get("/v1/slips", params={"limit": 2, "state": ["issued", "acknowledged"]}).json()
    rest = centre.get("/v1/slips", params={"cursor": page["next"]}).json()
    assert [one["dispute_id"] for one in page["slips"] + rest["slips"]] == ["b", "c", "a"]
    assert rest["next"] is None
    assert [one["dispute_id"] for one in centre.get("/v1/slips?colour=red").json()["slips"]] == ["b"]
    east = key_of(store, "centre", area="street:s1")
    assert len(centre.get("/v1/slips", headers=east).json()["slips"]) == 2
    strange = centre.get(f"/v1/slips/{slips[2]['slip_id']}", headers=east)
    assert strange.status_code == 404


def test_a_withdrawn_cases_slip_can_still_be_closed(centre: TestClient) -> None:
    centre.post("/v1/cases", json=case("a"))
    decide(centre, "a", "yellow")
    slip = centre.post("/v1/cases/a/slips", json={"unit": "东街派出所"}).json()["slip_id"]
    assert centre.post("/v1/cases/a/withdraw", json={"reason": "误报"}).status_code == 201
    for state in ORDER:
        step = centre.post(f"/v1/slips/{slip}/steps", json={"state": state, "note": "案件已撤回"})
        assert step.status_code == 201
    assert centre.post("/v1/cases/a/slips", json={"unit": "东街派出所"}).status_code == 404
