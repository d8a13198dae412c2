"""Who has to wait for whom: a merge moves rows, so nobody else may be adding rows about the same disputes.

SQLite lets one transaction write at a time anyway; these are for PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

_MERGING: Final = 0x6D65726765  # 'merge'
_BESIDE: Final = sa.select(sa.func.pg_advisory_xact_lock_shared(_MERGING))
_TRIES: Final = 60
_PAUSE: Final = 0.05
_TURNS: Final = sa.text(  # in one order everywhere, so that no two wait for each other
    "SELECT pg_advisory_xact_lock(turn) FROM (SELECT DISTINCT hashtextextended(name, 0) AS turn "
    "FROM unnest(CAST(:names AS text[])) AS name ORDER BY turn) AS turns"
)


class BusyError(Exception):
    """Somebody else is merging or loading; the same may be tried again."""


def alone(conn: sa.Connection) -> None:
    """Hold off everybody who writes about disputes until the transaction ends.

    Asked for again and again, and not waited for in line: whoever waits in line behind a long load would
    make the cases that come in wait behind itself.

    Raises
    ------
    BusyError
        If it isn't to be had within three seconds.
    """
    if conn.dialect.name != "postgresql":
        return
    for _ in range(_TRIES):
        if conn.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_MERGING))).scalar():
            return
        time.sleep(_PAUSE)
    raise BusyError("somebody else is merging or loading")


def beside(conn: sa.Connection) -> None:
    """Let no merge begin until the transaction ends; any number may hold this at once."""
    if conn.dialect.name == "postgresql":
        conn.execute(_BESIDE)


def take_turns(conn: sa.Connection, names: Iterable[str]) -> None:
    """Wait until nobody else who named one of these is writing; held to the end of the transaction.

    SQLite lets one transaction write at a time anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_TURNS, {"names": list(names)})
