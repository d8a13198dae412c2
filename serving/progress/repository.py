"""Queries about how far a case is; the only place in this domain that has any."""

from __future__ import annotations

import sqlalchemy as sa

from docket.asof import known_sql
from docket.store.metadata import HANDLERS


def first_happened(conn: sa.Connection, dispute_id: str, as_of: int) -> dict[str, int]:
    """The kinds of events known of a dispute, each with its first moment (µs)."""
    query = sa.text(
        f"SELECT x.kind, MIN(x.at) FROM known_events AS x WHERE x.dispute_id = :dispute AND {known_sql('x')} "
        "GROUP BY x.kind"
    )
    return {str(kind): int(at) for kind, at in conn.execute(query, {"dispute": dispute_id, "as_of": as_of})}


def first_met(conn: sa.Connection, dispute_id: str, since: int, as_of: int) -> int | None:
    """When a visit first met a party since then (µs)."""
    query = sa.text(
        "SELECT MIN(x.at) FROM known_visits AS x JOIN known_parties AS p ON p.person_id = x.person_id "
        f"WHERE p.dispute_id = :dispute AND x.contact AND x.at >= :since AND {known_sql('x')} "
        f"AND {known_sql('p')}"
    )
    found = conn.execute(query, {"dispute": dispute_id, "since": since, "as_of": as_of}).scalar()
    return None if found is None else int(found)


def first_taken(conn: sa.Connection, dispute_id: str) -> int | None:
    """When a unit first took it (µs)."""
    query = sa.select(sa.func.min(HANDLERS.c.taken_at)).where(HANDLERS.c.dispute_id == dispute_id)
    found = conn.execute(query).scalar()
    return None if found is None else int(found)
