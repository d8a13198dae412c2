"""A district small enough to write down, and folders of it in the forms that districts send."""

from __future__ import annotations

import copy
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Rows = dict[str, list[dict[str, Any]]]

_DISTRICT: Rows = {
    "grids": [
        {
            "grid_id": grid,
            "grid_name": f"网格{grid}",
            "community_id": "c1",
            "community_name": "雁滩社区",
            "street_id": "s1",
            "street_name": "雁南街道",
            "lon": "103.85",
            "lat": "36.05",
        }
        for grid in ("g1", "g2")
    ],
    "workers": [
        {"worker_id": "w1", "grid_id": "g1", "role": "grid_worker", "daily_visits": "5"},
        {"worker_id": "w2", "grid_id": "g2", "role": "mediator", "daily_visits": "0"},
    ],
    "persons": [
        {
            "person_id": person,
            "birth_year": year,
            "sex": "unknown",
            "grid_id": "g1",
            "recorded_at": "2024-01-01 08:00:00",
        }
        for person, year in (("p1", "1980"), ("p2", ""), ("p3", "2024"))
    ],
    "disputes": [
        {
            "dispute_id": dispute,
            "opened_at": f"2024-02-0{day}T09:00:00+08:00",
            "recorded_at": f"2024-02-0{day}T10:00:00+08:00",
            "source": "police_110",
            "kind": "neighbour",
            "grid_id": "g1",
            "text": text,
            "amount_cny": amount,
        }
        for day, dispute, text, amount in (
            (1, "d1", "甲方身份证62010219800101123X，\n扬言要报复", "1200.5"),
            (2, "d2", "楼上漏水，双方争吵", ""),
            (3, "d3", "拆迁补偿没谈拢", "0"),
        )
    ],
    "parties": [
        {
            "dispute_id": dispute,
            "person_id": person,
            "role": role,
            "relation": relation,
            "recorded_at": "2024-02-05 10:00",
        }
        for dispute, person, role, relation in (
            ("d1", "p1", "applicant", "neighbour"),
            ("d1", "p2", "respondent", "neighbour"),
            ("d2", "p2", "applicant", "neighbour"),
            ("d3", "p3", "applicant", "authority"),
        )
    ],
    "events": [
        {
            "event_id": f"e{number}",
            "dispute_id": "d1",
            "at": "2024-02-06",
            "recorded_at": "2024-02-07T00:00:00Z",
            "kind": kind,
            "text": text,
        }
        for number, kind, text in ((1, "contacted", ""), (2, "mediation_failed", "电话13919001234，未谈成"))
    ],
    "registry": [
        {
            "entry_id": "r1",
            "person_id": "p1",
            "dispute_id": "d1",
            "category": "neighbour_grudge",
            "entered_at": "2024-02-08T09:00:00+0800",
            "recorded_at": "2024-02-08T09:00:00+0800",
            "left_at": "2024-05-01T09:00:00+0800",
            "left_recorded_at": "2024-05-10T09:00:00+0800",
        }
    ],
    "visits": [
        {
            "visit_id": "v1",
            "person_id": "p1",
            "worker_id": "w1",
            "at": "2024-02-09 09:00:00",
            "recorded_at": "2024-02-09 11:00:00",
            "contact": "True",
            "finding": "tense",
            "text": "情绪激动",
        }
    ],
    "outcomes": [
        {
            "outcome_id": "o1",
            "dispute_id": "d1",
            "at": "2024-03-01 09:00:00",
            "recorded_at": "2024-03-04 09:00:00",
            "kind": "violence",
            "severity": "3",
        }
    ],
}


@pytest.fixture
def district() -> Rows:
    """Rows by table, every cell as a CSV file would hold it; a test may alter them."""
    return copy.deepcopy(_DISTRICT)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a folder of CSV or Parquet files; returns the folder."""

    def write(rows: Rows, name: str = "records", form: str = "csv") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for table, listed in rows.items():
            if form == "csv":
                _write_csv(folder / f"{table}.csv", listed)
            else:
                pq.write_table(pa.Table.from_pylist(listed), folder / f"{table}.parquet")
        return folder

    return write
