"""What people do at desks and on phones with cases of `planted`: every page and list, forms, and wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from browsing import token_in
from planted import ADDRESS, NAME, NARRATIVE, NUMBER, PHONE, PHRASE

_LISTS = (
    "/v1/queue", "/v1/slips", "/v1/cases/a/history", "/v1/cases/b/review", "/v1/reviews", "/v1/registry",
    "/v1/registry/r1", "/v1/registry:proposed", "/v1/urgings", "/v1/reports", "/v1/map", "/v1/map/areas",
    "/v1/practice", "/v1/visits?worker=w1", "/v1/cases/a/progress",
)  # fmt: skip
_PAGES = (
    "/queue", "/cases/a", "/cases/a/registry", "/cases/a/progress", "/cases/b/review", "/slips", "/registry",
    "/registry/proposed", "/registry/search", "/registry/entries/r1", "/reviews", "/reports", "/practice",
    "/map", "/map/areas", "/urgings", "/watch",
)  # fmt: skip


class Desk:
    """Somebody who is logged in to the pages."""

    def __init__(self, base: str, key: Mapping[str, str]) -> None:
        self.http = httpx.Client(base_url=base, timeout=60, headers={"User-Agent": PHONE})
        form = {
            "csrf": token_in(self.http.get("/login")),
            "key": key["Authorization"].split()[1],
            "next": "/",
        }
        assert self.http.post("/login", data=form).status_code == 303
        self.token = token_in(self.http.get("/", follow_redirects=True))

    def see(self, path: str) -> None:
        assert self.http.get(path).status_code == 200, path

    def send(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        return self.http.post(path, data={"csrf": self.token, **form})

    def done(self, path: str, form: Mapping[str, str]) -> None:
        answer = self.send(path, form)
        assert answer.status_code in (200, 303), (path, answer.text)


def work(
    client: httpx.Client, base: str, centre: Mapping[str, str], worker: Mapping[str, str]
) -> list[httpx.Response]:
    """Decide, issue and follow a slip, look back at a harm, look at everything; what was refused."""
    latest = client.get("/v1/cases/d").json()["assessment"]["assessment_id"]
    red = {"assessment_id": latest, "colour": "red", "reason": NARRATIVE}
    assert client.put("/v1/cases/d/decision", json=red).status_code == 200
    made = client.post("/v1/cases/d/slips", json={"unit": f"{NAME}的单位", "note": NARRATIVE})
    assert made.status_code == 201, made.text
    slip = made.json()["slip_id"]
    for path in (*_LISTS, f"/v1/slips/{slip}"):
        assert client.get(path).status_code == 200, path
    desk, phone = Desk(base, centre), Desk(base, worker)
    for path in (*_PAGES, f"/slips/{slip}"):
        desk.see(path)
    for path in ("/visits", "/visits/list.csv", "/visits/list.xlsx"):
        phone.see(path)
    for path, form in (
        (f"/slips/{slip}/steps", {"state": "acknowledged", "note": NARRATIVE}),
        ("/cases/b/review", {"cause": NARRATIVE, "todo": NARRATIVE}),
        ("/cases/a/annotations", {"annotation_id": "n1", "cue": "weapon", "present": "yes", "quote": "持刀"}),
        ("/registry/search", {"purpose": "visit", "name": NAME}),
        ("/registry/declined", {"dispute_id": "d", "person_id": "p-d", "reason": NARRATIVE}),
    ):
        desk.done(path, form)
    phone.done("/visits", {"visit_id": "v2", "person_id": "p-a", "found": "worse", "text": NARRATIVE})
    return _refused(client, desk, phone, slip)


def _refused(client: httpx.Client, desk: Desk, phone: Desk, slip: str) -> list[httpx.Response]:
    asked: list[tuple[str, Any]] = [
        ("/v1/cases/d/slips", {"unit": NARRATIVE * 5, "note": [PHONE]}),
        (f"/v1/slips/{slip}/steps", {"state": NAME, "note": NARRATIVE}),
        (f"/v1/slips/{NAME}/steps", {"state": "handled", "note": NARRATIVE}),
        ("/v1/cases/b/review", {"cues": [PHRASE], "doors": [NAME], "cause": NARRATIVE}),
        (f"/v1/urgings/{PHONE}/answer", {"note": NARRATIVE}),
        ("/v1/cases/a/progress", {"days": NUMBER}),
        (
            "/v1/visits",
            {"visits": [{"visit_id": NUMBER, "person_id": NAME, "worker_id": PHONE, "text": NARRATIVE}]},
        ),
    ]
    answers = [client.post(path, json=body) for path, body in asked]
    answers += [client.get(path) for path in (
        f"/v1/queue?kind={PHRASE}&area={NAME}", f"/v1/queue?cursor={PHONE}", f"/v1/slips?state={NAME}",
        f"/v1/registry?category={NAME}&area={ADDRESS}", f"/v1/reports?period={PHRASE}&area={NUMBER}",
        f"/v1/map?period={PHONE}&level={NAME}", f"/v1/urgings?level={NAME}",
    )]  # fmt: skip
    answers += [desk.http.get(path) for path in (
        f"/queue?area={NAME}", f"/cases/{PHRASE}", f"/slips/{PHONE}", f"/slips?cursor={PHONE}", f"/{NAME}/{PHONE}",
        f"/registry/entries/{NUMBER}", f"/reports?period={PHRASE}", f"/map?period={PHONE}",
    )]  # fmt: skip
    for path, form in (
        ("/cases/d/decision", {"assessment_id": NUMBER, "colour": NAME, "reason": NARRATIVE}),
        ("/cases/d/merge", {"into": NAME, "reason": NARRATIVE}),
        ("/cases/d/slips", {"unit": NARRATIVE * 5}),
        (f"/slips/{slip}/steps", {"state": PHRASE, "note": NARRATIVE}),
        (
            "/registry/entries",
            {"dispute_id": "a", "person_id": NUMBER, "category": NAME, "reason": NARRATIVE},
        ),
        (
            "/cases/a/annotations",
            {"annotation_id": "n2", "cue": "weapon", "present": "yes", "quote": PHONE * 2},
        ),
    ):
        answers += [desk.send(path, form), desk.http.post(path, data={"csrf": PHONE, **form})]
    answers.append(
        phone.send("/visits", {"visit_id": PHONE, "person_id": NAME, "found": PHRASE, "text": NARRATIVE})
    )
    assert all(answer.status_code >= 400 for answer in answers), [
        (a.request.url.path, a.status_code) for a in answers
    ]
    return answers
