"""A receiver of webhooks: a real HTTP server in a thread, which answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, and what the next requests are answered: a status each, 204 when none is left."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    url: str = ""

    came: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, seconds: float = 20) -> list[tuple[dict[str, str], bytes]]:
        with self.came:
            self.came.wait_for(lambda: len(self.got) >= count, seconds)
        return self.got


@contextmanager
def receiving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(told.seconds)
            status = told.statuses.pop(0) if told.statuses else 204
            with told.came:
                told.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                told.came.notify_all()
            self.send_response(status)
            if told.location:
                self.send_header("Location", told.location)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer((host, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"{'http' if tls is None else 'https'}://localhost:{server.server_port}/hook"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Standard Webhooks' check, written anew."""
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(secret[len("whsec_") :]), said, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode() in headers["webhook-signature"].split()
