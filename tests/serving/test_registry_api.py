"""The risk-person registry: who is proposed, entered, told of, corrected, contested, removed; and who looks."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import case, count, key_of

from docket.outbox import endpoints
from docket.registry import GRACE
from docket.store import Store
from docket.store.metadata import AUDIT_LOG, OUTBOX, UNSCORED
from docket.store.writing import append
from docket.times import DAY, now_micros, rfc3339
from features.online.case import OneCase
from serving.app import create_app
from serving.registry.retaining import retire
from serving.retention import TURN, Retention
from serving.settings import Settings
from serving.unscored.service import CatchUp


@pytest.fixture
def centre(client: TestClient, store: Store) -> TestClient:
    client.headers.update(key_of(store, "centre"))
    return client


def now(**ago: int) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def entry(name: str, dispute: str, **more: Any) -> dict[str, Any]:
    return {
        "entry_id": name, "person_id": f"p-{dispute}", "dispute_id": dispute,
        "category": "neighbour_grudge", "entered_at": now(minutes=1),
    } | more  # fmt: skip


def happen(http: TestClient, name: str, kind: str) -> None:
    event = {"event_id": f"e-{name}-{kind}", "at": now(), "kind": kind}
    assert http.post(f"/v1/cases/{name}/events", json={"events": [event]}).status_code == 201


def proposed(http: TestClient, **params: Any) -> list[str]:
    rows = http.get("/v1/registry:proposed", params=params).json()["proposed"]
    return [one["dispute_id"] for one in rows]


def logged(store: Store, action: str) -> list[dict[str, Any]]:
    query = sa.select(AUDIT_LOG).where(AUDIT_LOG.c.action == action).order_by(AUDIT_LOG.c.seq)
    with store.snapshot() as conn:
        return [{**row, "detail": json.loads(row["detail"])} for row in conn.execute(query).mappings()]


def features(http: TestClient, store: Store, name: str, as_of: int) -> dict[str, float]:
    """What a scorer would read of a case, by a reader that has kept nothing from before."""
    with store.snapshot() as conn:
        row = OneCase().facts(conn, name, as_of).frame.iloc[0, :-1]
    return {str(column): float(value) for column, value in row.items() if value == value}


@pytest.mark.parametrize("end", ["agreement", "mediation_failed", "closed"])
def test_the_three_kinds_are_proposed_however_mediation_ends_and_once(centre: TestClient, end: str) -> None:
    kinds = {"n": "neighbour", "d": "divorce", "v": "domestic_violence", "h": "housing"}
    for name, kind in kinds.items():
        centre.post("/v1/cases", json=case(name, kind=kind))
    assert proposed(centre) == ["v"]  # danger doesn't wait for mediation
    happen(centre, "n", "mediation_session")
    assert proposed(centre) == ["v"]
    for name in kinds:
        happen(centre, name, end)
    assert sorted(proposed(centre)) == ["d", "n", "v"]
    assert sorted(proposed(centre)) == ["d", "n", "v"]  # looking changes nothing
    first = centre.get("/v1/registry:proposed", params={"limit": 2}).json()
    rest = centre.get("/v1/registry:proposed", params={"cursor": first["next"]}).json()
    assert sorted(one["dispute_id"] for one in first["proposed"] + rest["proposed"]) == ["d", "n", "v"]
    told = {one["dispute_id"]: one["category"] for one in first["proposed"] + rest["proposed"]}
    assert told == {"n": "neighbour_grudge", "d": "divorce", "v": "domestic_violence"}
    assert centre.post("/v1/registry", json=entry("r1", "n")).status_code == 201
    declined = {"dispute_id": "d", "person_id": "p-d", "reason": "只是报案人，电话13800138000"}
    answer = centre.post("/v1/registry:decline", json=declined)
    assert answer.status_code == 201 and "13800138000" not in answer.text
    assert proposed(centre) == ["v"]
    assert centre.post("/v1/registry/r1/leave", json={"reason": "已和解"}).status_code == 201
    assert proposed(centre) == ["v"]  # whoever left isn't proposed for the same again
    strange = centre.post("/v1/registry:decline", json=declined | {"person_id": "p-n"})
    assert strange.status_code == 422 and strange.json()["errors"][0]["field"] == "person_id"


def test_whoever_has_a_dispute_with_an_authority_is_not_proposed(centre: TestClient) -> None:
    body = case("a", kind="domestic_violence")
    body["persons"].append({"person_id": "p-o", "birth_year": 1970, "sex": "male", "grid_id": "g1"})
    body["parties"].append({"person_id": "p-o", "role": "respondent", "relation": "authority"})
    assert centre.post("/v1/cases", json=body).status_code == 201
    assert proposed(centre) == []


def test_nobody_who_may_be_under_14_enters_without_a_guardian_who_knows(
    centre: TestClient, store: Store
) -> None:
    year = datetime.now(UTC).astimezone().year
    for name, born, needs in (
        ("young", year - 14, True),
        ("old", year - 15, False),
        ("unknown", None, False),
    ):
        body = case(name)
        body["persons"][0]["birth_year"] = born
        centre.post("/v1/cases", json=body)
        happen(centre, name, "closed")
        (told,) = [
            one for one in centre.get("/v1/registry:proposed").json()["proposed"] if one["dispute_id"] == name
        ]
        assert told["guardian_needed"] == needs
        answer = centre.post("/v1/registry", json=entry(f"r-{name}", name))
        assert answer.status_code == (422 if needs else 201), name
        if needs:
            assert answer.json()["errors"] == [
                {
                    "field": "guardian_informed",
                    "reason": "needed for whoever may be under 14",
                    "expected": "true",
                }
            ]
    assert count(store, "registry") == 2
    known = entry("r-young", "young", guardian_informed=True)
    assert centre.post("/v1/registry", json=known).status_code == 201
    (entered,) = centre.get("/v1/registry/r-young").json()["history"]
    assert entered["guardian_informed"] is True
    assert centre.post("/v1/registry", json=known).status_code == 200


def test_the_community_is_told_and_lists_whom_to_visit_when(centre: TestClient, store: Store) -> None:
    with store.begin() as conn:
        for area in ("community:c1", "community:c2", None):
            url = "https://a.example/" + (area or "all")[-2:]
            endpoints.add(conn, url=url, events=["registry"], now=now_micros(), area=area)
    centre.post("/v1/cases", json=case("calm"))
    centre.post("/v1/cases", json=case("hot", "对方扬言跳楼"))
    for name in ("calm", "hot"):
        assert centre.post("/v1/registry", json=entry(f"r-{name}", name)).status_code == 201
    assert centre.post("/v1/registry/r-calm/leave", json={"reason": "和解"}).status_code == 201
    with store.snapshot() as conn:
        sent = [json.loads(body) for body in conn.execute(sa.select(OUTBOX.c.body)).scalars()]
        told = {name: conn.execute(sa.text(
            "SELECT COUNT(*) FROM outbox AS o JOIN webhooks AS w ON w.endpoint_id = o.endpoint_id "
            "WHERE w.url = :url"), {"url": f"https://a.example/{name}"}).scalar() for name in ("c1", "c2", "ll")}  # fmt: skip
    assert told == {"c1": 3, "c2": 0, "ll": 3}
    states = [one["data"]["state"] for one in sent if one["data"]["entry_id"] == "r-calm"]
    assert sorted(states) == ["entered", "entered", "left", "left"]
    assert all(set(one["data"]) <= {
        "dispute_id", "entry_id", "person_id", "grid_id", "category", "state", "at"} for one in sent)  # fmt: skip
    mine = key_of(store, "worker", worker_id="w1")
    rows = centre.get("/v1/registry", headers=mine).json()["entries"]
    assert [(one["entry_id"], one["colour"], one["cadence_days"]) for one in rows] == [("r-hot", "red", 1)]
    assert centre.get("/v1/registry", headers=key_of(store, "worker", worker_id="w2")).json()["entries"] == []
    left = centre.get("/v1/registry", params={"show": "left"}).json()["entries"]
    assert [(one["entry_id"], one["due_at"]) for one in left] == [("r-calm", None)]
    # the same cadence as the visit lists': what a visit puts off there, it puts off here
    listed = {one["person_id"]: one["due_at"] for one in centre.get("/v1/visits").json()["visits"]}
    assert rows[0]["due_at"] == listed["p-hot"]
    visit = {"visit_id": "v1", "person_id": "p-hot", "worker_id": "w1", "at": now(), "contact": True,
             "finding": "calm"}  # fmt: skip
    assert centre.post("/v1/visits", json={"visits": [visit]}).status_code == 201
    (row,) = centre.get("/v1/registry").json()["entries"]
    assert row["due_at"] > rows[0]["due_at"] and row["last_visit_at"] is not None


def test_who_reads_an_entry_lives_by_it_or_has_the_case(centre: TestClient, store: Store) -> None:
    body = case("a")  # the case is in g1, the person lives in g2
    body["persons"][0]["grid_id"] = "g2"
    centre.post("/v1/cases", json=body)
    centre.post("/v1/registry", json=entry("r1", "a"))
    for area, found in (("community:c1", 1), ("community:c2", 1), ("grid:g1", 1)):
        header = key_of(store, "centre", area=area)
        assert len(centre.get("/v1/registry", headers=header).json()["entries"]) == found, area
        assert centre.get("/v1/registry/r1", headers=header).status_code == 200
    # where the person lives, the case itself stays closed, and so does what changes its score
    west = key_of(store, "centre", area="community:c2")
    assert centre.get("/v1/cases/a", headers=west).status_code == 404
    assert centre.post("/v1/registry/r1/leave", json={"reason": "和解"}, headers=west).status_code == 404
    by_home = centre.get("/v1/registry", params={"area": "community:c1"}).json()["entries"]
    assert by_home == []
    assert (
        len(centre.get("/v1/registry", headers=key_of(store, "worker", worker_id="w2")).json()["entries"])
        == 1
    )
    assert centre.get("/v1/registry", headers=key_of(store, "worker", worker_id="w1")).json()["entries"] == []


def test_a_correction_is_read_by_whatever_is_open_about_the_person(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    other = case("b")
    other["persons"], other["parties"][0]["person_id"] = [], "p-a"
    assert centre.post("/v1/cases", json=other).status_code == 201
    centre.post("/v1/registry", json=entry("r1", "a"))
    catch_up = CatchUp(centre.app.state.anlan, 5.0)  # type: ignore[attr-defined]
    score_all(store, catch_up)
    before = {name: centre.get(f"/v1/cases/{name}/assessments").json()["assessments"] for name in "ab"}
    moment = now_micros()
    answer = centre.patch("/v1/registry/r1", json={"category": "domestic_violence", "reason": "核实后更正"})
    assert answer.status_code == 200 and answer.json()["dispute_id"] == "a"
    score_all(store, catch_up)
    after = {name: centre.get(f"/v1/cases/{name}/assessments").json()["assessments"] for name in "ab"}
    for name in "ab":
        assert len(after[name]) > len(before[name]), name
    later = now_micros()
    # what was known before is known of that time, what is known now of now
    then, today = (features(centre, store, "b", at) for at in (moment, later))
    changed = {name for name in then if then[name] != today.get(name) and "registry" in name}
    assert then == features(centre, store, "b", moment) and changed
    told = centre.get("/v1/registry/r1").json()
    assert told["category"] == "domestic_violence"
    assert [one["what"] for one in told["history"]] == ["entered", "corrected"]
    for wrong in ({"reason": "x"}, {"category": "other"}, {"entered_at": now(hours=-1), "reason": "x"}):
        assert centre.patch("/v1/registry/r1", json=wrong).status_code == 422, wrong
    same = {"category": "domestic_violence", "reason": "再次核实"}
    assert centre.patch("/v1/registry/r1", json=same).status_code == 200 and count(store, "registry") == 2


def score_all(store: Store, catch_up: CatchUp) -> None:
    with store.begin() as conn:
        conn.execute(sa.update(UNSCORED).values(due_at=0))
    catch_up.round()


def test_an_objection_is_recorded_reviewed_by_another_and_answered(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    centre.post("/v1/registry", json=entry("r1", "a"))
    said = {"said": "已和好，电话13800138000", "raised_at": now(days=1)}
    first = centre.post("/v1/registry/r1/objections", json=said)
    assert first.status_code == 201 and "13800138000" not in first.text
    name = first.json()["objection_id"]
    assert centre.post("/v1/registry/r1/objections", json=said | {"said": "再说"}).status_code == 409
    early = centre.post("/v1/registry/r1/objections", json=said | {"raised_at": now(days=-1)})
    assert early.status_code == 422 and early.json()["errors"][0]["field"] == "raised_at"
    path = f"/v1/registry/r1/objections/{name}"
    assert centre.post(f"{path}/answer", json={"how": "phone"}).status_code == 409
    review = {"finding": "removed", "answer": "确已和好，现予撤销"}
    own = centre.post(f"{path}/review", json=review)
    assert own.status_code == 409 and "Somebody else" in own.json()["detail"]
    other = key_of(store, "centre")
    wrong = centre.post(f"{path}/review", json={"finding": "corrected", "answer": "x"}, headers=other)
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "category"
    assert [one["contested"] for one in centre.get("/v1/registry").json()["entries"]] == [True]
    known = now_micros()
    before = features(centre, store, "a", known)
    assert any("registry" in name and value for name, value in before.items())
    done = centre.post(f"{path}/review", json=review, headers=other | {"Idempotency-Key": "k"})
    today = features(centre, store, "a", now_micros())
    assert not any("registry" in name and value for name, value in today.items())
    assert features(centre, store, "a", known) == before
    assert done.status_code == 201 and done.json()["assessment"]["dispute_id"] == "a"
    again = centre.post(f"{path}/review", json=review, headers=other | {"Idempotency-Key": "k"})
    assert again.status_code == 200 and again.content == done.content
    unkeyed = centre.post(f"{path}/review", json=review, headers=other)
    assert (unkeyed.status_code, unkeyed.content) == (200, done.content)
    otherwise = {"finding": "kept", "answer": review["answer"]}
    assert centre.post(f"{path}/review", json=otherwise, headers=other).status_code == 409
    # the entry is out of lists and visits, and seen until the person is told
    assert centre.get("/v1/registry").json()["entries"] == []
    centre.post("/v1/cases", json=case("b"))
    centre.post("/v1/registry", json=entry("r2", "b"))  # another row follows
    assert retire(store, days=730, now=now_micros() + 2 * GRACE, most=500) == 0  # the person isn't told yet
    (waits,) = centre.get("/v1/registry", params={"show": "contested"}).json()["entries"]
    assert waits["removed"] and waits["entry_id"] == "r1"
    assert centre.get("/v1/registry/r1").json()["objections"][0]["state"] == "reviewed"
    assert centre.post(f"{path}/answer", json={"how": "in_person"}).json()["state"] == "answered"
    assert centre.get("/v1/registry", params={"show": "contested"}).json()["entries"] == []
    assert retire(store, days=730, now=now_micros() + 2 * GRACE, most=500) == 1 and _entries(store) == {"r2"}
    assert [one["detail"].get("finding") for one in logged(store, "object")] == [None, "removed", "removed"]
    # whoever was removed isn't proposed for the same again, though nothing is left of the entry
    happen(centre, "a", "closed")
    assert proposed(centre) == [] and count(store, "registry_notes") == 2
    retire(store, days=730, now=now_micros() + 181 * DAY, most=500)
    assert count(store, "registry_notes") == 1
    assert centre.post("/v1/registry/r1/leave", json={"reason": "和解"}).status_code == 404


@pytest.mark.parametrize("finding", ["kept", "corrected"])
def test_an_entry_that_is_kept_or_corrected_stands(centre: TestClient, store: Store, finding: str) -> None:
    centre.post("/v1/cases", json=case("a"))
    centre.post("/v1/registry", json=entry("r1", "a"))
    name = centre.post("/v1/registry/r1/objections", json={"said": "不对"}).json()["objection_id"]
    review = {"finding": finding, "answer": "已核实"} | (
        {"category": "other"} if finding == "corrected" else {}
    )
    path = f"/v1/registry/r1/objections/{name}"
    done = centre.post(f"{path}/review", json=review, headers=key_of(store, "centre"))
    assert done.status_code == 201
    assert (done.json()["assessment"] is None) == (finding == "kept")
    (row,) = centre.get("/v1/registry").json()["entries"]
    assert row["category"] == ("neighbour_grudge" if finding == "kept" else "other") and row["contested"]


def test_who_looks_for_somebody_says_what_for_and_is_in_the_log(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    centre.post("/v1/cases", json=case("far", grid="g2"))
    for name in ("a", "far"):
        centre.post("/v1/registry", json=entry(f"r-{name}", name))
    with store.begin() as conn:
        known = [{"person_id": f"p-{one}", "name": "王小明"} for one in ("a", "far")]
        append(conn, "identities", known, ingested_at=now_micros(), via="load")
    for body, field in (
        ({"name": "王小明"}, "purpose"),
        ({"purpose": "curiosity", "name": "王小明"}, "purpose"),
        ({"purpose": "visit"}, "person_id"),
    ):
        answer = centre.post("/v1/registry:search", json=body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
    assert logged(store, "search") == []
    east = key_of(store, "centre", area="street:s1")
    for body, header, found in (
        ({"name": "王小明"}, {}, {"r-a", "r-far"}),
        ({"name": "王小明"}, east, {"r-a"}),
        ({"name": "王小"}, {}, set()),
        ({"person_id": "p-far"}, {}, {"r-far"}),
        ({"person_id": "p-far"}, east, set()),
        ({"dispute_id": "a"}, {}, {"r-a"}),
    ):
        answer = centre.post("/v1/registry:search", json=body | {"purpose": "emergency"}, headers=header)
        assert {one["entry_id"] for one in answer.json()["entries"]} == found
        assert "王小明" not in answer.text
    rows = logged(store, "search")
    assert [row["subject"] for row in rows].count(None) == 2 and len(rows) == 7
    assert all(row["detail"] == {"purpose": "emergency"} for row in rows)
    assert "王小明" not in str(rows)


def test_an_entry_that_was_left_long_ago_is_taken_out_then_erased(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("a"))
    other = case("b")
    other["persons"], other["parties"][0]["person_id"] = [], "p-a"
    centre.post("/v1/cases", json=other)
    for name in ("r1", "r2"):
        assert centre.post("/v1/registry", json=entry(name, "a")).status_code == 201
        assert centre.post(f"/v1/registry/{name}/leave", json={"reason": "和解"}).status_code == 201
    centre.post("/v1/registry/r2/objections", json={"said": "不应列入"})
    score_all(store, CatchUp(centre.app.state.anlan, 5.0))  # type: ignore[attr-defined]
    known = now_micros()
    before = features(centre, store, "b", known)
    assert retire(store, days=1, now=known, most=500) == 0
    later = known + 1
    assert retire(store, days=0, now=later, most=500) == 1  # r2 waits: somebody objects and isn't answered
    gone = [(row["subject"], row["detail"]["what"]) for row in logged(store, "retain")]
    assert gone == [("r1", "removed")]
    with store.snapshot() as conn:
        waits = set(conn.execute(sa.select(UNSCORED.c.dispute_id)).scalars())
        said = conn.execute(sa.text("SELECT COUNT(*) FROM registry_notes WHERE entry_id = 'r1'")).scalar()
    assert waits == {"a", "b"} and said == 0
    # what was known then stays known of then; of now it isn't read any more
    assert features(centre, store, "b", known) == before
    with store.snapshot() as conn:
        last_known = sa.text("SELECT MAX(superseded_at) FROM known_registry WHERE entry_id = 'r1'")
        assert conn.execute(last_known).scalar() == later
    assert [one["entry_id"] for one in centre.get("/v1/registry?show=all").json()["entries"]] == ["r2"]
    assert retire(store, days=730, now=later + GRACE - DAY, most=500) == 0
    # on SQLite the last row of the table stays until another follows
    with store.begin() as conn:
        last = conn.execute(sa.text("SELECT MAX(row_no) FROM registry")).scalar()
    retire(store, days=730, now=later + GRACE + DAY, most=500)
    assert _entries(store) == {"r1", "r2"}
    fresh = entry("r3", "a", entered_at=rfc3339(known), recorded_at=rfc3339(known))
    assert centre.post("/v1/registry", json=fresh).status_code == 201
    assert retire(store, days=730, now=later + GRACE + DAY, most=500) == 1
    assert _entries(store) == {"r2", "r3"}
    with store.snapshot() as conn:
        assert conn.execute(sa.text("SELECT MAX(row_no) FROM registry")).scalar() > last
    assert [row["detail"]["what"] for row in logged(store, "retain")] == ["removed", "erased"]


def _entries(store: Store) -> set[str]:
    with store.snapshot() as conn:
        return set(conn.execute(sa.text("SELECT DISTINCT entry_id FROM registry")).scalars())


def test_the_service_removes_of_itself_what_was_left_long_ago(store: Store) -> None:
    past = now_micros() - 10 * DAY
    with TestClient(create_app(Settings(store=store.url, model="", registry_days=9))) as http:
        http.headers.update(key_of(store, "centre"))
        http.post("/v1/cases", json=case("a"))
        row = entry("r1", "a") | {"entered_at": past, "recorded_at": past}
        with store.begin() as conn:
            left = {"left_at": past + 1, "left_recorded_at": past + 1}
            append(conn, "registry", [row | left], ingested_at=now_micros(), via="load")
            late = {"entry_id": "r2", "left_at": past + 1, "left_recorded_at": now_micros()}
            append(conn, "registry", [row | late], ingested_at=now_micros(), via="load")
            conn.execute(sa.text("DELETE FROM store_facts WHERE name = :name"), {"name": TURN})
        Retention(http.app.state.anlan).round()  # type: ignore[attr-defined]
        left_over = http.get("/v1/registry", params={"show": "all"}).json()["entries"]
    assert [one["entry_id"] for one in left_over] == ["r2"]  # that r2 was left was learned just now
    assert [(row["subject"], row["actor"]) for row in logged(store, "retain")] == [("r1", "service")]


def test_colleagues_at_once_enter_once_review_once_and_wait_for_nobody_in_a_ring(
    centre: TestClient, store: Store
) -> None:
    for name in "ab":
        centre.post("/v1/cases", json=case(name))
    joined = {"parties": [{"person_id": "p-a", "role": "respondent", "relation": "neighbour"}]}
    assert centre.patch("/v1/cases/b", json=joined).status_code == 200
    keys = [key_of(store, "centre") for _ in range(6)]
    same = entry("r1", "a")
    with ThreadPoolExecutor(6) as pool:
        codes = list(
            pool.map(lambda key: centre.post("/v1/registry", json=same, headers=key).status_code, keys)
        )
    assert sorted(codes) == [200] * 5 + [201] and count(store, "registry") == 1
    assert centre.post("/v1/registry", json=entry("r2", "b", person_id="p-a")).status_code == 201
    name = centre.post("/v1/registry/r1/objections", json={"said": "不对"}).json()["objection_id"]
    entered = {row["by"] for row in centre.get("/v1/registry/r1").json()["history"]}
    others = [key for key in keys if key["Authorization"].split("_")[1] not in entered]
    path = f"/v1/registry/r1/objections/{name}/review"

    def judge(key: dict[str, str]) -> int:
        body = {"finding": "kept", "answer": f"维持 {key['Authorization'][-6:]}"}
        return centre.post(path, json=body, headers=key).status_code

    with ThreadPoolExecutor(5) as pool:
        codes = list(pool.map(judge, others))
    assert sorted(codes) == [201] + [409] * (len(others) - 1)

    def change(place: int) -> int:
        """Both entries of one person, the cases of either, and a visit, in every order."""
        which = place % 4
        if which < 2:
            category = ("divorce", "other", "domestic_violence")[place % 3]
            body: dict[str, Any] = {"category": category, "reason": f"第{place}次"}
            return centre.patch(f"/v1/registry/r{which + 1}", json=body).status_code
        if which == 2:
            event = {"event_id": f"e{place}", "at": now(), "kind": "contacted"}
            return centre.post(
                f"/v1/cases/{'ab'[place % 8 // 4]}/events", json={"events": [event]}
            ).status_code
        visit = {"visit_id": f"v{place}", "person_id": "p-a", "worker_id": "w1", "at": now(), "contact": True,
                 "finding": "calm"}  # fmt: skip
        return centre.post("/v1/visits", json={"visits": [visit]}).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(change, range(32)))
    assert set(codes) <= {200, 201}, codes
