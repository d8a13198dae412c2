"""Who does what is to be done now and then: one of all that run, however many they are."""

from __future__ import annotations

import sqlalchemy as sa

from docket.store.inserting import inserting
from docket.store.metadata import FACTS


def last(conn: sa.Connection, name: str) -> int | None:
    """When the turn was last taken (µs); None if it never was."""
    found = conn.execute(sa.select(FACTS.c.value).where(FACTS.c.name == name)).scalar()
    return None if found is None else int(found)


def is_due(conn: sa.Connection, name: str, *, every: int, now: int) -> bool:
    """Whether nobody has taken the turn for `every` microseconds; reads only."""
    before = last(conn, name)
    # A moment that hasn't come yet was noted by a clock that was wrong.
    return before is None or not now - every < before <= now


def take(conn: sa.Connection, name: str, *, every: int, now: int) -> bool:
    """Take the turn if it is due; whether this transaction has it."""
    insert = inserting(conn, FACTS)
    before = sa.cast(FACTS.c.value, sa.BigInteger)
    taken = insert.values(name=name, value=str(now)).on_conflict_do_update(
        index_elements=["name"], set_={"value": str(now)}, where=(before <= now - every) | (before > now)
    )
    return conn.execute(taken.returning(FACTS.c.name)).first() is not None
