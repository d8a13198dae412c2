"""One call of each route, as somebody would make it who may; and the routes that the application has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from small_district import case, key_of

from docket.store import Store

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
    decided.clear()
    decided.append(client.get("/v1/cases/x1", headers=centre).json()["assessment"])
    _act(client, centre)


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
    "POST /v1/registry": ("/v1/registry", lambda: _entry("r1")),
    "POST /v1/registry/{entry_id}/leave": ("/v1/registry/r0/leave", dict),
    "GET /v1/models/current": ("/v1/models/current", None),
    "GET /v1/queue": ("/v1/queue", None),
    "GET /v1/cases/{dispute_id}/history": ("/v1/cases/x1/history", None),
    "PUT /v1/cases/{dispute_id}/decision/approval": (
        "/v1/cases/x4/decision/approval",
        lambda: {"assessment_id": waiting[0] if waiting else "a-1", "approve": True},
    ),
    "POST /v1/cases/{dispute_id}/slips": ("/v1/cases/x4/slips", lambda: {"unit": "东街派出所"}),
    "GET /v1/slips": ("/v1/slips", None),
    "GET /v1/slips/{slip_id}": (lambda: f"/v1/slips/{issued[0] if issued else 's-1'}", None),
    "POST /v1/slips/{slip_id}/steps": (
        lambda: f"/v1/slips/{issued[0] if issued else 's-1'}/steps",
        lambda: {"state": "acknowledged"},
    ),
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
