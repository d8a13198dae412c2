"""Queries about what meets deadlines; the only place in this domain that has any."""

from __future__ import annotations

import sqlalchemy as sa

from docket.asof import known_sql


def happened(conn: sa.Connection, dispute_id: str, as_of: int) -> dict[str, int]:
    """The kinds of events known of a dispute, each with the latest moment (µs)."""
    query = sa.text(
        f"SELECT x.kind, MAX(x.at) FROM known_events AS x WHERE x.dispute_id = :dispute AND {known_sql('x')} "
        "GROUP BY x.kind"
    )
    return {str(kind): int(at) for kind, at in conn.execute(query, {"dispute": dispute_id, "as_of": as_of})}


def was_visited(conn: sa.Connection, dispute_id: str, since: int, as_of: int) -> bool:
    """Whether a visit since then met a party."""
    query = sa.text(
        "SELECT 1 FROM known_visits AS x JOIN known_parties AS p ON p.person_id = x.person_id "
        f"WHERE p.dispute_id = :dispute AND x.contact AND x.at >= :since AND {known_sql('x')} "
        f"AND {known_sql('p')} LIMIT 1"
    )
    return conn.execute(query, {"dispute": dispute_id, "since": since, "as_of": as_of}).first() is not None
