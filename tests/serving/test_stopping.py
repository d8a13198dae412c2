"""The service is told to stop: what is under way is answered, nothing else is taken, and it ends in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from receiver import receiving
from served import start, wait_for
from small_district import case, count, key_of

from bench.ports import free_port, free_ports
from docket.outbox import endpoints
from docket.store import Store
from docket.times import now_micros

RED = "对方持刀上门，扬言杀他全家。"
LOCAL = {"ANLAN_WEBHOOK_HTTP": "true", "ANLAN_WEBHOOK_NETWORKS": '["127.0.0.0/8", "::1/128"]'}
ENDS = 120
"""Seconds that are more than enough for any end, however slow the machine."""


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """No case can be stored meanwhile."""
    with store.engine.connect() as holder:
        if store.engine.dialect.name == "postgresql":
            holder.execute(sa.text("LOCK TABLE persons IN EXCLUSIVE MODE"))
        else:
            holder.execute(sa.text("SELECT 1"))  # its transaction is the writer's
        yield
        holder.rollback()


@pytest.fixture
def settings() -> dict[str, str]:
    return os.environ | {"ANLAN_MODEL": "", "ANLAN_STORE_WAIT": "60", "ANLAN_CATCH_UP_EVERY": "600"} | LOCAL


def in_flight(base: str) -> int:
    lines = httpx.get(f"{base}/metrics").text.splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("anlan_requests_in_flight "))))


def takes_none(base: str) -> bool:
    try:
        httpx.get(f"{base}/healthz", timeout=5)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def test_what_is_under_way_is_answered_and_nothing_else_taken(store: Store, settings: dict[str, str]) -> None:
    port = free_port()
    base, header = f"http://127.0.0.1:{port}", key_of(store, "dispatch")
    server = start(store.url, port, settings)
    with ThreadPoolExecutor(4) as pool, httpx.Client(base_url=base, headers=header, timeout=60) as client:
        assert client.post("/v1/cases", json=case("before")).status_code == 201
        with locked(store):
            sent = [pool.submit(client.post, "/v1/cases", json=case(f"s{number}")) for number in range(4)]
            wait_for("four are under way", lambda: in_flight(base) == 5)  # and the question itself
            server.send_signal(signal.SIGTERM)
            wait_for("no connection is taken", lambda: takes_none(base))
            assert server.poll() is None
        answers = [one.result() for one in sent]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert server.wait(timeout=ENDS) == 0
    assert count(store, "disputes") == 5 and count(store, "assessments") == 5


def test_a_delivery_under_way_is_finished_and_noted_and_no_other_begun(
    store: Store, settings: dict[str, str]
) -> None:
    port = free_port()
    with receiving() as receiver:
        receiver.seconds = 2
        with store.begin() as conn:
            endpoints.add(conn, url=receiver.url, events=["colour"], now=now_micros())
        server = start(store.url, port, settings)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=key_of(store, "dispatch")) as client:
            for number in range(3):
                assert client.post("/v1/cases", json=case(f"w{number}", RED), timeout=60).status_code == 201

        def leased() -> bool:
            with store.snapshot() as conn:
                query = "SELECT COUNT(*) FROM outbox WHERE leased_until IS NOT NULL"
                return bool(conn.execute(sa.text(query)).scalar())

        wait_for("one is on its way", leased)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=ENDS) == 0
        with store.snapshot() as conn:
            rows = conn.execute(
                sa.text("SELECT state, leased_until, attempts FROM outbox ORDER BY seq")
            ).all()
        delivered = [row for row in rows if row[0] == "delivered"]
        assert len(delivered) == len(receiver.got) >= 1
        assert all(row == ("pending", None, 0) for row in rows if row[0] != "delivered")
        assert len(delivered) < 3


def test_what_takes_longer_than_the_setting_is_cut_off_and_nothing_is_lost(
    store: Store, settings: dict[str, str], tmp_path: Path
) -> None:
    port, header = free_port(), key_of(store, "dispatch")
    base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    with log.open("wb") as out:
        server = start(store.url, port, settings | {"ANLAN_STOP_SECONDS": "1"}, log=out)
    body = case("late")
    with ThreadPoolExecutor(1) as pool, locked(store):
        sent = pool.submit(httpx.post, f"{base}/v1/cases", json=body, headers=header, timeout=60)
        wait_for("it is under way", lambda: in_flight(base) == 2)
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=ENDS)  # the lock is still held: nothing lets the request go on
    assert sent.result().status_code == 503 and "being stopped" in sent.result().json()["detail"]
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert code == 1 and "not_stopped_in_time" in events
    again = start(store.url, port, settings)
    try:
        assert httpx.post(f"{base}/v1/cases", json=body, headers=header, timeout=60).status_code == 201
    finally:
        again.terminate()
        assert again.wait(timeout=ENDS) == 0
    assert count(store, "disputes") == 1


def _workers(log: Path) -> dict[int, int]:
    """The process at each port, by what the log says last."""
    told: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines() if line]
    return {line["port"]: line["pid"] for line in told if line["event"] == "worker_started"}


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_workers_share_out_what_a_key_may_call_are_started_anew_and_stop_together(
    store: Store, settings: dict[str, str], tmp_path: Path
) -> None:
    port, log, header = free_ports(2), tmp_path / "log", key_of(store, "dispatch")
    settings |= {"ANLAN_RATE": "0.001", "ANLAN_BURST": "6"}
    with log.open("wb") as out:
        server = start(store.url, port, settings, "--workers", 2, log=out)

    def answers(at: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{at}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    wait_for("both answer", lambda: answers(port) and answers(port + 1))
    first = _workers(log)
    os.kill(first[port], signal.SIGKILL)
    wait_for("another is started", lambda: _workers(log)[port] != first[port])
    wait_for("it answers", lambda: answers(port))
    assert answers(port + 1) and _workers(log)[port + 1] == first[port + 1]
    for at in (port, port + 1):
        asked = [httpx.get(f"http://127.0.0.1:{at}/v1/cases", headers=header).status_code for _ in range(4)]
        assert asked == [200, 200, 200, 429]
    pids = _workers(log).values()
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=ENDS) == 0
    assert all(_gone(pid) for pid in pids)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_workers_do_not_outlive_who_keeps_them(
    store: Store, settings: dict[str, str], tmp_path: Path
) -> None:
    port, log = free_ports(2), tmp_path / "log"
    with log.open("wb") as out:
        server = start(store.url, port, settings, "--workers", 2, log=out)
    pids = _workers(log).values()
    server.kill()
    server.wait()
    wait_for("they are gone", lambda: all(_gone(pid) for pid in pids))


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_port_that_is_taken_ends_all_with_a_failure(store: Store, settings: dict[str, str]) -> None:
    with receiving() as other:  # has a port
        port = int(httpx.URL(other.url).port or 0)
        done = subprocess.run(
            [Path(sys.executable).with_name("anlan"), "serve", "--store", store.url, "--port", str(port - 1),
             "--workers", "2"],
            env=settings, capture_output=True, check=False, timeout=ENDS,
        )  # fmt: skip
    assert done.returncode == 1
