"""A store with the small district, on both databases, and the service on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from small_district import fill, key_of

from docket.store import Store
from serving.app import create_app
from serving.settings import Settings


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
