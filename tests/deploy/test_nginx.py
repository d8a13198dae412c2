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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from served import free_port, free_ports, start, wait_for
from small_district import case, count, fill, key_of

from docket.store import Store

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here (Debian's package nginx-light)")


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "records"
    folder.mkdir()
    opened = fill(store_url, folder)
    yield opened
    opened.close()


@dataclass(frozen=True)
class Running:
    tls: int
    plain: int
    workers: int
    folder: Path

    def client(self, **headers: str) -> httpx.Client:
        certificate = str(self.folder / "certificate.pem")
        context = ssl.create_default_context(cafile=certificate)
        return httpx.Client(
            base_url=f"https://localhost:{self.tls}",
            headers=headers,
            timeout=120,
            verify=context,
            trust_env=False,
        )

    def passed(self) -> list[dict[str, Any]]:
        """nginx's own log."""
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]

    def logged(self) -> list[dict[str, Any]]:
        """The service's."""
        return [json.loads(line) for line in (self.folder / "service.log").read_text().splitlines()]


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


def _configured(folder: Path, tls: int, plain: int, workers: int, changes: dict[str, str]) -> Path:
    """The configuration as it stands, with this test's ports and folders."""
    text = CONFIGURATION.read_text("utf-8")
    moved = {
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "127.0.0.1:8001": f"127.0.0.1:{workers}",
        "127.0.0.1:8002": f"127.0.0.1:{workers + 1}",
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


@pytest.fixture
def running(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    made = Running(free_port(), free_port(), free_ports(2), tmp_path)
    _certificate(tmp_path)
    changes: dict[str, str] = getattr(request, "param", {})
    configuration = _configured(tmp_path, made.tls, made.plain, made.workers, changes)
    with (tmp_path / "service.log").open("wb") as log:
        settings = os.environ | {"ANLAN_MODEL": "", "ANLAN_STORE_WAIT": "60"}
        server = start(store.url, made.workers, settings, "--workers", 2, log=log)
    try:
        wait_for("both workers", lambda: answers(made.workers) and answers(made.workers + 1))
        proxy = subprocess.Popen(
            [str(NGINX), "-c", configuration, "-g", "daemon off;", "-e", tmp_path / "start.log"]
        )
        try:
            wait_for("nginx", lambda: answers(made.plain))
            yield made
        finally:
            proxy.terminate()
            proxy.wait()
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, follow_redirects=False)
    except httpx.TransportError:
        return False
    return True


@pytest.mark.parametrize("running", [{"rate=50r/s": "rate=5000r/s"}], indirect=True)
def test_requests_are_spread_and_a_worker_that_is_killed_is_noticed_by_nobody(
    store: Store, running: Running
) -> None:
    header, numbers, done = key_of(store, "dispatch"), counting(), threading.Event()
    got: list[httpx.Response] = []
    base = running.workers

    def pids() -> dict[int, int]:
        return {line["port"]: line["pid"] for line in running.logged() if line["event"] == "worker_started"}

    def send() -> None:
        with running.client(**header) as client:
            while not done.is_set():
                got.append(client.post("/v1/cases", json=case(f"n{next(numbers)}")))

    def by_worker() -> Counter[str]:
        return Counter(line["worker"] for line in running.passed())

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    try:
        for port in (base, base + 1):
            wait_for("both have a share", lambda port=port: by_worker()[f"127.0.0.1:{port}"] >= 10)
        before = pids()
        for port in (base, base + 1):
            os.kill(before[port], signal.SIGKILL)
            wait_for("another takes its place", lambda port=port: pids()[port] != before[port])
            wait_for("it answers", lambda port=port: answers(port))
            reached = by_worker()[f"127.0.0.1:{port}"] + 5
            wait_for(
                "it has a share again",
                lambda port=port, reached=reached: by_worker()[f"127.0.0.1:{port}"] >= reached,
            )
    finally:
        done.set()
        for sender in senders:
            sender.join()
    assert {answer.status_code for answer in got} == {201}
    assert count(store, "disputes") == len(got) and len({a.json()["assessment_id"] for a in got}) == len(got)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_what_a_killed_worker_was_doing_is_done_by_another(store: Store, running: Running) -> None:
    header = key_of(store, "dispatch")
    with running.client(**header) as client, ThreadPoolExecutor(2) as pool:
        with store.engine.connect() as holder:
            holder.execute(sa.text("LOCK TABLE persons IN EXCLUSIVE MODE"))
            sent = pool.submit(client.post, "/v1/cases", json=case("k"))

            def busy() -> int | None:
                for port in (running.workers, running.workers + 1):
                    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
                    if "anlan_requests_in_flight 2.0" in text:
                        return port
                return None

            port = wait_for("it is under way", busy)
            pid = {one["port"]: one["pid"] for one in running.logged() if one["event"] == "worker_started"}[
                port
            ]
            os.kill(pid, signal.SIGKILL)
            wait_for("the other has it", lambda: _has_another(running, port))
            holder.rollback()
        answer = sent.result()
    assert answer.status_code == 201 and count(store, "disputes") == 1
    (line,) = [line for line in running.passed() if line["method"] == "POST"]
    assert len(line["worker"].split(", ")) == 2 and line["worker_status"] == "502, 201"


def _has_another(running: Running, killed: int) -> bool:
    other = 2 * running.workers + 1 - killed
    return "anlan_requests_in_flight 2.0" in httpx.get(f"http://127.0.0.1:{other}/metrics").text


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_the_proxy_itself_sees_to(store: Store, running: Running) -> None:
    header = key_of(store, "dispatch")
    plain = httpx.get(f"http://localhost:{running.plain}/v1/cases?a=b", follow_redirects=False)
    assert plain.status_code == 308 and plain.headers["location"] == "https://localhost/v1/cases?a=b"
    with running.client(**header) as client:
        answer = client.get("/healthz", headers={"X-Request-Id": "a" * 32})
        assert answer.status_code == 200 and re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
        assert answer.headers["x-request-id"] != "a" * 32  # not the caller's to choose
        told = answer.headers["x-request-id"]
        wait_for("it is logged", lambda: told in {line.get("request_id") for line in running.logged()})
        assert told in {line["id"] for line in running.passed()}
        assert client.get("/metrics").status_code == 404
        big = case("big", "水" * 90_000)
        batch = {"cases": [case(f"b{number}", "水" * 90_000) for number in range(8)]}
        assert client.post("/v1/cases", json=big).status_code == 201
        assert client.post("/v1/cases:batch", json=batch).status_code == 200  # over 1 MB
        refused = client.post("/v1/cases", content=b" " * 1_100_000)
        assert refused.status_code == 413 and refused.json()["type"] == "urn:anlan:problem:too-large"
        assert client.get("/v1/cases/天字第一号", params={"area": "东街"}).status_code in (404, 422)
    log = (running.folder / "access.log").read_text() + (running.folder / "error.log").read_text()
    assert "/v1/" not in log and "东街" not in log and "%E4" not in log
    assert list((running.folder / "body").rglob("*.*")) == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "running", [{"rate=50r/s": "rate=1r/m", "burst=200 nodelay": "burst=3 nodelay"}], indirect=True
)
def test_an_address_that_calls_too_often_is_told_so(store: Store, running: Running) -> None:
    with running.client() as client:
        answers_ = [client.get("/healthz") for _ in range(6)]
    # one by the rate, three by the burst
    assert [answer.status_code for answer in answers_] == [200] * 4 + [429] * 2
    last = answers_[-1]
    assert last.headers["retry-after"] == "1" and last.headers["content-type"] == "application/problem+json"
    assert last.json()["type"] == "urn:anlan:problem:too-many-requests"


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_no_worker_at_all_is_a_503_that_says_to_try_again(store: Store, running: Running) -> None:
    with running.client() as client:
        assert client.get("/healthz").status_code == 200
        pids = {line["port"]: line["pid"] for line in running.logged() if line["event"] == "worker_started"}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        answer = client.get("/healthz")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "2"
    assert answer.json()["type"] == "urn:anlan:problem:unavailable"
