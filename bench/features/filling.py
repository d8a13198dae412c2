"""A record store with the synthetic records in it, by the millions: no checks, no texts worth reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow.parquet as pq
import sqlalchemy as sa

from docket.store import Store, open_store
from docket.store.metadata import RECORDS

from .data import Recipe, kept

TABLES: Final = ("grids", "disputes", "parties", "events", "registry", "visits", "outcomes")
_TEXT: Final = "双方因琐事发生口角，一方情绪激动，经社区工作人员到场劝说后暂时平息，约定三日后再行调解。" * 3
"""As long as a narrative is, so that rows fill pages as real ones do."""
_ABSENT: Final = {"row_no", "written_by"}
_BATCH: Final = 50_000


def filled(recipe: Recipe, cache: Path, url: str, done: Path) -> Store:
    """The store at `url`, filled if `done` isn't there yet.

    Indexes are made once the rows are in: row by row it takes many times as long.
    """
    store = open_store(url)
    if done.exists():
        return store
    folder = kept(recipe, cache)
    made = _without_indexes(store)
    for name in TABLES:
        table = pq.read_table(folder / f"known_{name}.parquet")
        columns = [column.name for column in RECORDS[name].columns if column.name not in _ABSENT]
        _write(store, name, columns, _rows(name, table, columns))
    with store.begin() as connection:
        for statement in made:
            connection.exec_driver_sql(statement)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if store.engine.dialect.name == "sqlite" else "VACUUM ANALYZE")
    done.touch()
    return store


def _without_indexes(store: Store) -> list[str]:
    """Drop the indexes of the records; the statements that make them again."""
    with store.begin() as connection:
        if store.engine.dialect.name == "sqlite":
            query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        else:
            query = (
                "SELECT i.indexname, i.tablename, i.indexdef FROM pg_indexes AS i "
                "WHERE i.schemaname = 'public' AND NOT EXISTS "
                "(SELECT 1 FROM pg_constraint AS c WHERE c.conname = i.indexname)"
            )
        found = [row for row in connection.execute(sa.text(query)).all() if row[1] in TABLES]
        for name, _, _ in found:
            connection.exec_driver_sql(f'DROP INDEX "{name}"')
    return [statement for _, _, statement in found]


def _rows(name: str, table: Any, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of a table as the store has them."""
    for number, batch in enumerate(table.to_batches(max_chunksize=_BATCH)):
        given = {column: batch.column(column).to_pylist() for column in batch.schema.names}
        if "severity" in given:  # Arrow's tables have numbers only
            given["severity"] = [int(number) for number in given["severity"]]
        size = batch.num_rows
        first = number * _BATCH
        filler: dict[str, list[Any]] = {
            "row_digest": [f"{first + place:032x}" for place in range(size)],
            "ingested_at": [0] * size,
            "via": ["load"] * size,
            "learned_at": given.get("recorded_at", [0] * size),
            "text": [_TEXT if name == "disputes" else None] * size,
            "role": ["x"] * size,
            "worker_id": ["w"] * size,
            "lon": [120.0] * size,
            "lat": [30.0] * size,
        }
        for level in ("grid", "community", "street"):
            filler[f"{level}_name"] = given.get(f"{level}_id", [None] * size)
        nothing: list[Any] = [None] * size
        lists = [given.get(column, filler.get(column, nothing)) for column in columns]
        yield from zip(*lists, strict=True)


def _write(store: Store, name: str, columns: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    listed = ", ".join(f'"{column}"' for column in columns)
    with store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            marks = ", ".join("?" * len(columns))
            driver.execute("PRAGMA query_only = 0")
            driver.execute("BEGIN IMMEDIATE")
            while batch := list(islice(rows, _BATCH)):
                driver.executemany(f"INSERT INTO {name} ({listed}) VALUES ({marks})", batch)
            driver.execute("COMMIT")
        elif isinstance(driver, psycopg.Connection):
            with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            driver.commit()
