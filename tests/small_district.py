"""Two grids, a worker each and a mediator beside one, and nothing else; cases to send; keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from docket import keys
from docket.load import load_folder
from docket.store import Store, open_store
from docket.times import now_micros

GRIDS = pd.DataFrame(
    {
        "grid_id": ["g1", "g2"], "grid_name": ["一网格", "二网格"], "community_id": ["c1", "c2"],
        "community_name": ["甲社区", "乙社区"], "street_id": ["s1", "s2"], "street_name": ["东街", "西街"],
        "lon": [103.8, 103.9], "lat": [36.0, 36.1],
    }
)  # fmt: skip
WORKERS = pd.DataFrame(
    {
        "worker_id": ["w1", "w2", "w3"], "grid_id": ["g1", "g2", "g1"],
        "role": ["grid_worker", "grid_worker", "mediator"], "daily_visits": [3, 3, 3],
    }
)  # fmt: skip
EMPTY = {
    "persons": ["person_id", "birth_year", "sex", "grid_id", "recorded_at"],
    "disputes": ["dispute_id", "opened_at", "recorded_at", "source", "kind", "grid_id", "text", "amount_cny"],
    "parties": ["dispute_id", "person_id", "role", "relation", "recorded_at"],
    "events": ["event_id", "dispute_id", "at", "recorded_at", "kind", "text"],
    "registry": ["entry_id", "person_id", "dispute_id", "category", "entered_at", "recorded_at", "left_at"],
    "visits": ["visit_id", "person_id", "worker_id", "at", "recorded_at", "contact", "finding", "text"],
    "outcomes": ["outcome_id", "dispute_id", "at", "recorded_at", "kind", "severity"],
}


def case(
    name: str, text: str = "邻居楼上漏水，协商未果。", grid: str = "g1", **dispute: Any
) -> dict[str, Any]:
    opened = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    person = f"p-{name}"
    return {
        "dispute": {
            "dispute_id": name, "opened_at": opened, "source": "walk_in", "kind": "neighbour",
            "grid_id": grid, "text": text, **dispute,
        },
        "persons": [{"person_id": person, "birth_year": 1980, "sex": "male", "grid_id": grid}],
        "parties": [{"person_id": person, "role": "applicant", "relation": "neighbour"}],
    }  # fmt: skip


def fill(url: str, folder: Path) -> Store:
    GRIDS.to_csv(folder / "grids.csv", index=False)
    WORKERS.to_csv(folder / "workers.csv", index=False)
    for name, columns in EMPTY.items():
        pd.DataFrame(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    store = open_store(url)
    load_folder(folder, store, ingested_at=now_micros())
    return store


def key_of(store: Store, scope: str, **more: Any) -> dict[str, str]:
    with store.begin() as conn:
        made = keys.create(conn, scope=scope, now=now_micros(), **more)
    return {"Authorization": f"Bearer {made}"}


def count(store: Store, table: str) -> int:
    with store.snapshot() as conn:
        return int(conn.execute(sa.text(f"SELECT COUNT(*) FROM {table}")).scalar_one())
