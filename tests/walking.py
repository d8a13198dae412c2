"""One call of each route, as somebody would make it who may; and the routes that the application has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx import Response
from small_district import case, key_of

from docket.store import Store
from docket.store.desk import URGINGS
from docket.times import now_micros

SEEDED = ("x1", "x2", "x3", "x4")
"""Cases of grid g1 that are there; x3 was merged into x4."""


def seed(client: TestClient, store: Store) -> None:
    centre = key_of(store, "centre")
    for name in SEEDED:
        assert client.post("/v1/cases", json=case(name), headers=centre).status_code == 201
    body = {"into": "x4", "reason": "同一件事"}
    assert client.post("/v1/cases/x3/merge", json=body, headers=centre).status_code == 200
    entered = client.post("/v1/registry", json=_entry("r0"), headers=centre)
    assert entered.status_code == 201
    _object(client, centre)
    given[:] = [client.post("/v1/cases/x1/progress", json={}, headers=centre).json()["token_id"]]
    decided.clear()
    decided.append(client.get("/v1/cases/x1", headers=centre).json()["assessment"])
    _act(client, centre)
    harm = {"outcome_id": "o0", "at": _now(), "kind": "violence", "severity": 2}
    came = client.post("/v1/cases/x2/outcomes", json={"outcomes": [harm]}, headers=centre)
    assert came.status_code == 201, came.text
    urged[:] = [_urge(store)]


def _act(client: TestClient, centre: dict[str, str]) -> None:
    """A slip of x2, which is decided yellow; x4, decided red, and to be lowered if another agrees."""
    for kept in (waiting, issued):
        kept.clear()
    for name, colour in (("x2", "yellow"), ("x4", "red"), ("x4", "blue")):
        latest = client.get(f"/v1/cases/{name}", headers=centre).json()["assessment"]["assessment_id"]
        body = {"assessment_id": latest, "colour": colour, "reason": "多次报警"}
        answer = client.put(f"/v1/cases/{name}/decision", json=body, headers=centre)
        assert answer.status_code == (202 if colour == "blue" else 200), answer.text
        waiting[:] = [latest]
    slip = client.post("/v1/cases/x2/slips", json={"unit": "东街派出所"}, headers=centre)
    assert slip.status_code == 201, slip.text
    issued.append(slip.json()["slip_id"])


def _object(client: TestClient, centre: dict[str, str]) -> None:
    """An objection to r0 that is open, and one to r2 that was reviewed by another."""
    objected.clear()
    entry = _entry("r2") | {"person_id": "p-x4", "dispute_id": "x4"}
    assert client.post("/v1/registry", json=entry, headers=centre).status_code == 201
    other = key_of(store_of(client), "centre")
    for name in ("r0", "r2"):
        path = f"/v1/registry/{name}/objections"
        made = client.post(path, json={"said": "不应列入"}, headers=centre)
        assert made.status_code == 201, made.text
        objected.append(made.json()["objection_id"])
    body = {"finding": "kept", "answer": "经核实，维持"}
    path = f"/v1/registry/r2/objections/{objected[1]}/review"
    assert client.post(path, json=body, headers=other).status_code == 201


def store_of(client: TestClient) -> Store:
    store: Store = client.app.state.anlan.store  # type: ignore[attr-defined]
    return store


def _objection(place: int) -> str:
    return objected[place] if objected else "ob-1"


given: list[str] = []
"""The id of a progress token of x1."""
objected: list[str] = []
"""The objections to r0 and r2."""


def _urge(store: Store) -> int:
    """Let a deadline of x1 have climbed a step, as the scheduler leaves it."""
    with store.begin() as conn:
        row = {"dispute_id": "x1", "deadline": "respond", "deadline_at": 1, "step": "due", "level": "grid"}
        times = {"due_at": 1, "recorded_at": 1, "sent_at": now_micros(), "colour": "none"}
        made = conn.execute(sa.insert(URGINGS).values(**row, **times).returning(URGINGS.c.urging_no))
        return int(made.scalar_one())


urged: list[int] = []
"""An urging about x1."""
decided: list[dict[str, Any]] = []
"""The assessment of x1 that is there."""
waiting: list[str] = []
"""The assessment of x4 on which somebody would lower it."""
issued: list[str] = []
"""The slip of x2."""


def _event() -> dict[str, Any]:
    return {"events": [{"event_id": "walk", "at": datetime.now(UTC).isoformat(), "kind": "contacted"}]}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _entry(name: str) -> dict[str, Any]:
    return {
        "entry_id": name,
        "person_id": "p-x2",
        "dispute_id": "x2",
        "category": "neighbour_grudge",
        "entered_at": _now(),
    }


CALLS: dict[str, tuple[str | Callable[[], str], Any]] = {
    "POST /v1/cases": ("/v1/cases", lambda: case("walk")),
    "POST /v1/cases:batch": ("/v1/cases:batch", lambda: {"cases": [case("walk")]}),
    "GET /v1/cases": ("/v1/cases", None),
    "GET /v1/cases/{dispute_id}/assessments": ("/v1/cases/x1/assessments", None),
    "PATCH /v1/cases/{dispute_id}": ("/v1/cases/x1", lambda: {"dispute": {"text": "又来了，仍未解决。"}}),
    "POST /v1/cases/{dispute_id}/outcomes": (
        "/v1/cases/x1/outcomes",
        lambda: {"outcomes": [{"outcome_id": "o1", "at": _now(), "kind": "violence", "severity": 2}]},
    ),
    "POST /v1/cases/{dispute_id}/annotations": (
        "/v1/cases/x1/annotations",
        lambda: {"annotations": [{"annotation_id": "n1", "cue": "weapon", "present": False}]},
    ),
    "PUT /v1/cases/{dispute_id}/decision": (
        "/v1/cases/x1/decision",
        lambda: {
            "assessment_id": decided[0]["assessment_id"] if decided else "a-1",
            "colour": "red",
            "reason": "多次报警",
        },
    ),
    "PUT /v1/cases/{dispute_id}/unit": ("/v1/cases/x1/unit", lambda: {"unit": "东街派出所"}),
    "POST /v1/cases/{dispute_id}/withdraw": ("/v1/cases/x1/withdraw", lambda: {"reason": "误报"}),
    "GET /v1/cases/{dispute_id}": ("/v1/cases/x1", None),
    "POST /v1/cases/{dispute_id}/events": ("/v1/cases/x1/events", _event),
    "POST /v1/cases/{dispute_id}/merge": ("/v1/cases/x1/merge", lambda: {"into": "x2", "reason": "同一件事"}),
    "POST /v1/cases/{dispute_id}/unmerge": ("/v1/cases/x3/unmerge", lambda: {"reason": "是两件事"}),
    "GET /v1/visits": ("/v1/visits", None),
    "POST /v1/visits": (
        "/v1/visits",
        lambda: {
            "visits": [
                {
                    "visit_id": "vw",
                    "person_id": "p-x1",
                    "worker_id": "w1",
                    "at": _now(),
                    "contact": True,
                    "finding": "calm",
                }
            ]
        },
    ),
    "POST /v1/visits:move": (
        "/v1/visits:move",
        lambda: {"worker_id": "w1", "to_worker_id": "w3", "reason": "请假"},
    ),
    "POST /v1/registry": ("/v1/registry", lambda: _entry("r1")),
    "POST /v1/registry/{entry_id}/leave": ("/v1/registry/r0/leave", lambda: {"reason": "已和解"}),
    "GET /v1/registry": ("/v1/registry", None),
    "GET /v1/registry/{entry_id}": ("/v1/registry/r0", None),
    "PATCH /v1/registry/{entry_id}": (
        "/v1/registry/r0",
        lambda: {"category": "other", "reason": "核实后更正"},
    ),
    "GET /v1/registry:proposed": ("/v1/registry:proposed", None),
    "POST /v1/registry:decline": (
        "/v1/registry:decline",
        lambda: {"dispute_id": "x1", "person_id": "p-x1", "reason": "只是报案人"},
    ),
    "POST /v1/registry:search": ("/v1/registry:search", lambda: {"purpose": "visit", "dispute_id": "x2"}),
    "POST /v1/registry/{entry_id}/objections": ("/v1/registry/r2/objections", lambda: {"said": "仍不同意"}),
    "POST /v1/registry/{entry_id}/objections/{objection_id}/review": (
        lambda: f"/v1/registry/r0/objections/{_objection(0)}/review",
        lambda: {"finding": "removed", "answer": "已移出"},
    ),
    "POST /v1/registry/{entry_id}/objections/{objection_id}/answer": (
        lambda: f"/v1/registry/r2/objections/{_objection(1)}/answer",
        lambda: {"how": "phone"},
    ),
    "GET /v1/models/current": ("/v1/models/current", None),
    "GET /v1/queue": ("/v1/queue", None),
    "GET /v1/cases/{dispute_id}/history": ("/v1/cases/x1/history", None),
    "PUT /v1/cases/{dispute_id}/decision/approval": (
        "/v1/cases/x4/decision/approval",
        lambda: {"assessment_id": waiting[0] if waiting else "a-1", "approve": True},
    ),
    "POST /v1/cases/{dispute_id}/progress": ("/v1/cases/x1/progress", dict),
    "GET /v1/cases/{dispute_id}/progress": ("/v1/cases/x1/progress", None),
    "DELETE /v1/cases/{dispute_id}/progress/{token_id}": (
        lambda: f"/v1/cases/x1/progress/{given[0] if given else 'pt-1'}",
        None,
    ),
    "POST /v1/cases/{dispute_id}/slips": ("/v1/cases/x4/slips", lambda: {"unit": "东街派出所"}),
    "GET /v1/slips": ("/v1/slips", None),
    "GET /v1/slips/{slip_id}": (lambda: f"/v1/slips/{issued[0] if issued else 's-1'}", None),
    "POST /v1/slips/{slip_id}/steps": (
        lambda: f"/v1/slips/{issued[0] if issued else 's-1'}/steps",
        lambda: {"state": "acknowledged"},
    ),
    "GET /v1/urgings": ("/v1/urgings", None),
    "POST /v1/urgings/{urging_no}/answer": (
        lambda: f"/v1/urgings/{urged[0] if urged else 1}/answer",
        lambda: {"note": "今晚上门"},
    ),
    "GET /v1/cases/{dispute_id}/review": ("/v1/cases/x2/review", None),
    "POST /v1/cases/{dispute_id}/review": (
        "/v1/cases/x2/review",
        lambda: {"cues": ["weapon"], "doors": ["police_110"], "cause": "转入太晚", "todo": "当日推送"},
    ),
    "GET /v1/reviews": ("/v1/reviews", None),
    "GET /v1/reports": ("/v1/reports", None),
    "GET /v1/practice": ("/v1/practice", None),
    "GET /v1/map": ("/v1/map", None),
    "GET /v1/map/areas": ("/v1/map/areas", None),
    "GET /v1/audit": ("/v1/audit", None),
}


def call(client: TestClient, route: str, headers: dict[str, str]) -> Response:
    path, body = CALLS[route]
    return client.request(
        route.split(maxsplit=1)[0],
        path if isinstance(path, str) else path(),
        json=None if body is None else body(),
        headers=headers,
    )


def every_route(app: Any) -> list[Any]:
    """The routes of an application's routers, those that its description leaves out too."""
    return [
        route for one in app.routes if hasattr(one, "original_router") for route in one.original_router.routes
    ]


def routes_of(client: TestClient) -> set[str]:
    paths = client.get("/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/v1")
    }


def decide(http: TestClient, name: str, colour: str) -> dict[str, Any]:
    latest = http.get(f"/v1/cases/{name}").json()["assessment"]["assessment_id"]
    body = {"assessment_id": latest, "colour": colour, "reason": "多次报警"}
    answer = http.put(f"/v1/cases/{name}/decision", json=body)
    assert answer.status_code in (200, 202), answer.text
    told: dict[str, Any] = answer.json()
    return told
