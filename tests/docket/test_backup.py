"""Backups taken while the service writes, put back on both stores; and what is refused untouched."""

from __future__ import annotations

import json
import os
import stat
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count as counting
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from served import wait_for
from small_district import case, count, fill, key_of

from docket.backup import tools
from docket.store import Store, StoreError, open_store
from docket.store.engine import MIGRATIONS
from docket.store.ownership import check_secret
from pipelines.cli import run
from serving.app import create_app
from serving.settings import Settings


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "records"
    folder.mkdir()
    opened = fill(store_url, folder)
    with opened.begin() as conn:
        check_secret(conn)
    yield opened
    opened.close()


@pytest.fixture
def empty_url(store_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A second store of the same kind, with nothing in it."""
    if store_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'second' / 'store.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"second_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def is_empty(url: str) -> bool:
    if url.startswith("sqlite"):
        return not Path(str(sa.make_url(url).database)).exists()
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return row == (0,)


def manifest(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return dict(json.loads(archive.read("manifest.json")))


def rewritten(path: Path, change: Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]) -> Path:
    """A copy of a backup with its manifest or dump changed."""
    with zipfile.ZipFile(path) as archive:
        told, dump = change(json.loads(archive.read("manifest.json")), archive.read("store.dump"))
    other = path.with_name(f"other-{uuid.uuid4().hex}")
    with zipfile.ZipFile(other, "x") as archive:
        archive.writestr("store.dump", dump)
        archive.writestr("manifest.json", json.dumps(told))
    return other


def test_a_backup_taken_among_writes_holds_every_answer_and_serves(
    store: Store, empty_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, numbers, done = tmp_path / "backups" / "today.anlan", counting(), threading.Event()
    answered: dict[str, tuple[dict[str, Any], bytes]] = {}
    header = key_of(store, "dispatch")
    with TestClient(create_app(Settings(store=store.url, model="")), headers=header) as client:

        def send() -> None:
            while not done.is_set():
                body = case(f"b{next(numbers)}", "家长扬言跳楼")
                answer = client.post("/v1/cases", json=body)
                assert answer.status_code == 201
                answered[body["dispute"]["dispute_id"]] = (body, answer.content)

        senders = [threading.Thread(target=send) for _ in range(2)]
        for sender in senders:
            sender.start()
        try:
            wait_for("some answers", lambda: len(answered) >= 10)
            before = dict(answered)
            assert run(["backup", "--store", store.url, "--out", str(out)]) == 0
            reached = len(answered) + 4
            wait_for("it goes on", lambda: len(answered) >= reached)
        finally:
            done.set()
            for sender in senders:
                sender.join()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600 and [out] == list(out.parent.iterdir())
    told = manifest(out)
    assert told["kind"] == store.engine.dialect.name and told["schema"] == "0011"
    assert os.environ["ANLAN_SECRET"] not in json.dumps(told)
    assert run(["restore", str(out), "--store", empty_url]) == 0
    assert run(["audit", "verify", "--store", empty_url]) == 0
    assert "whole; the last is" in capsys.readouterr().out
    with closing(open_store(empty_url)) as second:
        log = sa.text("SELECT action, actor, subject FROM audit_log ORDER BY seq DESC LIMIT 1")
        with second.snapshot() as conn:
            kept = set(conn.execute(sa.text("SELECT dispute_id FROM disputes")).scalars())
            intakes = set(conn.execute(sa.text("SELECT dispute_id FROM intakes")).scalars())
            action, actor, subject = conn.execute(log).one()
            if second.engine.dialect.name == "postgresql":
                writers = "SELECT count(*) FROM disputes WHERE written_by IS NOT NULL"
                assert conn.execute(sa.text(writers)).scalar_one() == 0
        assert (action, subject) == ("restore", told["sha256"]) and actor.startswith("command:")
        assert before.keys() <= kept and kept == intakes
        settings = Settings(store=empty_url, model="", catch_up_every=0.05)
        with TestClient(create_app(settings), headers=header) as client:
            for body, content in before.values():
                assert client.post("/v1/cases", json=body).content == content
            (name, *_) = before
            assert client.get(f"/v1/cases/{name}").json()["dispute"]["text"] == "家长扬言跳楼"
            assert client.post("/v1/cases", json=case("after")).status_code == 201
    with store.snapshot() as conn:
        exports = (
            conn.execute(sa.text("SELECT detail FROM audit_log WHERE action = 'export'")).scalars().all()
        )
    assert [json.loads(detail) for detail in exports] == [{"file": "today.anlan"}]


def test_a_backup_never_takes_the_place_of_a_file(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "b.anlan"
    out.write_bytes(b"yesterday's")
    assert run(["backup", "--store", store.url, "--out", str(out)]) == 2
    assert out.read_bytes() == b"yesterday's" and "never takes the place" in capsys.readouterr().err


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_no_store_no_backup_and_none_is_made(store_url: str, tmp_path: Path) -> None:
    assert run(["backup", "--store", store_url, "--out", str(tmp_path / "b.anlan")]) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_backup_leaves_an_older_store_as_it_is_and_a_restored_one_is_migrated_when_opened(
    store_url: str, empty_url: str, tmp_path: Path
) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with closing(open_store(store_url)) as store:
        with store.begin() as conn:
            check_secret(conn)
            config.attributes["connection"] = conn
            command.downgrade(config, "0010")
        assert run(["backup", "--store", store_url, "--out", str(tmp_path / "b.anlan")]) == 0
        with store.snapshot() as conn:
            assert conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "0010"
    assert manifest(tmp_path / "b.anlan")["schema"] == "0010"
    assert run(["restore", str(tmp_path / "b.anlan"), "--store", empty_url]) == 0
    with closing(open_store(empty_url)) as second:
        assert count(second, "unscored") == 0


def _altered(told: dict[str, Any], dump: bytes) -> tuple[dict[str, Any], bytes]:
    return told, dump[:-1] + bytes([dump[-1] ^ 1])


REFUSED: dict[str, tuple[Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]], str]] = {
    "dump": (_altered, "it was altered"),
    "newer": (lambda told, dump: (told | {"schema": "9999"}, dump), "schema 9999 is newer than this program"),
    "format": (lambda told, dump: (told | {"format": 2}, dump), "format 1 was expected"),
    "field": (lambda told, dump: (told | {"size": "1"}, dump), "manifest.json: size: int was expected"),
    "secret": (lambda told, dump: (told | {"secret": "0" * 64}, dump), "goes with another secret"),
}


def test_what_is_not_a_whole_backup_of_ours_is_refused_and_nothing_touched(
    store: Store, empty_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path / "b.anlan"
    assert run(["backup", "--store", store.url, "--out", str(out)]) == 0

    def refused(file: Path, url: str, why: str) -> None:
        capsys.readouterr()
        assert run(["restore", str(file), "--store", url]) == 2
        told = capsys.readouterr().err
        assert why in told and len(told.splitlines()) == 1
        assert is_empty(empty_url)

    for change, why in REFUSED.values():
        refused(rewritten(out, change), empty_url, why)
    half = tmp_path / "half"
    half.write_bytes(out.read_bytes()[: out.stat().st_size // 2])
    refused(half, empty_url, "not a whole backup")
    refused(tmp_path / "none", empty_url, "no such file")
    refused(out, store.url, "not an empty store")
    other = f"sqlite:///{tmp_path / 'other.db'}" if "postgres" in store.url else "postgresql:///other"
    refused(out, other, "and --store is a")
    monkeypatch.delenv("ANLAN_SECRET")
    monkeypatch.chdir(tmp_path)
    refused(out, empty_url, "no secret is here")
    assert not (tmp_path / "var").exists()
    monkeypatch.setenv("ANLAN_SECRET", "YW5vdGhlciBzZWNyZXQsIDMyIGJ5dGVzIG9yIG1vcmU=")
    refused(out, empty_url, "goes with another secret")
    assert run(["backup", "--store", store.url, "--out", str(tmp_path / "second.anlan")]) == 1
    assert not (tmp_path / "second.anlan").exists()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_log_left_beside_no_store_is_not_played_into_the_restored_one(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, second = tmp_path / "b.anlan", tmp_path / "lost.db"
    assert run(["backup", "--store", store.url, "--out", str(out)]) == 0
    second.with_name("lost.db-wal").write_bytes(b"of the store that was lost")
    assert run(["restore", str(out), "--store", f"sqlite:///{second}"]) == 2
    assert "lost.db-wal is there" in capsys.readouterr().err and not second.exists()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_store_that_was_not_restored_to_its_end_is_opened_by_nobody(
    store: Store, empty_url: str, tmp_path: Path
) -> None:
    out = tmp_path / "b.anlan"
    assert run(["backup", "--store", store.url, "--out", str(out)]) == 0
    broken = rewritten(out, lambda told, dump: (told | {"head": "7:" + "0" * 64}, dump))
    assert run(["restore", str(broken), "--store", empty_url]) == 1
    with pytest.raises(StoreError, match="not restored to its end"):
        open_store(empty_url)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_tools_that_are_missing_or_too_old_are_named(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "bin"
    here.mkdir()
    monkeypatch.setenv("PATH", str(here))
    monkeypatch.setattr(tools, "_PLACES", ())
    monkeypatch.setattr(tools, "_EMBEDDED", "no_such_package")
    words = ["backup", "--store", store.url, "--out", str(tmp_path / "b.anlan")]
    assert run(words) == 1
    assert "there is no pg_dump here: install postgresql-client-" in capsys.readouterr().err
    old = here / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    assert run(words) == 1
    assert "pg_dump 9 is older than that" in capsys.readouterr().err
    assert not (tmp_path / "b.anlan").exists()
