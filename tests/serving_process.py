"""The service as a process of its own on a store of its own, for a browser to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from served import start
from small_district import fill, key_of

from bench.ports import free_port
from docket.store import Store


@dataclass(frozen=True)
class Served:
    """A service and its store."""

    store: Store
    base: str

    def key(self, scope: str, **more: str) -> str:
        return key_of(self.store, scope, **more)["Authorization"].split()[1]

    def post(self, path: str, body: Mapping[str, Any], scope: str = "dispatch") -> Any:
        headers = {"Authorization": f"Bearer {self.key(scope)}"}
        answer = httpx.post(self.base + path, json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """`settings` are further variables of the environment."""
    store, port = fill(f"sqlite:///{folder / 'store.db'}", folder), free_port()
    server = start(store.url, port, {**os.environ, **settings})
    try:
        yield Served(store, f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)
        store.close()
