"""Putting a backup back: everything about it is checked before an empty store is touched."""

from __future__ import annotations

import hmac
import os
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from docket import audit, secrets
from docket.audit import Head, acting
from docket.audit.actors import operator
from docket.backup import tools
from docket.backup.manifest import DUMP, BackupError, Digesting, Manifest, parts, read_manifest
from docket.backup.taking import VERSIONS, keep
from docket.faults import BadInput
from docket.store import Store, open_store
from docket.store.engine import kind_of, known_schemas, migrating, sqlite_file
from docket.store.metadata import WRITTEN_BY
from docket.store.ownership import fingerprint


def restore(file: Path, url: str) -> Manifest:
    """Put a backup back into an empty store.

    The store's log tells of it. It is of the schema that the backup had: the next program that opens it
    migrates it.

    Parameters
    ----------
    file
        Of `docket.backup.backup`.
    url
        A SQLite file that isn't there yet, or a PostgreSQL database without tables.

    Raises
    ------
    BadInput
        If the file isn't a whole backup, goes with another secret, another kind of store or a later program,
        or the store isn't empty.
    BackupError
        If PostgreSQL's tools are missing, too old, or fail.
    docket.store.StoreError
        If the database can't be reached.
    """
    if not file.is_file():
        raise BadInput(f"{file}: no such file")
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = read_manifest(archive, file)
            _check(manifest, file, url)
            if manifest.kind == "sqlite":
                _restore_sqlite(archive, manifest, file, url)
            else:
                _restore_postgresql(archive, manifest, file, url)
    except zipfile.BadZipFile as error:
        raise BadInput(f"{file}: not a whole backup: {error}") from error
    return manifest


def _check(manifest: Manifest, file: Path, url: str) -> None:
    kind = kind_of(url)
    if kind != manifest.kind:
        raise BadInput(f"{file}: of a {manifest.kind} store, and --store is a {kind} one")
    if manifest.schema not in known_schemas():
        raise BadInput(f"{file}: schema {manifest.schema} is newer than this program: restore with that one")
    if not secrets.stands():
        # Looked for only: to make one here would be to lose the right one.
        raise BadInput(f"no secret is here: set ${secrets.VARIABLE}, or put {secrets.FILE} in its place")
    if not hmac.compare_digest(manifest.secret, fingerprint()):
        raise BadInput(f"{file}: goes with another secret than ${secrets.VARIABLE} or {secrets.FILE} holds")
    if not hmac.compare_digest(manifest.seal, manifest.sealed().seal):
        raise BadInput(f"{file}: its manifest was altered")


def _read(archive: zipfile.ZipFile, manifest: Manifest, file: Path, into: IO[bytes]) -> None:
    """Write the dump, and be sure that it is the one that was taken."""
    with archive.open(DUMP) as dump:
        written = Digesting(into)
        for part in parts(dump):
            written.write(part)
    if (written.sha256, written.size) != (manifest.sha256, manifest.size):
        raise BadInput(f"{file}: {DUMP} isn't what {manifest.sha256[:12]}… was taken of: it was altered")


def _restore_sqlite(archive: zipfile.ZipFile, manifest: Manifest, file: Path, url: str) -> None:
    path = sqlite_file(url)
    for name in (path, *(path.with_name(path.name + more) for more in ("-wal", "-journal"))):
        if name.exists():
            # A log that was left alone would be played into whatever store stands beside it.
            raise BadInput(f"--store {url}: not an empty store: {name} is there")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        draft = Path(folder) / "store.db"
        with draft.open("xb") as into:
            _read(archive, manifest, file, into)
            os.fsync(into.fileno())
        made = sa.URL.create("sqlite", database=str(draft)).render_as_string()
        with closing(open_store(made, migrate=False)) as store:
            _finish(store, manifest, file)
        with closing(sqlite3.connect(draft)) as alone:
            # All into the one file, which is moved without a log beside it.
            alone.execute("PRAGMA journal_mode = DELETE")
        if path.exists():
            raise BadInput(f"--store {url}: not an empty store: {path} is there by now")
        draft.rename(path)
        keep(path.parent)


def _restore_postgresql(archive: zipfile.ZipFile, manifest: Manifest, file: Path, url: str) -> None:
    tool, _ = tools.find("pg_restore", manifest.tool)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - not a file
        _read(archive, manifest, file, nowhere)
    with migrating(url) as (store, conn):
        query = (
            "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname <> 'information_schema' "
            "AND n.nspname NOT LIKE 'pg\\_%'"
        )
        if conn.execute(sa.text(query)).scalar_one():
            name = store.engine.url.database
            raise BadInput(f"--store: not an empty store: database {name} has tables; createdb makes another")
        arguments = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
        with (
            archive.open(DUMP) as dump,
            tools.running(tool, store.engine.url, *arguments, reads=True) as into,
        ):
            for part in parts(dump):
                into.write(part)
        _finish(store, manifest, file)
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.execute(sa.text("VACUUM (ANALYZE)"))


def _finish(store: Store, manifest: Manifest, file: Path) -> None:
    """In one transaction, the last: until it is through, no program takes this for a store."""
    with store.begin() as conn, acting(operator()):
        if audit.head(conn) != Head.parse(manifest.head):
            raise BackupError(f"{file}: the log in it doesn't end at {manifest.head}, as its manifest says")
        if conn.dialect.name == "postgresql":
            for table in sorted(WRITTEN_BY):
                # Numbers of another server's transactions: here others will bear them.
                conn.execute(sa.text(f"UPDATE {table} SET written_by = NULL WHERE written_by IS NOT NULL"))
            conn.execute(
                sa.text(f"INSERT INTO {VERSIONS} (version_num) VALUES (:schema)"), {"schema": manifest.schema}
            )
        audit.record(conn, "restore", subject=manifest.sha256, detail={"taken_at": manifest.taken_at})
