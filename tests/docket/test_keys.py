"""Keys, the secret and the vault."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from docket import keys, secrets, vault
from docket.store import Store, open_store
from docket.store.metadata import API_KEYS
from docket.store.writing import append
from docket.times import DAY

NOW = 1_700_000_000_000_000


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    grid = {
        "grid_id": "g1", "grid_name": "一网格", "community_id": "c1", "community_name": "雁滩社区",
        "street_id": "s1", "street_name": "雁南街道", "lon": 103.85, "lat": 36.05,
    }  # fmt: skip
    worker = {"worker_id": "w1", "grid_id": "g1", "role": "grid_worker", "daily_visits": 5}
    opened = open_store(store_url)
    with opened.begin() as conn:
        append(conn, "grids", [grid], ingested_at=NOW, via="load")
        append(conn, "workers", [worker], ingested_at=NOW, via="load")
    yield opened
    opened.close()


def test_key_is_known_by_its_secret_which_stands_nowhere(store: Store) -> None:
    with store.begin() as conn:
        key = keys.create(conn, scope="centre", area="community:c1", now=NOW, days=1)
    prefix, key_id, secret = key.split("_")
    assert prefix == "anlan"
    assert len(secret) == 64
    with store.begin() as conn:
        found = keys.verify(conn, key, NOW)
        assert found is not None
        assert (found.scope, found.area, found.key_id) == ("centre", keys.Area("community", "c1"), key_id)
        assert secret not in repr(conn.execute(sa.select(API_KEYS)).all())


@pytest.mark.parametrize(
    "alter",
    [
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: key.replace("anlan_", "other_"),
        lambda key: key.rsplit("_", 1)[0],
        lambda key: "anlan_" + "0" * 16 + "_" + key.rsplit("_", 1)[1],
        lambda key: "",
        lambda key: "anlan_\x00_x",
        lambda key: "安澜_a_b",
    ],
)
def test_altered_key_is_unknown(store: Store, alter: Callable[[str], str]) -> None:
    with store.begin() as conn:
        key = keys.create(conn, scope="dispatch", now=NOW)
        assert keys.verify(conn, alter(key), NOW) is None


def test_key_expires_and_can_be_revoked(store: Store) -> None:
    with store.begin() as conn:
        key = keys.create(conn, scope="audit", now=NOW, days=1)
        assert keys.verify(conn, key, NOW + DAY - 1) is not None
        assert keys.verify(conn, key, NOW + DAY) is None
        [listed] = keys.list_keys(conn)
        assert keys.revoke(conn, listed.key_id, NOW + 1)
        assert not keys.revoke(conn, listed.key_id, NOW + 2)
        assert keys.verify(conn, key, NOW + 2) is None


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"scope": "root"}, "a scope is one of"),
        ({"scope": "worker"}, "bound to one worker"),
        ({"scope": "centre", "worker_id": "w1"}, "bound to one worker"),
        ({"scope": "worker", "worker_id": "w9"}, "no worker"),
        ({"scope": "centre", "area": "city:x"}, "an area is"),
        ({"scope": "centre", "area": "grid:"}, "an area is"),
        ({"scope": "centre", "area": "grid:g9"}, "no grid"),
        ({"scope": "centre", "days": 0}, "a day or more"),
    ],
)
def test_key_that_makes_no_sense_is_not_made(store: Store, asked: dict[str, Any], reason: str) -> None:
    with store.begin() as conn, pytest.raises(keys.KeyRequestError, match=reason):
        keys.create(conn, now=NOW, **asked)


def test_worker_key_is_bound_to_its_worker(store: Store) -> None:
    with store.begin() as conn:
        found = keys.verify(conn, keys.create(conn, scope="worker", worker_id="w1", now=NOW), NOW)
    assert found is not None
    assert (found.worker_id, found.area) == ("w1", None)


def test_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANLAN_SECRET")
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: secrets.secret(), range(32)))
    assert len(made) == 1
    assert stat.S_IMODE((tmp_path / "var" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret"]


@pytest.mark.parametrize("given", ["", "not base64!", "c2hvcnQ="])
def test_weak_or_garbled_secret_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_SECRET", given)
    with pytest.raises(secrets.SecretError):
        secrets.secret()


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert secrets.derive("a") != secrets.derive("b")
    assert secrets.derive("a") == secrets.derive("a")
    assert len(secrets.derive("a")) == 32


@pytest.mark.parametrize("text", ["", "扬言跳楼", "lone \ud800 surrogate", "nul \x00"])
def test_vault_gives_back_what_it_was_given_only_in_its_place(text: str) -> None:
    sealed = vault.encrypt(text, "disputes/d1")
    assert vault.decrypt(sealed, "disputes/d1") == text
    assert sealed != vault.encrypt(text, "disputes/d1")
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong, context in ((sealed, "disputes/d2"), (altered, "disputes/d1"), (b"", "disputes/d1")):
        with pytest.raises(vault.VaultError):
            vault.decrypt(wrong, context)
