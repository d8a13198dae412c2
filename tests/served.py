"""The service as a process of its own, as `anlan serve` starts it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx

_T = TypeVar("_T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(url: str, port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(
        [Path(sys.executable).with_name("anlan"), "serve", "--store", url, "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
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


def wait_for(what: str, ask: Callable[[], _T]) -> _T:
    """What `ask` answers as soon as that is true; a minute is far more than anything here takes."""
    for _ in range(1_200):
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"still not: {what}")
