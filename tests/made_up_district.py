"""A small made-up district, what is asked of models about it, and the cut up to which they have seen it.

It is no simulator of disputes: its law is a line that a test can state, so that tests know what a model
should find. Its wordings are its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from docket.snapshot import Snapshot
from docket.times import parse_instant
from features.frame import feature_frame
from features.sources import DuckSource
from models.examples import intakes
from models.hazard_settings import HazardSettings

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2022-01-01", tz="Asia/Shanghai")
KINDS = ["neighbour", "debt", "divorce", "labour", "property_management", "domestic_violence"]
OPENINGS = {
    "neighbour": ["楼上漏水把天花板泡坏", "邻居半夜放音响", "两家为过道堆物吵架", "邻居养狗半夜叫"],
    "debt": ["借款到期不还", "欠货款两年未付", "担保人不认账"],
    "divorce": ["夫妻分居要离婚", "离婚后孩子抚养费没给", "离婚财产分割谈不拢"],
    "labour": ["工地拖欠工资", "辞退没有补偿", "加班费没有结清"],
    "property_management": ["小区停车收费争议", "电梯坏了物业不修", "物业费涨价没有公示"],
    "domestic_violence": ["丈夫酒后动手", "妻子说又被打了", "家里摔东西孩子害怕"],
}
FILLERS = [
    "希望尽快解决",
    "已做好登记",
    "双方同意调解",
    "要求上门看看",
    "材料已经收下",
    "约好下周再谈",
    "情绪比较平静",
]
THREATS = ["扬言要砍死对方", "说要拿刀同归于尽", "威胁要杀了他全家", "说不给说法就跳楼", "说活不下去想自杀"]
DENIALS = ["没有说过要砍人", "没有扬言跳楼", "电视剧里有人跳楼"]


@dataclass(frozen=True)
class District:
    """Records by table, and the truth beside them: p of an escalation within 90 days of intake."""

    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame

    def write(self, folder: Path) -> Path:
        """The folder as a district would hand it over."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
        return folder

    def with_tables(self, **tables: pd.DataFrame) -> District:
        """The same district with other tables of these names."""
        return replace(self, tables={**self.tables, **tables})

    def with_rows(self, name: str, rows: list[dict[str, object]]) -> District:
        """The same district with further rows of a table; what a row doesn't say is missing."""
        table = self.tables[name]
        more = pd.DataFrame(rows).reindex(columns=table.columns)
        return self.with_tables(**{name: pd.concat([table, more.astype(table.dtypes)], ignore_index=True)})


def make_district(n: int = 1500, seed: int = 0, days: int = 900, base: float = -3.6) -> District:
    """n disputes over `days` days; harm follows from threats, from history and from a failed mediation."""
    rng = np.random.default_rng(seed)
    persons = [f"p{i:05d}" for i in range(n)]
    temper = rng.normal(0, 1, n)
    grids = pd.DataFrame(
        [
            (
                f"g{i:02d}",
                f"网格{i}",
                f"c{i // 4}",
                f"社区{i // 4}",
                f"s{i // 8}",
                f"街道{i // 8}",
                103.8,
                36.0,
            )
            for i in range(16)
        ],
        columns=[
            "grid_id",
            "grid_name",
            "community_id",
            "community_name",
            "street_id",
            "street_name",
            "lon",
            "lat",
        ],
    )
    workers = pd.DataFrame(
        [(f"w{i:02d}", f"g{i:02d}", "grid_worker", 6) for i in range(16)],
        columns=["worker_id", "grid_id", "role", "daily_visits"],
    )
    # the bad-tempered come back: a person's share of disputes grows with temper
    share = np.exp(0.9 * temper) / np.exp(0.9 * temper).sum()
    opened = np.sort(rng.uniform(0, days, n))
    rows: dict[str, list[tuple[object, ...]]] = {
        k: [] for k in ("disputes", "parties", "events", "outcomes", "truth")
    }
    visits: list[tuple[object, ...]] = []
    for i in range(n):
        name, at = f"d{i:06d}", START + opened[i] * DAY
        recorded = at + rng.exponential(0.2) * DAY
        one, other = rng.choice(n, 2, replace=False, p=share)
        kind = str(rng.choice(KINDS))
        clauses = [str(rng.choice(OPENINGS[kind])), *map(str, rng.choice(FILLERS, 2, replace=False))]
        threat = rng.random() < 0.12 + 0.08 * (temper[other] > 1)
        if threat:
            clauses.append(str(rng.choice(THREATS)))
        elif rng.random() < 0.1:
            clauses.append(str(rng.choice(DENIALS)))
        text = "，".join(rng.permutation(clauses)) + "。"
        z = base + 1.8 * threat + 0.9 * temper[other] + 0.8 * (kind == "domestic_violence")
        failed = rng.random() < 0.3
        for number, event in enumerate(["contacted", "mediation_failed" if failed else "agreement"]):
            when = at + (1 + 6 * number + rng.exponential(2)) * DAY
            heard = max(when, recorded) + rng.exponential(0.5) * DAY
            words = "谈崩了当场拍桌子" if event == "mediation_failed" and rng.random() < 0.5 else None
            rows["events"].append((f"e{i}_{number}", name, when, heard, event, words))
        if rng.random() < 0.2:
            when = recorded + rng.uniform(5, 30) * DAY
            finding = str(rng.choice(["calm", "tense", "worse"]))
            visits.append((f"v{i}", persons[other], "w00", when, when + 0.1 * DAY, True, finding, None))
        p = 1 / (1 + np.exp(-(z + 0.7 * failed)))
        rows["truth"].append((name, recorded, p))
        if rng.random() < p:
            when = recorded + rng.uniform(0, 90) * DAY
            which = "self_harm" if (threat and "跳楼" in text) or "自杀" in text else "violence"
            which = "civil_to_criminal" if rng.random() < 0.25 else which
            rows["outcomes"].append(
                (f"o{i}", name, when, when + rng.exponential(3) * DAY, which, int(rng.integers(1, 6)))
            )
        source = str(rng.choice(["app_report", "police_110", "grid_worker"]))
        rows["disputes"].append((name, at, recorded, source, kind, f"g{rng.integers(16):02d}", text, None))
        relation = "spouse" if kind in {"divorce", "domestic_violence"} else "neighbour"
        rows["parties"] += [
            (name, persons[one], "applicant", relation, recorded),
            (name, persons[other], "respondent", relation, recorded),
        ]
    people = pd.DataFrame(
        {
            "person_id": persons,
            "birth_year": rng.integers(1950, 2005, n),
            "sex": rng.choice(["female", "male"], n),
            "grid_id": [f"g{i % 16:02d}" for i in range(n)],
            "recorded_at": START - DAY,
        }
    )
    columns = {
        "disputes": [
            "dispute_id",
            "opened_at",
            "recorded_at",
            "source",
            "kind",
            "grid_id",
            "text",
            "amount_cny",
        ],
        "parties": ["dispute_id", "person_id", "role", "relation", "recorded_at"],
        "events": ["event_id", "dispute_id", "at", "recorded_at", "kind", "text"],
        "outcomes": ["outcome_id", "dispute_id", "at", "recorded_at", "kind", "severity"],
        "truth": ["dispute_id", "as_of", "p_true"],
    }
    tables = {name: pd.DataFrame(rows[name], columns=columns[name]) for name in columns}
    # a fixed end of what is known: nothing recorded later is in the files
    end = START + days * DAY
    tables["events"] = tables["events"][tables["events"]["recorded_at"] < end]
    tables["outcomes"] = tables["outcomes"][tables["outcomes"]["recorded_at"] < end]
    tables["disputes"]["amount_cny"] = tables["disputes"]["amount_cny"].astype(float)
    truth = tables.pop("truth")
    tables |= {"grids": grids, "workers": workers, "persons": people}
    tables["visits"] = pd.DataFrame(
        visits,
        columns=["visit_id", "person_id", "worker_id", "at", "recorded_at", "contact", "finding", "text"],
    )
    tables["visits"] = tables["visits"][tables["visits"]["recorded_at"] < end]
    tables["registry"] = pd.DataFrame(
        {
            "entry_id": pd.Series(dtype=str),
            "person_id": pd.Series(dtype=str),
            "dispute_id": pd.Series(dtype=str),
            "category": pd.Series(dtype=str),
            "entered_at": pd.Series(dtype="datetime64[us, UTC]"),
            "recorded_at": pd.Series(dtype="datetime64[us, UTC]"),
            "left_at": pd.Series(dtype="datetime64[us, UTC]"),
        }
    )
    return District(tables, truth)


CUT = parse_instant("2023-07-01")
"""What the models of these tests have seen: nothing recorded from here on."""
SETTINGS = HazardSettings(threads=1)


def intake_frame(
    snapshot: Snapshot, begin: int, end: int, only: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The disputes first recorded in [begin, end) (`dispute_id, intake`), and what a model reads of them then."""
    first = intakes(snapshot, end)
    first = first[first["intake"] >= begin].head(only).reset_index(drop=True)
    ids, moments = first["dispute_id"].tolist(), first["intake"].to_numpy(np.int64)
    return first, feature_frame(DuckSource(snapshot), ids, moments)
