"""A test of the service: its cases stand in a store of their own and reach neither lists nor training."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from small_district import case, key_of

from docket.snapshot import Snapshot
from docket.store import Store, StoreError
from docket.store.writing import append
from docket.times import now_micros
from pipelines.cli import run
from serving.app import create_app
from serving.settings import Settings


def served(store: Store, *, test: bool) -> TestClient:
    return TestClient(create_app(Settings(store=store.url, model="", test=test)))


def test_a_test_is_answered_like_any_case_and_says_that_it_is_one(store: Store) -> None:
    with served(store, test=True) as client:
        client.headers.update(key_of(store, "dispatch"))
        answer = client.post("/v1/cases", json=case("t1", "家长扬言跳楼"))
        assert answer.status_code == 201 and answer.json()["colour"] == "red"
        assert answer.headers["x-anlan-test"] == "true"
        assert client.get("/v1/cases/nobody").headers["x-anlan-test"] == "true"
    with served(store, test=True) as client:
        client.headers.update(key_of(store, "dispatch"))
        assert client.get("/v1/cases/t1").status_code == 200


def test_its_cases_reach_neither_training_nor_lists_nor_the_district_s_service(store: Store) -> None:
    with served(store, test=True):
        pass
    with pytest.raises(StoreError, match="cases of a test"):
        Snapshot.from_store(store)
    with pytest.raises(StoreError, match="cases of a test"), served(store, test=False):
        pass


@pytest.mark.parametrize(
    "words",
    [
        ("train",),
        ("evaluate", "--out", "told"),
        ("visits", "--date", "2026-03-31", "--out", "list.csv"),
        ("duplicates",),
    ],
)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_commands_refuse_it_in_one_line(
    store: Store,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with served(store, test=True):
        pass
    monkeypatch.chdir(tmp_path)
    assert run([*words, "--store", store.url]) != 0
    assert capsys.readouterr().err.splitlines()[-1].endswith("`anlan serve --test` alone reads them")


def test_a_district_s_store_is_never_taken_for_a_test(store: Store) -> None:
    with served(store, test=False) as client:
        assert "x-anlan-test" not in client.get("/healthz").headers
    with pytest.raises(StoreError, match="serves a district"), served(store, test=True):
        pass


def test_disputes_that_were_loaded_are_never_taken_for_a_test(store: Store) -> None:
    now = now_micros()
    row = {"dispute_id": "d1", "opened_at": now, "recorded_at": now, "source": "walk_in", "kind": "debt"}
    with store.begin() as conn:
        append(conn, "disputes", [row | {"grid_id": "g1", "text": "欠款"}], ingested_at=now, via="load")
    with pytest.raises(StoreError, match="disputes that are no test"), served(store, test=True):
        pass
