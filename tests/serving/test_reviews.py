"""One case, one analysis: what was known when, what was late, and what people found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import case, key_of

from docket.store import Store
from docket.store.metadata import PLANNED_VISITS
from docket.times import now_micros
from serving.urgings.scheduler import Scheduler

ROUND: Callable[[Scheduler], float] = Scheduler.round
FOUND = {"cues": ["weapon"], "doors": ["police_110"], "cause": "转入太晚", "todo": "警情当日推送"}


@pytest.fixture
def centre(client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(Scheduler, "round", lambda self: 3_600.0)
    client.headers.update(key_of(store, "centre"))
    return client


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def report(centre: TestClient, name: str, **more: Any) -> None:
    made = centre.post("/v1/cases", json=case(name, opened_at=moment(hours=3), **more))
    assert made.status_code == 201, made.text


def happen(centre: TestClient, name: str, number: int, kind: str, **more: Any) -> None:
    event = {"event_id": f"{name}-e{number}", "at": moment(), "kind": kind, **more}
    told = centre.post(f"/v1/cases/{name}/events", json={"events": [event]})
    assert told.status_code == 201, told.text


def harm(centre: TestClient, name: str, at: str | None = None) -> None:
    row = {"outcome_id": f"{name}-o", "at": at or moment(), "kind": "violence", "severity": 3}
    assert centre.post(f"/v1/cases/{name}/outcomes", json={"outcomes": [row]}).status_code == 201


def test_what_was_learned_after_the_harm_is_told_apart(centre: TestClient) -> None:
    report(centre, "x")
    happen(centre, "x", 1, "police_call", text="双方争吵，民警劝离。", source="police_110")
    harm(centre, "x")
    late = {"text": "报警人称对方持刀上门。", "source": "police_110", "at": moment(hours=1)}
    happen(centre, "x", 2, "police_call", **late)
    told = centre.get("/v1/cases/x/review").json()
    known = [(one["what"], one["known"], one["door"]) for one in told["known"]]
    assert known == [
        ("opened", True, "walk_in"), ("event", True, "police_110"), ("event", False, "police_110")
    ]  # fmt: skip
    assert "weapon" in told["late_cues"] and "weapon" in told["known"][2]["cues"]
    assert [one["code"] for one in told["known"] if not one["known"]] == ["police_call"]
    # The assessment after the late call says red: it isn't what was said before the harm.
    assert len(told["said"]) == 2 and {one["colour"] for one in told["said"]} == {"none"}
    assert {one["replay"] for one in told["said"]} == {"same"}
    assert told["today"]["colour"] == "none"
    assert (told["harm"]["kind"], told["findings"]) == ("violence", [])


def test_an_assessment_that_was_altered_does_not_pass_for_what_was_said(
    centre: TestClient, store: Store
) -> None:
    report(centre, "x")
    harm(centre, "x")
    with store.begin() as conn:
        conn.execute(sa.text("UPDATE assessments SET answer = REPLACE(answer, '\"none\"', '\"blue\"')"))
    (said, *_) = centre.get("/v1/cases/x/review").json()["said"]
    assert said["replay"] == "differs"


def test_missed_deadlines_steps_and_visits_are_told(centre: TestClient, store: Store) -> None:
    report(centre, "x", recorded_at=moment(hours=2))
    ROUND(Scheduler(centre.app.state.anlan))  # type: ignore[attr-defined]
    places = [("2026-01-05", 1), ("2026-01-06", 2), ("2026-01-07", None), ("2999-01-01", 1)]
    with store.begin() as conn:
        for date, rank in places:
            row = {"date": date, "worker_id": "w1", "person_id": "p-x", "dispute_id": "x", "rank": rank}
            more = {"colour": "none", "drawn": False, "propensity": 1.0, "planned_at": now_micros()}
            conn.execute(sa.insert(PLANNED_VISITS).values(**row, **more))
    harm(centre, "x")
    happen(centre, "x", 1, "contacted")
    told = centre.get("/v1/cases/x/review").json()
    assert [(one["kind"], one["late"], one["met_at"]) for one in told["deadlines"]] == [
        ("respond", True, None)
    ]
    assert [(one["step"], one["answered_at"]) for one in told["urgings"]] == [("district", None)]
    assert [(one["date"], one["visited"]) for one in told["visits"]] == [
        ("2026-01-05", False), ("2026-01-06", False)
    ]  # fmt: skip


def test_a_deadline_that_was_met_in_time_is_not_late(centre: TestClient) -> None:
    report(centre, "x", recorded_at=moment(hours=1))
    contacted = {"at": moment(minutes=50), "recorded_at": moment(minutes=45)}
    happen(centre, "x", 1, "contacted", **contacted)
    harm(centre, "x")
    (respond,) = centre.get("/v1/cases/x/review").json()["deadlines"]
    assert (respond["kind"], respond["late"]) == ("respond", False) and respond["met_at"] is not None


def test_a_visit_that_was_made_is_known_and_not_missed(centre: TestClient, store: Store) -> None:
    report(centre, "x")
    at = datetime.now(UTC)
    visit = {"visit_id": "v1", "person_id": "p-x", "worker_id": "w1", "at": at.isoformat(),
             "contact": True, "finding": "tense", "text": "情绪激动"}  # fmt: skip
    assert centre.post("/v1/visits", json={"visits": [visit]}).status_code == 201
    harm(centre, "x")
    known = centre.get("/v1/cases/x/review").json()["known"]
    assert [(one["what"], one["code"], one["door"]) for one in known][-1] == ("visit", "tense", "visit")


def test_of_a_case_that_was_unknown_before_its_harm_nothing_was_said(centre: TestClient) -> None:
    report(centre, "x")
    harm(centre, "x", at=moment(hours=2))
    told = centre.get("/v1/cases/x/review").json()
    assert told["said"] == told["deadlines"] == told["urgings"] == [] and told["today"] is None
    assert [(one["what"], one["known"]) for one in told["known"]] == [("opened", False)]
    (row,) = centre.get("/v1/reviews").json()["harms"]
    assert row["hours_known"] < 0 and row["colour"] is None


def test_findings_are_kept_version_by_version_masked_and_logged(centre: TestClient, store: Store) -> None:
    report(centre, "x")
    path = "/v1/cases/x/review"
    assert centre.post(path, json=FOUND).status_code == 409 == centre.get(path).status_code
    harm(centre, "x")
    assert centre.post(path, json=FOUND | {"cues": ["moon"]}).status_code == 422
    assert centre.post(path, json={**FOUND, "cause": ""}).status_code == 422
    first = centre.post(path, json=FOUND | {"cause": "电话13912345678无人接"})
    assert first.status_code == 201 and "13912345678" not in first.text
    again = centre.post(path, json=FOUND | {"cause": "电话13912345678无人接"})
    assert (again.status_code, again.content) == (200, first.content)
    assert centre.post(path, json=FOUND).status_code == 201
    kept = centre.get(path).json()["findings"]
    assert [one["cause"] for one in kept] == [first.json()["cause"], "转入太晚"]
    with store.snapshot() as conn:
        query = sa.text("SELECT COUNT(*) FROM audit_log WHERE action = 'review' AND case_id = 'x'")
        assert conn.execute(query).scalar_one() == 2
    assert centre.get(path, headers=key_of(store, "centre", area="grid:g2")).status_code == 404
    west = key_of(store, "centre", area="street:s2")
    assert centre.post(path, json=FOUND, headers=west).status_code == 404


def test_across_cases_what_was_missed_and_late_is_counted(centre: TestClient, store: Store) -> None:
    for name, grid in (("a", "g1"), ("b", "g1"), ("c", "g2")):
        report(centre, name, grid=grid)
        harm(centre, name)
        late = {"text": "对方持刀上门。", "source": "police_110", "at": moment(hours=1)}
        happen(centre, name, 1, "police_call", **late)
    for name, doors in (("a", ["police_110"]), ("b", ["police_110", "visit"])):
        assert centre.post(f"/v1/cases/{name}/review", json=FOUND | {"doors": doors}).status_code == 201
    told = centre.get("/v1/reviews").json()
    assert len(told["harms"]) == 3 and told["reviewed"] == 2 and told["uncoloured"] == 3
    assert told["cues"] == [{"code": "weapon", "cases": 2}]
    assert told["doors"] == [{"code": "police_110", "cases": 2}, {"code": "visit", "cases": 1}]
    assert [(one["door"], one["rows"], one["after"]) for one in told["delays"]] == [
        ("police_110", 3, 3), ("walk_in", 3, 0)
    ]  # fmt: skip
    west = centre.get("/v1/reviews", headers=key_of(store, "centre", area="community:c2")).json()
    assert [one["dispute_id"] for one in west["harms"]] == ["c"] and west["cues"] == []
    assert centre.get("/v1/reviews?days=0").status_code == 422
