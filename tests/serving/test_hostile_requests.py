"""Requests that mean harm, over a real socket: each is told what is wrong with it, and does nothing."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from served import wait_for
from small_district import case, count, key_of

from docket.store import Store
from serving.app import create_app
from serving.settings import Settings

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


@dataclass
class Server:
    port: int
    headers: dict[str, str]

    def raw(self, head: str | bytes, body: bytes = b"") -> tuple[int, bytes]:
        """Send bytes as they are; the status and all that came back."""
        head = head if isinstance(head, bytes) else head.encode("latin-1")
        key = f"\r\nAuthorization: {self.headers['Authorization']}\r\nConnection: close\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as wire:
            with contextlib.suppress(
                BrokenPipeError, ConnectionResetError
            ):  # it answered before it had read all
                wire.sendall(head + key + body)
            got = b""
            while True:
                try:
                    part = wire.recv(65_536)
                except ConnectionResetError:
                    break
                if not part:
                    break
                got += part
        return int(got.split(b" ", 2)[1]), got


@contextlib.contextmanager
def served(settings: Settings, store: Store) -> Iterator[Server]:
    app = create_app(settings)
    made = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, server_header=False))
    thread = threading.Thread(target=made.run)
    thread.start()
    while not made.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Server(made.servers[0].sockets[0].getsockname()[1], key_of(store, "centre"))
    made.should_exit = True
    thread.join()


@pytest.fixture
def server(store: Store) -> Iterator[Server]:
    with served(Settings(store=store.url, model=""), store) as made:
        yield made


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=server.headers, timeout=60) as made:
        yield made


def refused(answer: httpx.Response, status: int, *, names: str = "") -> None:
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status and problem["detail"] and len(answer.content) < 10_000
    if names:
        assert names in {error["field"] for error in problem["errors"]}, problem


def test_packed_bodies_are_refused_unread(http: httpx.Client, store: Store) -> None:
    bomb = gzip.compress(b" " * 200_000_000, 9)
    body = json.dumps(case("a")).encode()
    for encoding, packed in (
        ("gzip", bomb), ("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("br", body),
        ("zstd", body), ("identity, gzip", bomb),
    ):  # fmt: skip
        for path in ("/v1/cases", "/v1/cases:batch"):
            answer = http.post(path, content=packed, headers=JSON | {"Content-Encoding": encoding})
            refused(answer, 415)
    assert count(store, "disputes") == 0


def test_what_is_not_json_in_utf8_is_refused(http: httpx.Client, store: Store) -> None:
    body = json.dumps(case("a"), ensure_ascii=False)
    for said in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", "",
                 "multipart/form-data; boundary=x", "application/jsonp"):  # fmt: skip
        refused(http.post("/v1/cases", content=body.encode(), headers={"Content-Type": said}), 415)
    for content in (
        body.encode("utf-16"), body.encode("gbk"), b"\xff\xfe", b"\xef\xbb\xbf" + body.encode(),
        b'{"dispute": {"text": "\xed\xa0\x80"}}', b"{", b"", b"not json", b"[1,]", b'{"a": 1} {"b": 2}',
        b'{"dispute": NaN}', b'{"dispute": -Infinity}', b'{"dispute": ' + b"9" * 5_000 + b"}",
    ):  # fmt: skip
        answer = http.post("/v1/cases", content=content, headers=JSON)
        refused(answer, 422 if content == b"" else 400)
    assert count(store, "disputes") == 0


@pytest.mark.parametrize("levels", [40, 900, 100_000])
def test_bottomless_bodies_are_refused(http: httpx.Client, levels: int) -> None:
    within = (b"[" * levels + b"]" * levels, b'{"a":' * levels + b"1" + b"}" * levels)
    for content in (*within, b"[" * levels):
        for path in ("/v1/cases", "/v1/cases:batch"):
            refused(http.post(path, content=content, headers=JSON), 400)


def test_too_much_is_refused(http: httpx.Client, server: Server, store: Store) -> None:
    refused(http.post("/v1/cases", json=case("a", "水" * 100_001)), 422, names="dispute.text")
    refused(http.post("/v1/cases", json=case("a" * 201)), 422, names="dispute.dispute_id")
    refused(http.post("/v1/cases", json=case("a"), headers={"Idempotency-Key": "k" * 201}), 422)
    refused(http.post("/v1/cases", content=b" " * 1_100_000, headers=JSON), 413)
    refused(http.post("/v1/cases", content=(b" " * 10_000 for _ in range(110)), headers=JSON), 413)
    # told before a byte of it is sent
    status, _ = server.raw("POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999999999999")  # fmt: skip
    assert status == 413
    refused(http.get("/v1/cases/" + "a" * 201), 422)
    refused(http.get("/v1/visits", params={"worker": "w" * 201}), 422)
    assert http.get("/v1/visits", headers={"Authorization": "Bearer " + "x" * 50_000}).status_code in (
        400,
        401,
        431,
    )
    body = case("a") | {"persons": [{"person_id": f"p{n}"} for n in range(2_000)]}
    answer = http.post("/v1/cases", json=body)
    assert answer.status_code == 422
    assert count(store, "disputes") == 0


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x08", "\x0b", "\x1b", "\x7f", "\ud800", "\udfff"])
def test_what_cannot_be_stored_is_refused_by_field(http: httpx.Client, store: Store, character: str) -> None:
    sent = [
        (case("a", f"邻居{character}漏水"), "dispute.text"),
        (case(f"a{character}"), "dispute.dispute_id"),
        (case("a", grid=f"g1{character}"), "dispute.grid_id"),
    ]
    for body, field in sent:
        refused(http.post("/v1/cases", content=json.dumps(body), headers=JSON), 422, names=field)
    batch = {"cases": [case("ok"), sent[0][0]]}
    results = http.post("/v1/cases:batch", content=json.dumps(batch), headers=JSON).json()["results"]
    assert [one["status"] for one in results] == [201, 422]
    assert results[1]["problem"]["errors"][0]["field"] == "cases[1].dispute.text"
    merge = {"into": f"ok{character}", "reason": f"同一{character}"}
    refused(http.post("/v1/cases/ok/merge", content=json.dumps(merge), headers=JSON), 422, names="reason")
    assert count(store, "disputes") == 1


@pytest.mark.parametrize(
    "name",
    [
        "d-2026-аbc",  # Cyrillic a
        "d-2026-οne",  # Greek o
        "ｄ-2026", "d-２０２６",  # full width
        "d\u200b1", "d\u202e1", "d\u2066x", "\ufeffd1", "d\u00ad1",  # seen by nobody
        "⼀号", "案\u0301", "é", "e\u0301", "①", "ﬁ",
        "x'; DROP TABLE disputes;--", "x' OR '1'='1", 'x" UNION SELECT 1', "x`id`", "$(id)",
        "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "<script>alert(1)</script>", "%s%n", "{0.__class__}",
        "../../etc/passwd", "..", ".", "a/b", "a\\b", "a?b", "a#b", "a b", " a", "a\n", "=1+1", "-1", "@x", "+1",
    ],
)  # fmt: skip
def test_a_new_id_that_looks_like_something_else_is_refused(
    http: httpx.Client, store: Store, name: str
) -> None:
    refused(http.post("/v1/cases", json=case("x", "漏水") | {"dispute": case(name)["dispute"]}), 422,
            names="dispute.dispute_id")  # fmt: skip
    assert count(store, "disputes") == 0


def test_what_people_write_is_kept_as_written_and_never_run(http: httpx.Client, store: Store) -> None:
    written = (
        "'); DROP TABLE disputes; -- {{7*7}} ${7*7} <script>alert(1)</script> {0.__class__} %s ../../etc/passwd"
        "\t换行\r\n=cmd|'/C calc'!A0"
    )
    workers = count(store, "workers")
    assert http.post("/v1/cases", json=case("案2026-01.a:b@c+d~e", written)).status_code == 201
    known = http.get("/v1/cases/案2026-01.a:b@c+d~e").json()
    assert known["dispute"]["text"] == written and "49" not in json.dumps(known["assessment"]["reasons"])
    for value in ("' OR 1=1--", "w1'; DROP TABLE workers;--", "{{7*7}}", "%27"):
        refused(http.get("/v1/visits", params={"worker": value}), 404)
        refused(http.get("/v1/visits", params={"date": value}), 422)
        refused(http.get(f"/v1/cases/{httpx.QueryParams({'a': value})}"), 404)
    assert count(store, "workers") == workers > 0 and count(store, "disputes") == 1


def test_paths_are_taken_as_they_are(server: Server, store: Store) -> None:
    secret = case("x", "只有中心能看的话")
    body = json.dumps(secret).encode()
    status, _ = server.raw(f"POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}", body)  # fmt: skip
    assert status == 201
    for path, expected in {
        "/v1/cases/x%00": 400, "/v1/cases/x%0d%0aSet-Cookie:%20a=b": 400, "/v1/cases/%1b[31m": 400,
        "/v1/visits?worker=w1%00": 400, "/v1/visits?worker=%0aw1": 400, "/v1/visits?date=%7F": 400,
        "/v1/cases/../cases/x": 404, "/v1/cases/%2e%2e/cases/x": 404, "/v1/./cases/x": 404, "//v1/cases/x": 404,
        "/v1//cases/x": 404, "/v1/cases/x/": 404, "/v1/cases/x;y=z": 404, "/v1/cases/x%2f..": 404, "/V1/cases/x": 404,
        "/v1/cases/..;/x": 404, "/v1/cases/x%252e": 404, "/v1/cases/%ff%fe": 404, "/v1/cases/%c0%ae": 404,
        "/openapi.json/../v1/cases/x": 404, "/v1/cases/x%20": 404, "/v1/cases/X": 404, "/%2e%2e/%2e%2e/etc/passwd": 404,
    }.items():  # fmt: skip
        status, got = server.raw(f"GET {path} HTTP/1.1\r\nHost: a")
        assert status == expected, (path, got[:200])
        assert PROBLEM.encode() in got and b"set-cookie" not in got.lower().split(b"\r\n\r\n")[0]
        assert "只有中心能看的话".encode() not in got
    for method in ("TRACE", "DELETE", "PUT", "PATCH", "CONNECT", "PROPFIND"):
        status, got = server.raw(f"{method} /v1/cases/x HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: GET")
        assert 400 <= status < 500, method
    with store.snapshot() as conn:
        assert conn.execute(sa.text("SELECT COUNT(*) FROM disputes")).scalar_one() == 1


def test_a_request_in_a_request_is_refused(server: Server, store: Store) -> None:
    hidden = b"POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    head = "POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    for lengths in (
        f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked, identity",
        "Content-Length: -1",
        "Content-Length: 0x10",
    ):
        status, got = server.raw(head + lengths, b"0\r\n\r\n" + hidden)
        assert 400 <= status < 500 and got.count(b"HTTP/1.1 ") == 1, (lengths, got[:300])
    assert count(store, "disputes") == 0


def test_every_answer_tells_browsers_to_be_careful(http: httpx.Client, store: Store) -> None:
    http.post("/v1/cases", json=case("x"))
    answers: list[Any] = [
        http.get("/healthz"), http.get("/v1/cases/x"), http.get("/v1/nowhere"), http.get("/v1/cases/x%00"),
        http.get("/v1/visits", headers={"Authorization": "Bearer no"}),
        http.post("/v1/cases", content=b" " * 1_100_000, headers=JSON),
    ]  # fmt: skip
    with store.begin() as conn:
        conn.execute(sa.text("ALTER TABLE api_keys RENAME TO api_keys_gone"))
    broken = http.get("/v1/cases/x")
    assert broken.status_code in (500, 503) and broken.headers["content-type"] == PROBLEM
    for answer in (*answers, broken):
        for name, value in {
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
            "strict-transport-security": "max-age=31536000",
        }.items():
            assert answer.headers[name] == value, (answer.url, name)
        assert answer.headers["x-request-id"] and "server" not in answer.headers
    assert "script-src" in http.get("/docs").headers["content-security-policy"]


def cut_off(server: Server) -> socket.socket:
    """A connection on which half of a request has been sent."""
    head = (
        "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: {server.headers['Authorization']}\r\nContent-Length: 400\r\n\r\n"
    ).encode()
    wire = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    wire.sendall(head + b'{"dispute": ')
    return wire


def test_a_body_that_does_not_come_in_time_is_408_and_the_connection_ends(store: Store) -> None:
    with served(Settings(store=store.url, model="", body_seconds=0.3), store) as server:
        wire = cut_off(server)
        with wire, wire.makefile("rb") as answer:
            told = answer.read()  # to the end of the connection
        assert told.startswith(b"HTTP/1.1 408 ") and b"urn:anlan:problem:too-slow" in told
    assert count(store, "disputes") == 0


def test_a_client_that_goes_away_is_no_failure_of_the_service(
    server: Server, http: httpx.Client, store: Store
) -> None:
    wire = cut_off(server)
    wire.close()
    told = 'anlan_requests_total{method="POST",route="/v1/cases",status="499"} 1.0'
    wait_for("it is counted", lambda: told in http.get("/metrics").text)
    assert 'status="5' not in http.get("/metrics").text and count(store, "disputes") == 0
