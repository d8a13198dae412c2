"""The service as a district runs it: nginx with deploy/nginx.conf before two worker processes on one store."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from served import start, wait_for
from small_district import case, count, fill, key_of

from bench.ports import free_port, free_ports
from docket.store import Store

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here (Debian's package nginx-light)")


@dataclass(frozen=True)
class Service:
    """Two worker processes on one store."""

    store: Store
    ports: tuple[int, int]
    folder: Path

    def logged(self) -> list[dict[str, Any]]:
        """What the service logged."""
        return [json.loads(line) for line in (self.folder / "service.log").read_text().splitlines()]

    def pids(self) -> dict[int, int]:
        """The process at each port now."""
        return {line["port"]: line["pid"] for line in self.logged() if line["event"] == "worker_started"}

    def in_flight(self, port: int) -> int:
        """How many requests a worker has, but for the one that asks it."""
        try:
            lines = httpx.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
        except httpx.TransportError:
            return 0
        return int(
            float(next(line.split()[1] for line in lines if line.startswith("anlan_requests_in_"))) - 1
        )


@dataclass(frozen=True)
class Proxy:
    """nginx before them."""

    service: Service
    tls: int
    plain: int
    folder: Path

    def client(self, **headers: str) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        base = f"https://localhost:{self.tls}"
        return httpx.Client(base_url=base, headers=headers, timeout=120, verify=context, trust_env=False)

    def passed(self) -> list[dict[str, Any]]:
        """What nginx logged."""
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]


def _certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)


def _configured(
    folder: Path, tls: int, plain: int, workers: tuple[int, int], changes: dict[str, str]
) -> Path:
    """The configuration as it stands, with this test's ports and folders."""
    text = CONFIGURATION.read_text("utf-8")
    moved = {
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "127.0.0.1:8001": f"127.0.0.1:{workers[0]}",
        "127.0.0.1:8002": f"127.0.0.1:{workers[1]}",
        "/etc/anlan/tls/fullchain.pem": f"{folder}/certificate.pem",
        "/etc/anlan/tls/privkey.pem": f"{folder}/key.pem",
        "/var/log/nginx/anlan-error.log": f"{folder}/error.log",
        "/var/log/nginx/anlan-access.log": f"{folder}/access.log",
        "/run/anlan-nginx.pid": f"{folder}/nginx.pid",
        "/run/anlan-nginx-body": f"{folder}/body",
        # Folders that are this user's, whoever it is.
        "http {\n": "http {\n" + "".join(
            f"    {name}_temp_path {folder}/{name};\n" for name in ("proxy", "fastcgi", "uwsgi", "scgi")),
    } | changes  # fmt: skip
    for before, after in moved.items():
        assert before in text, before
        text = text.replace(before, after)
    if os.getuid() == 0:
        text = "user root;\n" + text
    made = folder / "nginx.conf"
    made.write_text(text, "utf-8")
    return made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "records").mkdir()
    url = f"sqlite:///{folder / 'store.db'}"
    if request.param == "postgresql":
        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{folder.name}"')
        url = server.replace("/postgres?", f"/{folder.name}?")
    store = fill(url, folder / "records")
    first = free_ports(2)
    with (folder / "service.log").open("wb") as log:
        settings = os.environ | {"ANLAN_MODEL": "", "ANLAN_STORE_WAIT": "110"}
        supervisor = start(store.url, first, settings, "--workers", 2, log=log)
    yield Service(store, (first, first + 1), folder)
    supervisor.terminate()
    assert supervisor.wait() == 0
    store.close()


@contextmanager
def proxied(service: Service, folder: Path, **changes: str) -> Iterator[Proxy]:
    """nginx with the configuration as it stands; `changes` by what is to be put in another's place."""
    made = Proxy(service, free_port(), free_port(), folder)
    _certificate(folder)
    configuration = _configured(folder, made.tls, made.plain, service.ports, changes)
    for port in service.ports:
        wait_for("both workers", lambda port=port: answers(port))
    process = subprocess.Popen(
        [str(NGINX), "-c", configuration, "-g", "daemon off;", "-e", folder / "start.log"]
    )
    try:
        wait_for("nginx", lambda: answers(made.plain))
        yield made
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, follow_redirects=False)
    except httpx.TransportError:
        return False
    return True


def test_requests_are_spread_and_a_worker_that_is_killed_costs_no_request(
    service: Service, tmp_path: Path
) -> None:
    header, numbers, done = key_of(service.store, "dispatch"), counting(), threading.Event()
    got: list[httpx.Response] = []
    before = count(service.store, "disputes")
    with proxied(service, tmp_path, **{"rate=50r/s": "rate=5000r/s"}) as proxy:

        def send() -> None:
            with proxy.client(**header) as client:
                while not done.is_set():
                    got.append(client.post("/v1/cases", json=case(f"n{next(numbers)}")))

        def share(port: int) -> int:
            return Counter(line["worker"] for line in proxy.passed())[f"127.0.0.1:{port}"]

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        try:
            for port in service.ports:
                wait_for("both have a share", lambda port=port: share(port) >= 10)
            pids = service.pids()
            for port in service.ports:
                os.kill(pids[port], signal.SIGKILL)
                wait_for("another takes its place", lambda port=port: service.pids()[port] != pids[port])
                wait_for("it answers", lambda port=port: answers(port))
                reached = share(port) + 5
                wait_for("it has a share", lambda port=port, reached=reached: share(port) >= reached)
        finally:
            done.set()
            for sender in senders:
                sender.join()
    # 200: the worker had stored it and was killed before it answered
    assert {answer.status_code for answer in got} <= {200, 201}
    assert count(service.store, "disputes") == before + len(got)
    assert len({answer.json()["assessment_id"] for answer in got}) == len(got)


def test_what_a_killed_worker_was_doing_is_done_by_another_and_by_the_first_again(
    service: Service, tmp_path: Path
) -> None:
    header, before = key_of(service.store, "dispatch"), count(service.store, "disputes")
    patient = {"proxy_read_timeout 60s": "proxy_read_timeout 600s"}  # a worker may take long to start here
    with (
        proxied(service, tmp_path, **patient) as proxy,
        proxy.client(**header) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        with service.store.engine.connect() as holder:
            postgres = service.store.engine.dialect.name == "postgresql"
            holder.execute(sa.text("LOCK TABLE persons IN EXCLUSIVE MODE" if postgres else "SELECT 1"))
            sent = pool.submit(client.post, "/v1/cases", json=case("k"))

            def busy() -> int | None:
                return next((port for port in service.ports if service.in_flight(port)), None)

            first = wait_for("it is under way", busy)
            os.kill(service.pids()[first], signal.SIGKILL)
            (second,) = set(service.ports) - {first}
            wait_for("the other has it", lambda: service.in_flight(second))
            if postgres:  # on SQLite a worker that starts waits for whoever writes
                wait_for("the first is back", lambda: answers(first))
                os.kill(service.pids()[second], signal.SIGKILL)
                wait_for("the first has it again", lambda: service.in_flight(first))
            holder.rollback()
        answer = sent.result()
        assert answer.status_code == 201 and count(service.store, "disputes") == before + 1
        (line,) = wait_for("it is logged", lambda: [one for one in proxy.passed() if one["method"] == "POST"])
        assert line["worker"].startswith(f"127.0.0.1:{first}, 127.0.0.1:{second}")
        allowed = {"502, 502 : 201", "502, 502 : 502, 201"} if postgres else {"502, 201"}
        assert line["worker_status"] in allowed


def test_what_the_proxy_itself_sees_to(service: Service, tmp_path: Path) -> None:
    with proxied(service, tmp_path) as proxy:
        plain = httpx.get(f"http://localhost:{proxy.plain}/v1/cases?a=b", follow_redirects=False)
        assert plain.status_code == 308 and plain.headers["location"] == "https://localhost/v1/cases?a=b"
        with proxy.client(**key_of(service.store, "dispatch")) as client:
            answer = client.get("/healthz", headers={"X-Request-Id": "a" * 32})
            told = answer.headers["x-request-id"]
            assert answer.status_code == 200 and re.fullmatch("[0-9a-f]{32}", told)
            assert told != "a" * 32  # not the caller's to choose
            wait_for(
                "the service logs it", lambda: told in {one.get("request_id") for one in service.logged()}
            )
            wait_for("nginx logs it", lambda: told in {one["id"] for one in proxy.passed()})
            assert client.get("/metrics").status_code == 404
            batch = {"cases": [case(f"b{number}", "水" * 90_000) for number in range(8)]}  # over 1 MB
            assert client.post("/v1/cases", json=case("big", "水" * 90_000)).status_code == 201
            assert client.post("/v1/cases:batch", json=batch).status_code == 200
            refused = client.post("/v1/cases", content=b" " * 1_100_000)
            assert refused.status_code == 413 and refused.json()["type"] == "urn:anlan:problem:too-large"
            assert client.get("/v1/cases/天字第一号", params={"area": "东街"}).status_code in (404, 422)
    log = (tmp_path / "access.log").read_text() + (tmp_path / "error.log").read_text()
    assert "/v1/" not in log and "东街" not in log and "%E4" not in log
    assert [path for path in (tmp_path / "body").rglob("*") if path.is_file()] == []


def test_an_address_that_calls_too_often_is_told_so(service: Service, tmp_path: Path) -> None:
    changes = {"rate=50r/s": "rate=1r/m", "burst=200 nodelay": "burst=3 nodelay"}
    with proxied(service, tmp_path, **changes) as proxy, proxy.client() as client:
        got = [client.get("/healthz") for _ in range(6)]
    # one by the rate, three by the burst
    assert [answer.status_code for answer in got] == [200] * 4 + [429] * 2
    assert got[-1].headers["retry-after"] == "1"
    assert got[-1].headers["content-type"] == "application/problem+json"
    assert got[-1].json()["type"] == "urn:anlan:problem:too-many-requests"


def test_no_worker_at_all_is_a_503_that_says_to_try_again(service: Service, tmp_path: Path) -> None:
    with proxied(service, tmp_path) as proxy, proxy.client() as client:
        assert client.get("/healthz").status_code == 200
        for pid in service.pids().values():
            os.kill(pid, signal.SIGKILL)
        answer = client.get("/healthz")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "2"
    assert answer.json()["type"] == "urn:anlan:problem:unavailable"
