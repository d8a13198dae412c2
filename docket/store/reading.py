"""Looking up in a store: which ids it has, their versions, and narratives as submitted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from docket import vault
from docket.asof import NEVER
from docket.contract import BY_NAME, Table
from docket.store.asking import NAMES, among
from docket.store.metadata import ORIGINALS, RECORDS

_CHUNK: Final = 10_000
"""Bind parameters in one statement; both databases take more than three times as many."""


def existing(conn: sa.Connection, table: str, ids: Collection[str]) -> set[str]:
    """Those of `ids` that name a row of `table`, in any version.

    Parameters
    ----------
    conn
        A connection to the store.
    table
        A table with a key of one column.
    ids
        Values of that column.
    """
    found: set[str] = set()
    for chunk in _chunks(iter(ids)):
        found.update(conn.execute(_existing(table), among(chunk)).scalars())
    return found


@cache
def _existing(table: str) -> sa.Select[Any]:
    key = RECORDS[table].c[BY_NAME[table].key[0]]
    return sa.select(key).where(key.in_(NAMES)).distinct()


def birth_years(conn: sa.Connection, people: Collection[str]) -> dict[str, int]:
    """In which year persons were born, of those of whom that is known."""
    made = RECORDS["persons"].c
    found: dict[str, int] = {}
    for chunk in _chunks(iter(people)):
        query = sa.select(made.person_id, made.birth_year).where(
            made.person_id.in_(chunk), made.birth_year.is_not(None)
        )
        rows = conn.execute(query.order_by(made.recorded_at))  # of several versions the last stands
        found.update((row.person_id, row.birth_year) for row in rows)
    return found


def versions_of(
    conn: sa.Connection, table: Table, rows: pa.Table, *, also: Collection[str] = ()
) -> dict[tuple[str, ...], dict[int, str]]:
    """By key, the versions that the store has of the ids in `rows` (and `also`): `recorded_at` to row digest.

    Of a table without `recorded_at` it's the current version, under -NEVER.
    """
    made = RECORDS[table.name]
    # of a first load, which needs not look for any of its rows
    if len(rows) > _CHUNK and conn.execute(sa.select(made.c.row_no).limit(1)).first() is None:
        return {}
    ids = list(dict.fromkeys([*rows.column(table.key[0]).unique().to_pylist(), *also]))
    found: dict[tuple[str, ...], dict[int, str]] = {}
    for chunk in _chunks(iter(ids)):
        for when, digest, *key in conn.execute(_versions(table.name), among(chunk)):
            found.setdefault(tuple(key), {})[when] = digest
    return found


@cache
def _versions(table: str) -> sa.Select[Any]:
    described, made = BY_NAME[table], RECORDS[table]
    keys = [made.c[name] for name in described.key]
    recorded = made.c.recorded_at if described.versioned else sa.literal(-NEVER, sa.BigInteger)
    query = sa.select(recorded, made.c.row_digest, *keys).where(keys[0].in_(NAMES))
    return query if described.versioned else query.where(made.c.replaced_at.is_(None))


def original(conn: sa.Connection, table: str, row_id: str, recorded_at: int) -> str:
    """The narrative of one version of a row, as submitted.

    Raises
    ------
    KeyError
        If there is none.
    docket.vault.VaultError
        If the secret isn't the one it was written with.
    """
    found = originals(conn, table, [(row_id, recorded_at)])
    if not found:
        raise KeyError(f"no narrative of {table} {row_id}")
    return found[row_id, recorded_at]


def originals(
    conn: sa.Connection, table: str, versions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """The narratives of versions of rows (id, `recorded_at`), as submitted, of those that have one.

    Raises
    ------
    docket.vault.VaultError
        If the secret isn't the one they were written with.
    """
    wanted = set(versions)
    found: dict[tuple[str, int], str] = {}
    for chunk in _chunks(iter(sorted({row_id for row_id, _ in wanted}))):
        for row_id, at, sealed in conn.execute(_ORIGINALS, {"table": table, **among(chunk)}):
            if (row_id, at) in wanted:
                found[row_id, at] = vault.decrypt(bytes(sealed), context_of(table, row_id, at))
    return found


_ORIGINALS: Final = sa.select(ORIGINALS.c.row_id, ORIGINALS.c.recorded_at, ORIGINALS.c.sealed).where(
    ORIGINALS.c.table_name == sa.bindparam("table"), ORIGINALS.c.row_id.in_(NAMES)
)


def identities(conn: sa.Connection, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Who the persons are, by person_id: the current row of `identities`, decrypted.

    Only for whom the list or the case concerns; never for a model, a log or an analyst.

    Raises
    ------
    docket.vault.VaultError
        If the secret isn't the one they were written with.
    """
    made = RECORDS["identities"]
    found: dict[str, dict[str, Any]] = {}
    for chunk in _chunks(iter(person_ids)):
        query = sa.select(made.c.person_id, made.c.sealed).where(
            made.c.person_id.in_(chunk), made.c.replaced_at.is_(None)
        )
        for person_id, sealed in conn.execute(query):
            found[person_id] = json.loads(
                vault.decrypt(bytes(sealed), context_of("identities", person_id, 0))
            )
    return found


def context_of(table: str, row_id: str, recorded_at: int) -> str:
    """Where a ciphertext belongs, which it is bound to."""
    return json.dumps([table, row_id, recorded_at])


def _chunks(values: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(values, _CHUNK)):
        yield chunk
