"""Taking a dispute back: its rows end, as corrections like any others; what was known before stays so."""

from __future__ import annotations

import sqlalchemy as sa

from docket.store.locking import alone
from docket.store.merging import Corrections, latest_moment, standing

_WITHDRAWN = ("disputes", "parties", "events")


def withdraw(conn: sa.Connection, dispute_id: str, *, now: int) -> int:
    """End a dispute with its parties and events, from now on or right after the latest row that is ended.

    Returns
    -------
    int
        µs: when it is recorded.

    Raises
    ------
    docket.store.locking.BusyError
        If somebody else is merging or loading.
    """
    alone(conn)
    rows = {table: standing(conn, table, dispute_id) for table in _WITHDRAWN}
    at = latest_moment(now, (), rows)
    correct = Corrections(conn, at, now)
    for table in _WITHDRAWN:
        correct(table, rows[table], withdrawn=True)
    return at
