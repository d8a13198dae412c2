"""Taking a backup while the service writes: one state of the store, in one file, whole or not there."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from docket import audit
from docket.audit import acting
from docket.audit.actors import operator
from docket.backup import tools
from docket.backup.manifest import (
    DUMP,
    FORMAT,
    MANIFEST,
    BackupError,
    Digesting,
    Manifest,
    manifest_text,
    parts,
)
from docket.faults import BadInput
from docket.store import Store, open_store
from docket.store.engine import schema_version
from docket.store.ownership import check_secret, noted_secret
from docket.times import now_micros, rfc3339

VERSIONS: Final = "alembic_version"
"""The table that is put back last: without it no program opens the store."""


def backup(url: str, out: Path) -> Manifest:
    """Write a backup of a store.

    That rows leave the store is logged in it, as an export, before the file is in its place.

    Parameters
    ----------
    url
        Of the store; it is not migrated.
    out
        A file that isn't there yet.

    Raises
    ------
    BadInput
        If `out` is there.
    BackupError
        If PostgreSQL's tools are missing or too old, or fail.
    docket.store.StoreError
        If there is no such store, or the secret at hand isn't its own.
    """
    if out.exists():
        raise BadInput(f"--out {out}: there is such a file; a backup never takes the place of another")
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(open_store(url, migrate=False)) as store,
        tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder,
    ):
        with store.begin() as conn:
            check_secret(conn)
        draft = Path(folder) / "backup"
        with zipfile.ZipFile(draft, "x") as archive:
            made = _dump(store, archive, Path(folder))
            archive.writestr(MANIFEST, manifest_text(made))
        draft.chmod(0o600)
        keep(draft)
        if out.exists():
            raise BadInput(f"--out {out}: there is such a file by now")
        with store.begin() as conn, acting(operator()):
            audit.record(conn, "export", subject="backup", detail={"file": out.name})
        draft.rename(out)
        keep(out.parent)
    return made


def _dump(store: Store, archive: zipfile.ZipFile, folder: Path) -> Manifest:
    kind = store.engine.dialect.name
    with store.snapshot() as conn:
        told: dict[str, Any] = {
            "format": FORMAT,
            "kind": kind,
            "schema": schema_version(conn),
            "secret": noted_secret(conn),
            "head": str(audit.head(conn)),
            "taken_at": rfc3339(now_micros()),
        }
        if kind == "postgresql":
            sha256, size, tool = _dump_postgresql(store, conn, archive)
        else:
            sha256, size, tool = *_dump_sqlite(conn, archive, folder), 0
    return Manifest(**told, sha256=sha256, size=size, tool=tool).sealed()


def _dump_postgresql(store: Store, conn: sa.Connection, archive: zipfile.ZipFile) -> tuple[str, int, int]:
    server = int(conn.execute(sa.text("SHOW server_version_num")).scalar_one()) // 10_000
    # The very state that the manifest tells of.
    snapshot = conn.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one()
    tool, version = tools.find("pg_dump", server)
    arguments = (
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
        f"--exclude-table-data={VERSIONS}",
    )
    # Packed by pg_dump itself.
    with archive.open(zipfile.ZipInfo(DUMP), "w", force_zip64=True) as entry:
        written = Digesting(entry)
        with tools.running(tool, store.engine.url, *arguments) as dump:
            for part in parts(dump):
                written.write(part)
    return written.sha256, written.size, version


def _dump_sqlite(conn: sa.Connection, archive: zipfile.ZipFile, folder: Path) -> tuple[str, int]:
    copy = folder / "copy.db"
    source = conn.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    with closing(sqlite3.connect(copy)) as target:
        # In the transaction of the snapshot: writers go on, and the copy needn't begin anew for them.
        source.backup(target)
        found = target.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise BackupError(f"the store is damaged, and so would be its backup: {found}")
    packed = zipfile.ZipInfo(DUMP)
    packed.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(packed, "w", force_zip64=True) as entry, copy.open("rb") as file:
        written = Digesting(entry)
        for part in parts(file):
            written.write(part)
    copy.unlink()
    return written.sha256, written.size


def keep(path: Path) -> None:
    """What was written outlives a power cut from here on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
