"""A district for the map: two streets of two communities of three grids, with as many disputes as are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pandas as pd
from small_district import EMPTY

from docket.load import load_folder
from docket.store import Store, open_store
from docket.times import from_micros, now_micros
from serving.map.periods import finished

SQUARE = 0.01


def square(place: int) -> str:
    """A square of a row of squares, WKT."""
    west, south = 103.80 + place * SQUARE, 36.0
    corners = [(west, south), (west + SQUARE, south), (west + SQUARE, south + SQUARE), (west, south + SQUARE)]
    return "POLYGON ((" + ", ".join(f"{x:.4f} {y:.4f}" for x, y in [*corners, corners[0]]) + "))"


def grids(*, boundaries: bool = True, population: bool = True) -> pd.DataFrame:
    rows = []
    for place in range(12):
        community, street = place // 3 + 1, place // 6 + 1
        rows.append(
            {
                "grid_id": f"g{place + 1}", "grid_name": f"{place + 1}网格", "community_id": f"c{community}",
                "community_name": f"社区{community}", "street_id": f"s{street}", "street_name": f"街道{street}",
                "lon": 103.805 + place * SQUARE, "lat": 36.005,
                **({"population": 1_000} if population else {}), **({"boundary": square(place)} if boundaries else {}),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def district(url: str, folder: Path, disputes: Mapping[tuple[str, str, int], int], **more: bool) -> Store:
    """The district with so many disputes of each (grid, kind, periods back), opened in finished quarters."""
    folder.mkdir(exist_ok=True)
    grids(**more).to_csv(folder / "grids.csv", index=False)
    workers = {"worker_id": ["w1"], "grid_id": ["g1"], "role": ["grid_worker"], "daily_visits": [3]}
    pd.DataFrame(workers).to_csv(folder / "workers.csv", index=False)
    for name, columns in EMPTY.items():
        pd.DataFrame(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    quarters = finished("quarter", now_micros(), 12)
    rows = []
    for (grid, kind, back), count in disputes.items():
        opened = from_micros(quarters[-1 - back].since) + timedelta(days=20)
        for number in range(count):
            at = (opened + timedelta(hours=number)).isoformat()
            rows.append(
                {
                    "dispute_id": f"{grid}-{kind}-{back}-{number}", "opened_at": at, "recorded_at": at,
                    "source": "walk_in", "kind": kind, "grid_id": grid, "text": "协商未果。", "amount_cny": None,
                }
            )  # fmt: skip
    if rows:
        pd.DataFrame(rows).to_csv(folder / "disputes.csv", index=False)
    store = open_store(url)
    load_folder(folder, store, ingested_at=now_micros())
    return store


def last_quarter() -> str:
    return finished("quarter", now_micros(), 1)[0].name
