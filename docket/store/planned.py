"""Visit plans as they were first made: what the effect of visiting can later be estimated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from docket.store.metadata import PLANNED_VISITS


def keep_plan(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the rows of a plan; where a worker's day holds that person already, the first plan stands.

    Parameters
    ----------
    conn
        In a transaction that may write.
    rows
        Columns of `PLANNED_VISITS`.
    """
    if rows:
        insert = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(PLANNED_VISITS)
        conn.execute(insert.on_conflict_do_nothing(), [dict(row) for row in rows])
