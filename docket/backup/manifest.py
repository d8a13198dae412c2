"""What a backup says of itself, and the file that holds both: a zip of `manifest.json` and the dump."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

from docket.faults import BadInput

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DUMP: Final = "store.dump"
PART: Final = 2**20
"""Bytes that are read at a time."""


class BackupError(Exception):
    """A backup can't be taken or put back."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of.

    Attributes
    ----------
    format
        Of the file; `FORMAT`.
    kind
        `sqlite` or `postgresql`: a backup goes back into the kind of store it came from.
    schema
        The store's migration.
    taken_at
        RFC 3339.
    sha256, size
        Of the dump; size in bytes.
    secret
        Fingerprint of the secret that the store was written with (`docket.store.ownership`); the secret can't
        be told from it.
    head
        The last row of the audit log, as `docket.audit.Head` writes it.
    tool
        PostgreSQL: the major version of the `pg_dump` that wrote the dump; 0 for SQLite.
    """

    format: int
    kind: str
    schema: str
    taken_at: str
    sha256: str
    size: int
    secret: str
    head: str
    tool: int


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """The manifest of a backup.

    Raises
    ------
    BadInput
        If there is none that this program can read.
    """
    try:
        told: Any = json.loads(archive.read(MANIFEST))
        archive.getinfo(DUMP)
    except (KeyError, ValueError) as error:
        raise BadInput(f"{path}: not a backup of a store: {MANIFEST} or {DUMP} isn't in it") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BadInput(f"{path}: {MANIFEST}: format {FORMAT} was expected: another program wrote this backup")
    for field in fields(Manifest):
        wanted = int if field.type == "int" else str
        if type(told.get(field.name)) is not wanted:
            raise BadInput(f"{path}: {MANIFEST}: {field.name}: {wanted.__name__} was expected")
    return Manifest(**{field.name: told[field.name] for field in fields(Manifest)})


def manifest_text(manifest: Manifest) -> str:
    """The manifest as it is written."""
    return json.dumps(asdict(manifest), indent=2) + "\n"


class Digesting:
    """Writes through to a file and keeps count of what went by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sha256, self.size = file, hashlib.sha256(), 0

    def write(self, part: bytes) -> None:
        """Write, and count in."""
        self._file.write(part)
        self._sha256.update(part)
        self.size += len(part)

    @property
    def sha256(self) -> str:
        """Of all that was written (hex)."""
        return self._sha256.hexdigest()


def parts(file: IO[bytes]) -> Iterator[bytes]:
    """A file's bytes, some at a time."""
    while part := file.read(PART):
        yield part
