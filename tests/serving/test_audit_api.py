"""The log as the service writes and shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from small_district import case, count, key_of
from walking import seed

from docket.audit.checking import verify
from docket.store import Store
from docket.store.metadata import AUDIT_LOG
from serving.app import create_app
from serving.settings import Settings


def key_id(header: dict[str, str]) -> str:
    return header["Authorization"].split("_")[1]


def told(client: TestClient, store: Store, **asked: Any) -> list[tuple[str, str, str | None]]:
    answer = client.get("/v1/audit", params=asked, headers=key_of(store, "audit"))
    assert answer.status_code == 200
    return [(row["actor"], row["action"], row["case"]) for row in answer.json()["entries"]]


def whole(store: Store) -> bool:
    with store.snapshot() as conn:
        return verify(conn).faults == []


def test_the_log_says_who_scored_and_saw_which_case(client: TestClient, store: Store) -> None:
    sender, reader, walker = (
        key_of(store, "dispatch"), key_of(store, "centre"), key_of(store, "worker", worker_id="w1")
    )  # fmt: skip
    answer = client.post("/v1/cases", json=case("a", "家长扬言跳楼"), headers=sender).json()
    client.post("/v1/cases", json=case("a", "别的话"), headers=sender)  # refused: nothing was done
    client.get("/v1/cases/a", headers=reader)
    client.get("/v1/cases/nobody", headers=reader)
    client.get("/v1/visits", headers=walker)
    event = {"event_id": "e1", "at": datetime.now(UTC).isoformat(), "kind": "contacted", "text": "已联系"}
    client.post("/v1/cases/a/events", json={"events": [event]}, headers=sender)
    assert told(client, store, case="a") == [
        (key_id(sender), "score", "a"),
        (key_id(reader), "view", "a"),
        (key_id(walker), "view", "a"),
        (key_id(sender), "score", "a"),
    ]
    page = client.get("/v1/audit?action=score", headers=key_of(store, "audit")).json()
    first = page["entries"][0]
    assert first["subject"] == answer["assessment_id"] and first["scope"] == "dispatch"
    assert first["detail"] == {
        "colour": "red", "model_version": None, "degraded": True, "as_of": answer["as_of"]
    }  # fmt: skip
    assert whole(store)


def test_a_repeat_is_a_view_of_what_was_answered(client: TestClient, store: Store) -> None:
    body, other = case("a"), key_of(store, "centre")
    client.post("/v1/cases", json=body)
    assert client.post("/v1/cases", json=body, headers=other).status_code == 200
    assert told(client, store, actor=key_id(other)) == [(key_id(other), "view", "a")]


def test_merging_is_logged_as_done_by_whom(client: TestClient, store: Store) -> None:
    seed(client, store)
    merged = told(client, store, case="x3")
    assert [action for _, action, _ in merged] == ["score", "merge"]


def test_the_log_is_read_page_by_page_to_its_end(client: TestClient, store: Store) -> None:
    for number in range(7):
        client.post("/v1/cases", json=case(f"c{number}"))
    auditor, seen, cursor = key_of(store, "audit"), [], None
    while True:
        asked = {"limit": 3, "action": "score"} | ({} if cursor is None else {"cursor": cursor})
        page = client.get("/v1/audit", params=asked, headers=auditor).json()
        seen += [row["case"] for row in page["entries"]]
        cursor = page["next"]
        if cursor is None:
            break
        client.post("/v1/cases", json=case(f"n{cursor}"))  # what comes meanwhile comes last
    assert seen[:7] == [f"c{number}" for number in range(7)] and len(seen) == len(set(seen))
    assert "audit" in json.dumps(client.get("/v1/audit?action=view", headers=auditor).json())
    for bad in ("x", "-1", "1.5", "٣"):
        assert client.get("/v1/audit", params={"cursor": bad}, headers=auditor).status_code == 422


def test_an_auditor_of_a_street_reads_of_its_cases_only(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("east", grid="g1"))
    client.post("/v1/cases", json=case("west", grid="g2"))
    auditor = key_of(store, "audit", area="street:s2")
    rows = client.get("/v1/audit", headers=auditor).json()["entries"]
    assert {row["case"] for row in rows} == {"west"}


def test_the_log_holds_no_narrative_and_no_identity(client: TestClient, store: Store) -> None:
    body = case("a", "陈年旧事 620102198001011234 扬言跳楼")
    client.post("/v1/cases", json=body)
    client.get("/v1/cases/a", headers=key_of(store, "centre"))
    client.get("/v1/visits", headers=key_of(store, "worker", worker_id="w1"))
    client.post("/v1/cases", json=case("b"))
    client.post(
        "/v1/cases/b/merge", json={"into": "a", "reason": "陈年旧事"}, headers=key_of(store, "centre")
    )
    with store.snapshot() as conn:
        held = str(conn.execute(sa.select(AUDIT_LOG)).all())
    assert "merge" in held
    assert not any(word in held for word in ("陈年旧事", "跳楼", "620102198001011234", "p-a"))


def test_what_cannot_be_logged_is_neither_done_nor_seen(client: TestClient, store: Store) -> None:
    client.post("/v1/cases", json=case("a"))
    centre = key_of(store, "centre")
    with store.begin() as conn:  # the log is there and takes nothing any more
        conn.execute(sa.text("ALTER TABLE audit_log RENAME TO audit_log_gone"))
    for path in ("/v1/cases/a", "/v1/visits"):
        answer = client.get(path, headers=centre)
        assert answer.status_code >= 500 and "漏水" not in answer.text
    before = count(store, "assessments")
    event = {"event_id": "e1", "at": datetime.now(UTC).isoformat(), "kind": "contacted"}
    assert client.post("/v1/cases/a/events", json={"events": [event]}, headers=centre).status_code >= 500
    assert count(store, "assessments") == before


def test_two_services_on_one_store_make_one_chain(store: Store) -> None:
    settings = Settings(store=store.url, model="")
    with TestClient(create_app(settings)) as one, TestClient(create_app(settings)) as other:
        for made in (one, other):
            made.headers.update(key_of(store, "centre"))

        def work(number: int) -> None:
            service = (one, other)[number % 2]
            assert service.post("/v1/cases", json=case(f"c{number}")).status_code == 201
            assert service.get(f"/v1/cases/c{number}").status_code == 200

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(24)))
    assert whole(store)
    with store.snapshot() as conn:
        actions = conn.execute(sa.select(AUDIT_LOG.c.action)).scalars().all()
    assert actions.count("score") == actions.count("view") == 24


def test_keys_by_command_are_made_listed_and_ended(client: TestClient, store: Store, tmp_path: Path) -> None:
    def anlan(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("anlan"), "key", *words, "--store", store.url],
            env=os.environ, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout

    made = anlan("create", "--scope", "centre", "--area", "street:s1", "--days", "3").strip()
    header = {"Authorization": f"Bearer {made}"}
    name = made.split("_")[1]
    assert client.get("/v1/visits", headers=header).status_code == 200
    listed = next(line for line in anlan("list").splitlines() if line.startswith(name))
    assert listed.split("\t")[1:4] == ["centre", "street:s1", ""] and made not in listed
    anlan("revoke", name)
    assert client.get("/v1/visits", headers=header).status_code == 401
    assert "revoked" in next(line for line in anlan("list").splitlines() if line.startswith(name))
    anlan("revoke", name, code=2)
    page = client.get("/v1/audit?action=revoke_key", headers=key_of(store, "audit")).json()["entries"]
    assert [row["subject"] for row in page] == [name] and page[0]["actor"].startswith("command:")
