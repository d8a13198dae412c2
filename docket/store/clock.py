"""The database's own clock: one for all who use a store, whatever their machines' clocks say."""

from __future__ import annotations

import sqlalchemy as sa

_SQLITE = sa.text(
    "SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
    " + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000"
)
_POSTGRESQL = sa.text("SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000) AS BIGINT)")


def database_now(conn: sa.Connection) -> int:
    """Now, in microseconds since the epoch; to the millisecond on SQLite."""
    query = _POSTGRESQL if conn.dialect.name == "postgresql" else _SQLITE
    return int(conn.execute(query).scalar_one())
