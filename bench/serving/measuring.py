"""What is measured of each server, and in which order."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import sqlalchemy as sa

from bench.kept import ROOT
from bench.serving import servers
from bench.serving.load import Came, Plan
from bench.serving.servers import Server
from bench.serving.world import World
from docket.store import open_store
from features.frame import feature_frame
from features.sources import StoreSource

REPEATS = 3
"""Batches of a size, of which the median stands."""


@dataclass
class Found:
    """What was measured of one server.

    Attributes
    ----------
    closed
        Callers who wait: what came, and milliseconds of processor time a call.
    open
        By rate.
    batches
        Seconds by size.
    held
        Threads and megabytes by the number of calls so far.
    """

    closed: Came = field(default_factory=Came)
    cpu_ms: float = 0.0
    open: dict[float, Came] = field(default_factory=dict)
    batches: dict[int, float] = field(default_factory=dict)
    held: dict[int, tuple[int, float]] = field(default_factory=dict)


@dataclass
class Measuring:
    """One run.

    Attributes
    ----------
    folder
        For what is gone afterwards.
    rates, seconds, calls
        Of the open and the closed load.
    """

    world: World
    folder: Path
    rates: Sequence[float]
    seconds: float
    calls: int

    def everything(self, *, batches: Sequence[int], steady: int, held: int) -> dict[str, Found]:
        """Every server, and the bare call under `bare`."""
        found: dict[str, Found] = {}
        url = self.world.store(self.folder)
        with self._said("anlan, SQLite"), servers.anlan(self.world, url) as server:
            found["anlan, SQLite"] = self._cases(server, batches, seed=1)
            self._keep_calling(server, found["anlan, SQLite"], steady, held)
        with self._said("bare"):
            found["bare"] = self._bare(url)
        with self._said("mlflow"), servers.mlflow(self.world) as server:
            found["mlflow models serve"] = self._rows(server, batches, url)
        with (
            self._said("anlan, PostgreSQL"),
            servers.postgresql(self.world) as other,
            servers.anlan(self.world, other) as server,
        ):
            found["anlan, PostgreSQL"] = self._cases(server, batches, seed=2)
        return found

    def _cases(self, server: Server, batches: Sequence[int], *, seed: int) -> Found:
        """New cases, each of them once."""
        singles = self._wanted()
        cases = self.world.cases(singles + REPEATS * sum(batches), seed=seed)
        file = self._lines("cases", cases[:singles])
        found = self._load(server, f"{server.url}/v1/cases", file)
        place = singles
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=600) as client:
            for size in batches:
                taken = []
                for _ in range(REPEATS):
                    body = {"cases": cases[place : place + size]}
                    place += size
                    begun = time.perf_counter()
                    answer = client.post("/v1/cases:batch", json=body)
                    taken.append(time.perf_counter() - begun)
                    statuses = {result["status"] for result in answer.raise_for_status().json()["results"]}
                    if statuses != {201}:
                        raise RuntimeError(f"a batch was answered {statuses}")
                found.batches[size] = float(np.median(taken))
        return found

    def _rows(self, server: Server, batches: Sequence[int], url: str) -> Found:
        """The rows of the same cases, made beforehand: it has no features and no store."""
        frame = self._frame(url, self._wanted())
        bodies = [_split(frame.iloc[[row]]) for row in range(len(frame))]
        found = self._load(server, f"{server.url}/invocations", self._lines("rows", bodies))
        with httpx.Client(base_url=server.url, timeout=600) as client:
            for size in batches:
                body = _split(frame.iloc[np.arange(size) % len(frame)])
                taken = []
                for _ in range(REPEATS):
                    begun = time.perf_counter()
                    client.post("/invocations", json=body).raise_for_status()
                    taken.append(time.perf_counter() - begun)
                found.batches[size] = float(np.median(taken))
        return found

    def _bare(self, url: str) -> Found:
        ids = self.folder / "ids.json"
        ids.write_text(json.dumps([f"bench-1-{number}" for number in range(self.calls)]), encoding="utf-8")
        told = self._run("bench.serving.bare", url, ids)
        return Found(closed=Came(ms=told["wall"]), cpu_ms=told["cpu_ms"])

    def _load(self, server: Server, url: str, file: Path) -> Found:
        found, place = Found(), 0
        self._send(Plan(url, str(file), place, self._warm, 0.0, server.headers))
        place += self._warm
        before = server.cpu()
        found.closed = self._send(Plan(url, str(file), place, self.calls, 0.0, server.headers))
        found.cpu_ms = (server.cpu() - before) / self.calls * 1e3
        place += self.calls
        for rate in self.rates:
            count = round(rate * self.seconds)
            found.open[rate] = self._send(Plan(url, str(file), place, count, rate, server.headers))
            place += count
        return found

    def _keep_calling(self, server: Server, found: Found, steady: int, held: int) -> None:
        """Read cases that are there, each read with its row in the audit log."""
        ids = [f"bench-1-{number}" for number in range(self.calls)]
        marks = sorted({max(1, round(held * part)) for part in (0.01, 0.1, 0.25, 0.5, 0.75, 1.0)} | {steady})
        done = 0
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
            found.held[0] = (server.threads(), server.megabytes())
            for mark in marks:
                for number in range(done, mark):
                    client.get(f"/v1/cases/{ids[number % len(ids)]}").raise_for_status()
                done = mark
                found.held[mark] = (server.threads(), server.megabytes())

    @property
    def _warm(self) -> int:
        return max(4, self.calls // 5)

    def _wanted(self) -> int:
        return self._warm + self.calls + sum(round(rate * self.seconds) for rate in self.rates)

    def _frame(self, url: str, count: int) -> Any:
        store = open_store(url)
        latest = sa.text(
            "SELECT dispute_id, recorded_at FROM known_disputes ORDER BY recorded_at DESC LIMIT :n"
        )
        with store.snapshot() as conn:
            rows = conn.execute(latest, {"n": count}).all()
            moments = np.array([row[1] for row in rows], dtype=np.int64)
            frame = feature_frame(StoreSource(conn), [row[0] for row in rows], moments)
        store.close()
        return frame

    def _send(self, plan: Plan) -> Came:
        file = self.folder / "plan.json"
        file.write_text(json.dumps(plan.__dict__), encoding="utf-8")
        return Came(**self._run("bench.serving.load", file))

    def _run(self, module: str, *words: object) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", module, *map(str, words)],
            cwd=ROOT, env=self.world.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told

    def _lines(self, name: str, bodies: Sequence[Any]) -> Path:
        file = self.folder / f"{name}.jsonl"
        file.write_text("\n".join(json.dumps(body, ensure_ascii=False) for body in bodies), encoding="utf-8")
        return file

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        print(what, end=" … ", file=sys.stderr, flush=True)
        yield
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)


def _split(rows: Any) -> dict[str, Any]:
    return {"dataframe_split": json.loads(rows.to_json(orient="split"))}
