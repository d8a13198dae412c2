"""What a snapshot saw, so that it can be told later which rows that was.

Moments don't tell it: a row that bears an earlier moment may be committed after the snapshot was taken.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from docket.store.metadata import RECORDS, WRITTEN_BY

_TABLES: Final = tuple(sorted(WRITTEN_BY))
_SNAPSHOT: Final = sa.text("SELECT pg_current_snapshot()::text")
_LAST: Final = sa.text(
    "SELECT " + ", ".join(f"(SELECT COALESCE(MAX(row_no), 0) FROM {table})" for table in _TABLES)
)


def mark(conn: sa.Connection) -> str:
    """What a snapshot sees of the records: PostgreSQL's name of it, or SQLite's last row of each table."""
    if conn.dialect.name == "postgresql":
        return str(conn.execute(_SNAPSHOT).scalar_one())
    return ",".join(str(number) for number in conn.execute(_LAST).one())


def was_seen(conn: sa.Connection, table: str, marked: str) -> sa.ColumnElement[bool]:
    """The condition on a row of `table` that the snapshot so marked saw it.

    A row of a PostgreSQL from before rows said who wrote them (`written_by`) was there already.
    """
    made = RECORDS[table]
    if conn.dialect.name == "sqlite":
        last = dict(zip(_TABLES, marked.split(","), strict=True))
        return made.c.row_no <= int(last[table])
    seen = sa.text(
        f"pg_visible_in_snapshot({table}.written_by::text::xid8, CAST(:marked AS pg_snapshot))"
    ).bindparams(marked=marked)
    return made.c.written_by.is_(None) | seen
