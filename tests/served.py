"""The service as a process of its own, as `anlan serve` starts it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx
import uvicorn

from bench.ports import free_port
from docket.store import Store
from serving.app import create_app
from serving.settings import Settings

_T = TypeVar("_T")


def start(
    url: str,
    port: int,
    environment: dict[str, str],
    *words: object,
    log: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """`words` are further ones of the command; its log goes to `log`."""
    server = subprocess.Popen(
        [Path(sys.executable).with_name("anlan"), "serve", "--store", url, "--port", str(port), *map(str, words)],
        env=environment, stdout=log, stderr=log,
    )  # fmt: skip
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
        except httpx.TransportError:
            assert server.poll() is None
            time.sleep(0.1)
        else:
            return server
    raise AssertionError("the service did not start")


@contextmanager
def listening(store: Store, **settings: Any) -> Iterator[str]:
    """The service in a thread of this process, without a model, at the address that is given: quickly there."""
    port = free_port()
    app = create_app(Settings(store=store.url, model="", **settings))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for("listening", lambda: server.started or not thread.is_alive())
        assert server.started, "the service did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def wait_for(what: str, ask: Callable[[], _T]) -> _T:
    """What `ask` answers as soon as that is true; a minute is far more than anything here takes."""
    for _ in range(1_200):
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"still not: {what}")
