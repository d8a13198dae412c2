"""Staff and analysts see what the last watch found; Prometheus is told the same."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from browsing import person, service
from fastapi.testclient import TestClient
from served import wait_for
from small_district import case, key_of

from docket.snapshot import Snapshot
from docket.store import Store
from docket.times import now_micros
from models.watch.checks import Check, limit
from models.watch.kept import NAMES, keep
from models.watch.result import Watched, watch
from pipelines.cli import run
from serving import watching


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY", 0.05)


def metrics(client: TestClient) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, value in lines if name.startswith("anlan_watch")}


def found_in(store: Store) -> Watched:
    with store.snapshot() as conn:
        return watch(conn, Snapshot.from_store(store), now_micros(), draws=99)


def test_before_a_watch_the_page_says_so_and_the_metric_is_infinite(store: Store) -> None:
    with service(store) as client:
        wait_for("it was looked", lambda: metrics(client)["anlan_watch_age_seconds"] == math.inf)
        assert all(
            math.isnan(metrics(client)[f'anlan_watch_alarms{{family="{family}"}}']) for family in NAMES
        )
        assert "还没有监测结果" in person(client, store, "centre").get("/watch").text


def test_what_cannot_be_told_yet_is_no_number(store: Store) -> None:
    with service(store) as client:
        assert client.post("/v1/cases", json=case("a"), headers=key_of(store, "dispatch")).status_code == 201
        assert run(["watch", "--store", store.url, "--no-track"]) == 0
        page = person(client, store, "analyst").get("/watch").text
        assert "还不能判断" in page and "记录只有" in page and "现用模型只用了0天，至少要77天" in page
        assert "没有发现异常" in page and "数字稳定不等于模型正确" in page
        wait_for("it was looked", lambda: metrics(client)["anlan_watch_age_seconds"] < 3_600)
        told = metrics(client)
        assert math.isnan(told['anlan_watch_alarms{family="features"}'])
        assert math.isnan(told['anlan_watch_harm_ratio{cases="visited"}'])


def test_an_alarm_stands_first_in_words_of_the_house_and_in_the_metrics(store: Store) -> None:
    with service(store) as client:
        assert client.post("/v1/cases", json=case("a"), headers=key_of(store, "dispatch")).status_code == 201
        found = found_in(store)
        parts = pd.DataFrame(
            [
                {"part": "cases by app_report", "now": 0.0, "before": 44.5, "p": 0.0005},
                {"part": "cases", "now": 120.0, "before": 164.0, "p": 0.01},
            ]
        )
        alarm = Check("volume", 28, 0.0005, limit(17), parts=parts)
        rare = Check(
            "cues", 7, 0.04, limit(17),
            parts=pd.DataFrame([{"part": "cue_weapon", "now": 0.031, "before": np.nan, "p": 0.04}]),
        )  # fmt: skip
        others = [check for check in found.checks if check.family not in ("volume", "cues")]
        made = replace(found, checks=(rare, *others, alarm))
        with store.begin() as conn:
            keep(conn, made.now, made.kept())
        page = person(client, store, "centre").get("/watch").text
        assert "1 项异常" in page and "案件（小程序） 0／44" in page and "3.1%／—" in page
        assert page.index("异常</strong></td>") < page.index("正常</td>") < page.index("还不能判断</td>")
        assert "cue_" not in page
        wait_for("it was looked", lambda: metrics(client)['anlan_watch_alarms{family="volume"}'] == 1)
        assert metrics(client)['anlan_watch_alarms{family="cues"}'] == 0


def test_an_analyst_begins_here_and_neither_workers_nor_auditors_see_it(store: Store) -> None:
    with service(store) as client:
        assert person(client, store, "analyst").get("/").headers["location"] == "/watch"
        for scope in ("worker", "audit", "dispatch"):
            assert person(client, store, scope).get("/watch").status_code == 403
