"""Visit plans as they were first made: what the effect of visiting can later be estimated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from docket.store.locking import take_turns
from docket.store.metadata import PLANNED_VISITS


def plans(conn: sa.Connection) -> list[dict[str, Any]]:
    """Every plan that was kept, whole: `PLANNED_VISITS`."""
    rows = conn.execute(sa.select(PLANNED_VISITS).order_by(PLANNED_VISITS.c.date, PLANNED_VISITS.c.worker_id))
    return [dict(row) for row in rows.mappings()]


def planned_for(conn: sa.Connection, date: str, people: Sequence[str]) -> dict[str, str]:
    """Who was to visit each of these people, of those who had a place in a day's plans as they were kept."""
    made = PLANNED_VISITS.c
    query = sa.select(made.person_id, made.worker_id).where(
        made.date == date, made.person_id.in_(people), made.rank.is_not(None)
    )
    rows = conn.execute(query.order_by(made.planned_at.desc()))
    return {row.person_id: row.worker_id for row in rows}


def keep_plan(conn: sa.Connection, date: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the plan of a day; a worker whose plan of that day is kept already keeps that one, whole.

    Who had a place and who was passed over are known only of one plan: the rows of two are not mixed.

    Parameters
    ----------
    conn
        In a transaction that may write.
    rows
        Columns of `PLANNED_VISITS`, all of `date`.
    """
    take_turns(conn, [f"plan of {date}"])  # of two who plan at once the second finds what the first has kept
    held = sa.select(PLANNED_VISITS.c.worker_id).where(PLANNED_VISITS.c.date == date).distinct()
    kept = set(conn.execute(held).scalars())
    new = [dict(row) for row in rows if row["worker_id"] not in kept]
    if new:
        conn.execute(sa.insert(PLANNED_VISITS), new)
