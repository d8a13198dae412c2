"""The pages as a browser without scripts uses them: log in, read a form's token, send forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import walking
from fastapi.testclient import TestClient
from httpx import Response
from small_district import key_of

from docket.store import Store
from serving.app import create_app
from serving.settings import Settings

_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
BASE = "https://centre.example"


@contextmanager
def service(store: Store, **settings: Any) -> Iterator[TestClient]:
    """The service on a store, without a model."""
    app = create_app(Settings(store=store.url, model="", **settings))
    with TestClient(app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


def token_in(page: Response) -> str:
    """The token that a page's forms bring back."""
    found = _TOKEN.search(page.text)
    assert found is not None, page.text
    return found.group(1)


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, client: TestClient, key: str) -> None:
        self.http = TestClient(
            client.app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False
        )
        self.key = key
        self.token = ""

    def log_in(self, *, following: str = "/") -> Response:
        page = self.http.get("/login", params={"next": following})
        form = {"csrf": token_in(page), "key": self.key, "next": following}
        answer = self.http.post("/login", data=form)
        if answer.status_code == 303:
            self.token = token_in(self.http.get("/", follow_redirects=True))
        return answer

    def get(self, path: str, **params: str) -> Response:
        return self.http.get(path, params=params or None)

    def send(self, path: str, form: Mapping[str, str] | None = None) -> Response:
        return self.http.post(path, data={"csrf": self.token, **(form or {})})


def person(client: TestClient, store: Store, scope: str, area: str | None = None) -> Person:
    """Somebody with a new key who has logged in."""
    worker = "w1" if scope == "worker" else None
    made = Person(client, key_of(store, scope, area=area, worker_id=worker)["Authorization"].split()[1])
    assert made.log_in().status_code == 303
    return made


def page_calls() -> dict[str, tuple[str, dict[str, str] | None]]:
    """One call of each page and form about what `walking.seed` left there, as somebody would make it who may."""
    latest = walking.decided[0]["assessment_id"] if walking.decided else "a-1"
    waits = walking.waiting[0] if walking.waiting else "a-1"
    slip = walking.issued[0] if walking.issued else "s-1"
    token = walking.given[0] if walking.given else "pt-1"
    objections = walking.objected or ["ob-1", "ob-2"]
    decision = {"assessment_id": latest, "colour": "red", "reason": "多次报警"}
    visit = {"visit_id": "vp", "person_id": "p-x1", "found": "calm"}
    label = {"annotation_id": "np", "cue": "weapon", "present": "no"}
    return {
        "GET /": ("/", None),
        "POST /logout": ("/logout", {}),
        "GET /queue": ("/queue", None),
        "GET /cases/{dispute_id}": ("/cases/x1", None),
        "POST /cases/{dispute_id}/decision": ("/cases/x1/decision", decision),
        "POST /cases/{dispute_id}/approval": (
            "/cases/x4/approval",
            {"assessment_id": waits, "approve": "yes"},
        ),
        "POST /cases/{dispute_id}/annotations": ("/cases/x1/annotations", label),
        "POST /cases/{dispute_id}/merge": ("/cases/x1/merge", {"into": "x2", "reason": "同一件事"}),
        "POST /cases/{dispute_id}/unmerge": ("/cases/x3/unmerge", {"reason": "是两件事"}),
        "GET /cases/{dispute_id}/progress": ("/cases/x1/progress", None),
        "POST /cases/{dispute_id}/progress": ("/cases/x1/progress", {}),
        "POST /cases/{dispute_id}/progress/{token_id}/revoke": (f"/cases/x1/progress/{token}/revoke", {}),
        "POST /cases/{dispute_id}/slips": ("/cases/x4/slips", {"unit": "东街派出所"}),
        "GET /slips": ("/slips", None),
        "GET /slips/{slip_id}": (f"/slips/{slip}", None),
        "POST /slips/{slip_id}/steps": (f"/slips/{slip}/steps", {"state": "acknowledged"}),
        "GET /cases/{dispute_id}/registry": ("/cases/x1/registry", None),
        "GET /registry": ("/registry", None),
        "GET /registry/proposed": ("/registry/proposed", None),
        "GET /registry/search": ("/registry/search", None),
        "POST /registry/search": ("/registry/search", {"purpose": "visit", "dispute_id": "x2"}),
        "POST /registry/declined": (
            "/registry/declined",
            {"dispute_id": "x1", "person_id": "p-x1", "reason": "只是报案人"},
        ),
        "POST /registry/entries": (
            "/registry/entries",
            {
                "dispute_id": "x1",
                "person_id": "p-x1",
                "category": "neighbour_grudge",
                "entered_at": datetime.now(UTC).isoformat(),
                "reason": "积怨未消",
            },
        ),
        "GET /registry/entries/{entry_id}": ("/registry/entries/r0", None),
        "POST /registry/entries/{entry_id}/leave": ("/registry/entries/r0/leave", {"reason": "已和解"}),
        "POST /registry/entries/{entry_id}/correction": (
            "/registry/entries/r0/correction",
            {"category": "other", "reason": "核实后更正"},
        ),
        "POST /registry/entries/{entry_id}/objections": (
            "/registry/entries/r2/objections",
            {"said": "仍不同意"},
        ),
        "POST /registry/entries/{entry_id}/objections/{objection_id}/review": (
            f"/registry/entries/r0/objections/{objections[0]}/review",
            {"finding": "removed", "answer": "已移出"},
        ),
        "POST /registry/entries/{entry_id}/objections/{objection_id}/answer": (
            f"/registry/entries/r2/objections/{objections[1]}/answer",
            {"how": "phone"},
        ),
        "GET /urgings": ("/urgings", None),
        "POST /urgings/{urging_no}/answer": (
            f"/urgings/{walking.urged[0] if walking.urged else 1}/answer",
            {"note": "今晚上门"},
        ),
        "GET /cases/{dispute_id}/review": ("/cases/x2/review", None),
        "POST /cases/{dispute_id}/review": (
            "/cases/x2/review",
            {"cue-weapon": "yes", "door-police_110": "yes", "cause": "转入太晚", "todo": "当日推送"},
        ),
        "GET /reviews": ("/reviews", None),
        "GET /reports": ("/reports", None),
        "GET /reports/pdf": ("/reports/pdf", None),
        "GET /reports/docx": ("/reports/docx", None),
        "GET /practice": ("/practice", None),
        "GET /map": ("/map", None),
        "GET /map/areas": ("/map/areas", None),
        "GET /watch": ("/watch", None),
        "GET /visits": ("/visits", None),
        "GET /visits/list.{ending}": ("/visits/list.csv", None),
        "POST /visits": ("/visits", visit),
        "GET /rounds": ("/rounds", None),
        "POST /rounds": (
            "/rounds",
            {"worker_id": "w1", "to_worker_id": "w3", "all": "yes", "reason": "请假"},
        ),
    }


def visit_page(who: Person, route: str) -> Response:
    """Call a page as somebody who is logged in, or isn't."""
    path, form = page_calls()[route]
    return who.get(path) if form is None else who.send(path, form)
