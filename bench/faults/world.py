"""The service as it runs: workers on one store, a model registry, a receiver of webhooks, callers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import sqlalchemy as sa

from bench.ports import free_port
from docket import keys
from docket.outbox import endpoints
from docket.store import Store, open_store
from docket.store.writing import append
from docket.times import SECOND, now_micros

from . import traffic
from .databases import Disk, Postgres, Sqlite
from .load import Caller, Load, Sent
from .processes import Process, wait_for, wait_until_up
from .registry import Registry

_SECRET = "ZmF1bHRzIG9ubHk6IDMyIGJ5dGVzIG9mIHNlY3JldCE="


@dataclass(frozen=True)
class Plan:
    """How much is sent.

    Attributes
    ----------
    seed
        Of the requests.
    rate, callers
        Requests a second, and how many send them.
    before, during, after
        Requests that are answered before the fault is made, and after it is over; and for how many seconds a
        fault that lasts does so.
    hasten
        Whether waits of the service's own, a minute and more, are cut short by setting what is due to now.
    replays
        How many assessments are made again.
    """

    seed: int = 7
    rate: float = 20.0
    callers: int = 6
    before: int = 150
    during: float = 20.0
    after: int = 150
    hasten: bool = False
    replays: int = 60


@dataclass
class World:
    """All that runs.

    Attributes
    ----------
    plan
        How much is sent.
    folder
        For files.
    database, registry
        Under the service.
    disk
        Where the database lies, if that can be filled.
    workers
        The service's processes.
    receiver
        Of webhooks; notes what came in `received`.
    secret
        What webhooks are signed with.
    """

    plan: Plan
    folder: Path
    database: Sqlite | Postgres
    registry: Registry
    disk: Disk | None
    workers: list[Process]
    bases: list[str]
    keys: Mapping[str, str]
    receiver: Process
    received: Path
    secret: str
    load: Load
    extra: list[Sent] = field(default_factory=list)

    def wait_ready(self, worker: int) -> None:
        """Until a worker is ready."""
        base = self.bases[worker]
        wait_until_up(f"{base}/healthz", self.workers[worker])
        wait_for(f"worker {worker} is ready", lambda: self.readyz(worker).status_code == 200)

    def readyz(self, worker: int) -> httpx.Response:
        """What a worker says of itself."""
        return httpx.get(f"{self.bases[worker]}/readyz", timeout=60)

    def model(self, worker: int) -> tuple[str, str]:
        """The version that a worker uses, and what is amiss."""
        told = self.readyz(worker).json()
        return str(told["model"]), str(told["trouble"])

    def some_more(self, count: int) -> None:
        """Until so many further requests have been answered."""
        reached = self.load.answered() + count
        wait_for(f"{count} more are answered", lambda: self.load.answered() >= reached, seconds=300)

    def lasting(self) -> None:
        """While the fault lasts."""
        time.sleep(self.plan.during)

    def caller(self, first: int = 0, scope: str = "dispatch") -> Caller:
        """Somebody who sends besides the load."""
        return Caller(self.bases, self.keys[scope], first)

    def ask(self, caller: Caller, asked: traffic.Asked) -> Sent:
        """Send a request that is counted with those of the load."""
        sent = Sent(asked, patient=True)
        self.extra.append(sent)
        end = time.monotonic() + 120
        caller.send(sent, lambda: time.monotonic() > end)
        return sent

    @property
    def pids(self) -> list[int]:
        """Of the workers."""
        return [worker.pid for worker in self.workers]

    def store(self) -> Store:
        """The store, opened anew."""
        return open_store(self.database.url, wait=60.0)


def _fill(store: Store) -> dict[str, str]:
    """Two grids with a worker each; a key of each scope that is used."""
    grids = [
        {
            "grid_id": grid, "grid_name": f"{grid}网格", "community_id": f"c-{grid}",
            "community_name": "社区", "street_id": f"s-{grid}", "street_name": "街道",
            "lon": 103.8, "lat": 36.0,
        }
        for grid in traffic.GRIDS
    ]  # fmt: skip
    workers = [
        {"worker_id": f"w-{grid}", "grid_id": grid, "role": "grid_worker", "daily_visits": 3}
        for grid in traffic.GRIDS
    ]
    persons = [traffic.person(number) | {"recorded_at": 0} for number in range(traffic.PERSONS)]
    # Known before, so that the service warms up on a case and nobody waits for its compilers.
    disputes = [
        {
            "dispute_id": f"d{number}", "opened_at": SECOND, "recorded_at": SECOND, "source": "walk_in",
            "kind": "debt", "grid_id": "g1", "text": "借款到期不还。",
        }
        for number in range(3)
    ]  # fmt: skip
    parties = [
        {
            "dispute_id": f"d{number}", "person_id": f"person-{number}", "role": "applicant",
            "relation": "business", "recorded_at": SECOND,
        }
        for number in range(3)
    ]  # fmt: skip
    given = {"grids": grids, "workers": workers, "persons": persons, "disputes": disputes, "parties": parties}
    now = now_micros()
    with store.begin() as conn:
        for table, rows in given.items():
            append(conn, table, rows, ingested_at=now, via="load")
        return {scope: keys.create(conn, scope=scope, now=now) for scope in ("dispatch", "centre")}


@contextmanager
def world(
    plan: Plan,
    folder: Path,
    database: Sqlite | Postgres,
    registry: Registry,
    *,
    disk: Disk | None = None,
    environments: Sequence[Mapping[str, str]] = ({}, {}),
    name: str = "load",
) -> Iterator[World]:
    """A service with as many workers as there are environments, ready; ended afterwards.

    Parameters
    ----------
    environments
        What each worker is told besides.
    name
        In ids.
    """
    before = os.environ.get("ANLAN_SECRET")
    os.environ["ANLAN_SECRET"] = _SECRET
    started: list[Process] = []
    try:
        made = _built(plan, folder, database, registry, disk, environments, name)
        started += [made.receiver, *made.workers]
        for process in started:
            process.start()
        for number in range(len(made.workers)):
            made.wait_ready(number)
        yield made
    finally:
        for process in reversed(started):
            process.stop()
        os.environ.pop("ANLAN_SECRET")
        if before is not None:
            os.environ["ANLAN_SECRET"] = before


def _built(
    plan: Plan,
    folder: Path,
    database: Sqlite | Postgres,
    registry: Registry,
    disk: Disk | None,
    environments: Sequence[Mapping[str, str]],
    name: str,
) -> World:
    port, received = free_port(), folder / "received.jsonl"
    received.touch()
    store = open_store(database.url)
    made = _fill(store)
    with store.begin() as conn:
        _, secret = endpoints.add(
            conn, url=f"http://127.0.0.1:{port}/hook", events=endpoints.EVENTS, now=now_micros()
        )
    store.close()
    receiver = Process(
        [sys.executable, "-m", "bench.faults.receiver", port, received], os.environ, folder / "receiver.log"
    )
    told = {
        "ANLAN_STORE": database.url, "ANLAN_SECRET": _SECRET, "ANLAN_RATE": "1e6", "ANLAN_BURST": "1000000",
        "ANLAN_WEBHOOK_HTTP": "true", "ANLAN_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
        "ANLAN_WEBHOOK_SECONDS": "5", "ANLAN_STORE_WAIT": "5", "ANLAN_LOG_LEVEL": "WARNING",
        "MLFLOW_TRACKING_URI": registry.url, "MLFLOW_REGISTRY_URI": registry.url,
    }  # fmt: skip
    ports = [free_port() for _ in environments]
    program = [Path(sys.executable).with_name("anlan"), "serve"]
    workers = [
        Process([*program, "--port", one], {**os.environ, **told, **more}, folder / f"worker-{number}.log")
        for number, (one, more) in enumerate(zip(ports, environments, strict=True))
    ]
    bases = [f"http://127.0.0.1:{one}" for one in ports]
    load = Load(bases, made["centre"], seed=plan.seed, rate=plan.rate, callers=plan.callers, name=name)
    return World(
        plan, folder, database, registry, disk, workers, bases, made, receiver, received, secret, load
    )


def scalar(conn: sa.Connection, query: str, **values: object) -> int:
    """A number that the store says."""
    return int(conn.execute(sa.text(query), values).scalar_one())
