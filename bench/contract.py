"""schemathesis against the whole API: what the description says holds, in single calls and in linked ones.

`python -m bench.contract` makes a store with two grids, serves it, and runs every phase (examples, coverage,
fuzzing, stateful by links) with every check; `--out` writes what it found. CI runs the same with 25 a route.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from bench.machine import machine
from docket import keys
from docket.store import Store, open_store
from docket.store.writing import append
from docket.times import now_micros
from serving.app import create_app
from serving.settings import Settings

HERE = Path(__file__).resolve().parents[1]
_CONFIG = """
[checks]
# What a description can't say is refused as it should be: a reference to nothing, a time that has not come.
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]

[[operations]]
include-path = "/readyz"
# It has no model.
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "503"]

[[operations]]
include-path = "/v1/audit"
headers = {{ Authorization = "Bearer {audit}" }}
"""


def filled(url: str) -> Store:
    """A store with two grids, a worker each, four persons and two disputes of theirs."""
    store, now = open_store(url), now_micros()
    grids = [
        {
            "grid_id": f"g{n}", "grid_name": f"{n}网格", "community_id": f"c{n}",
            "community_name": f"{n}社区", "street_id": f"s{n}", "street_name": f"{n}街",
            "lon": 103.8, "lat": 36.0,
        }
        for n in (1, 2)
    ]  # fmt: skip
    workers = [
        {"worker_id": f"w{n}", "grid_id": f"g{n}", "role": "grid_worker", "daily_visits": 3} for n in (1, 2)
    ]
    persons = [
        {
            "person_id": f"p{n}",
            "birth_year": 1980,
            "sex": "female",
            "grid_id": f"g{n % 2 + 1}",
            "recorded_at": 0,
        }
        for n in (1, 2, 3, 4)
    ]
    disputes = [
        {
            "dispute_id": f"d{n}", "opened_at": 0, "recorded_at": 0, "source": "walk_in", "kind": "debt",
            "grid_id": "g1", "text": "借款到期不还。",
        }
        for n in (1, 2)
    ]  # fmt: skip
    parties = [
        {
            "dispute_id": f"d{n}", "person_id": f"p{m}", "role": "applicant", "relation": "business",
            "recorded_at": 0,
        }
        for n in (1, 2) for m in (1, 2, 3, 4)
    ]  # fmt: skip
    given = {"grids": grids, "workers": workers, "persons": persons, "disputes": disputes, "parties": parties}
    with store.begin() as conn:
        for table, rows in given.items():
            append(conn, table, rows, ingested_at=now, via="load")
    return store


@contextlib.contextmanager
def served(store: Store) -> Iterator[str]:
    """The service on a store without a model; its address."""
    settings = Settings(store=store.url, model="", rate=1e6, burst=1_000_000, log_level="ERROR")
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the service did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def check(store: Store, folder: Path, *, examples: int, seed: int, phases: str = "") -> tuple[int, str]:
    """Run schemathesis; its exit status (0: nothing found) and what it said."""
    with store.begin() as conn:
        centre, audit = (keys.create(conn, scope=scope, now=now_micros()) for scope in ("centre", "audit"))
    config = folder / "schemathesis.toml"
    config.write_text(_CONFIG.format(audit=audit), encoding="utf-8")
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "bench.contract_hooks", "PYTHONPATH": str(HERE)}
    with served(store) as url:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "--config-file", config,
                "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {centre}",
                "--max-examples", str(examples), "--seed", str(seed), "--checks", "all",
                "--continue-on-failure", "--no-color", "--request-timeout", "60",
                *(["--phases", phases] if phases else []),
            ],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    told = (done.stdout + done.stderr).replace(centre, "KEY").replace(audit, "KEY").replace(url, "URL")
    return done.returncode, told


def main() -> None:
    """Run it and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="a route; thousands in all")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", help="URL of an empty store; else a SQLite file that is gone afterwards")
    parser.add_argument("--phases", default="", help="else all")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = filled(asked.store or f"sqlite:///{folder}/store.db")
        begun = time.monotonic()
        status, told = check(
            store, Path(folder), examples=asked.examples, seed=asked.seed, phases=asked.phases
        )
        backend = store.engine.dialect.name
        store.close()
    print(told)
    if asked.out is not None:
        minutes = (time.monotonic() - begun) / 60
        head = f"schemathesis, {asked.examples} examples a route, seed {asked.seed}, {backend}; {machine()}\n"
        told = re.sub(r"[ \t]+\n", "\n", told)
        asked.out.write_text(f"{head}{minutes:.0f} minutes, exit status {status}\n\n{told}", encoding="utf-8")
    sys.exit(status)


if __name__ == "__main__":
    main()
