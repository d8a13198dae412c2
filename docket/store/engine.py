"""Opening a record store: SQLite embedded, PostgreSQL by URL, both migrated to the newest version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from docket.store import desk, judging, reporting, standing  # noqa: F401 - their tables are of the store, too
from docket.tracing import span

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0x616E6C616E  # 'anlan'


class StoreError(Exception):
    """The store can't be opened or used as asked."""


class Store:
    """A record store.

    Parameters
    ----------
    engine
        Of a database that has been migrated. `open_store` makes one.
    reader
        Of the same database, for whoever only reads; None: `engine` serves both.
    """

    def __init__(self, engine: sa.Engine, reader: sa.Engine | None = None) -> None:
        self.engine = engine
        self._reader = engine if reader is None else reader
        self.url = engine.url.render_as_string(hide_password=False)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A connection in one transaction that may write; committed at the end, rolled back on an error."""
        with span("store write"), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection that only reads, and sees one state of the store throughout."""
        with span("store read"), self._reader.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                yield connection.execution_options(**options)
            else:
                yield connection
            # Nothing was written; but a rollback would make psycopg forget all that it had prepared.
            connection.commit()

    def close(self) -> None:
        """Close the connections that stand ready."""
        self.engine.dispose()
        self._reader.dispose()


def open_store(url: str, *, wait: float | None = None, migrate: bool = True) -> Store:
    """Open a store, making or migrating it as needed.

    Parameters
    ----------
    url
        `sqlite:///var/anlan.db`, or `postgresql://user@host/database`.
    wait
        Seconds that a statement waits for a lock, or a caller for a connection, before it fails; None: as
        long as a job may, a minute on SQLite and for ever on PostgreSQL.
    migrate
        False: take it as it is, and be sure that it is there.

    Raises
    ------
    StoreError
        If the URL is none of these, the database can't be reached, or it's newer than this program.
    """
    kind, parsed = kind_of(url), sa.make_url(url)
    if kind == "sqlite" and not migrate and not sqlite_file(url).exists():
        raise StoreError(f"there is no store at {sqlite_file(url)}")
    reader = None
    if kind == "sqlite":
        engine, reader = (_sqlite(parsed, reading=reading, wait=wait) for reading in (False, True))
    else:
        engine = _postgresql(parsed, wait=wait)
    store = Store(engine, reader)
    try:
        if migrate:
            _migrate(store)
        else:
            with store.begin() as connection:
                schema_version(connection)
    except (sa.exc.OperationalError, CommandError) as error:
        engine.dispose()
        cause = error.orig if isinstance(error, sa.exc.OperationalError) else error
        raise StoreError(f"can't open {parsed.render_as_string()}: {cause}") from error
    return store


def kind_of(url: str) -> str:
    """`sqlite` or `postgresql`.

    Raises
    ------
    StoreError
        If the URL is of neither.
    """
    try:
        backend = sa.make_url(url).get_backend_name()
    except sa.exc.ArgumentError as error:
        raise StoreError("not the URL of a store, such as sqlite:///var/anlan.db") from error
    kind = "postgresql" if backend == "postgres" else backend
    if kind not in {"sqlite", "postgresql"}:
        raise StoreError(f"a store is sqlite or postgresql, not {backend}")
    return kind


def sqlite_file(url: str) -> Path:
    """The file of a SQLite store.

    Raises
    ------
    StoreError
        If it would be none.
    """
    name = sa.make_url(url).database
    if not name or name == ":memory:":
        raise StoreError(
            "a store in memory would be gone at once: name a file, such as sqlite:///var/anlan.db"
        )
    return Path(name)


def schema_version(conn: sa.Connection) -> str:
    """The migration that a store is at.

    Raises
    ------
    StoreError
        If this is no store.
    """
    if not sa.inspect(conn).has_table("alembic_version"):
        raise StoreError("there is no store in this database")
    version = conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if version is None:
        raise StoreError("this store was not restored to its end: make an empty one and restore anew")
    return str(version)


def known_schemas() -> frozenset[str]:
    """Every migration that this program knows."""
    return frozenset(one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


@contextmanager
def migrating(url: str) -> Iterator[tuple[Store, sa.Connection]]:
    """A PostgreSQL database as it is, and a connection that holds off whoever would open and migrate it.

    Raises
    ------
    StoreError
        If it can't be reached.
    """
    parsed = sa.make_url(url)
    store = Store(_postgresql(parsed, wait=None))
    try:
        with store.engine.connect() as conn:
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            yield store, conn
    except sa.exc.OperationalError as error:
        raise StoreError(f"can't open {parsed.render_as_string()}: {error.orig}") from error
    finally:
        store.close()


def _postgresql(url: sa.URL, *, wait: float | None) -> sa.Engine:
    """Connections that find out for themselves that the server was started anew, or is gone."""
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,  # an error's words would quote narratives
        pool_size=20,
        max_overflow=20,
        pool_pre_ping=True,  # of a restart those in use notice, and nobody after them
        pool_recycle=1_800,  # before a firewall forgets it
        pool_use_lifo=True,
        pool_timeout=30 if wait is None else wait,
        # A host that is switched off says nothing: without these a request would hang for many minutes.
        connect_args={
            "connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3
        },
    )  # fmt: skip
    if wait is not None:

        @sa.event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            connection.execute(f"SET lock_timeout = {round(wait * 1_000)}")
            connection.commit()

    return engine


def _sqlite(url: sa.URL, *, reading: bool, wait: float | None) -> sa.Engine:
    """Connections that may write, or that can't: turning one into the other would unprepare all it has."""
    sqlite_file(url.render_as_string(hide_password=False)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url.set(drivername="sqlite"),
        hide_parameters=True,
        pool_size=20,
        max_overflow=20,
        pool_use_lifo=True,  # those with the most prepared come first
        pool_timeout=30 if wait is None else wait,
        # A case is read by some forty texts, each for a few numbers of keys: all stay prepared.
        connect_args={"cached_statements": 1_000},
    )

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # Transactions are begun below, not by the driver, which would leave DDL and reads outside of them.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {round((60 if wait is None else wait) * 1_000)}",  # first: the others wait by it
            "journal_mode = WAL",
            "synchronous = FULL",  # a case that was answered outlives a power cut
            "foreign_keys = ON",
            "cache_size = -65536",
            "temp_store = MEMORY",
            f"query_only = {int(reading)}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        # A writer takes the lock at once: two that both read first and then write would deadlock.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _migrate(store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with store.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            # Two processes that start together: the second waits, and finds nothing left to do.
            connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        if sa.inspect(connection).has_table("alembic_version"):
            schema_version(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
