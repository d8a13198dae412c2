"""Queries about what meets deadlines; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from docket.asof import known_sql
from docket.store.asking import NAMES, among


def happened(conn: sa.Connection, dispute_id: str, as_of: int) -> dict[str, int]:
    """The kinds of events known of a dispute, each with the latest moment (µs)."""
    return happened_in(conn, [dispute_id], as_of)[dispute_id]


def happened_in(conn: sa.Connection, dispute_ids: Collection[str], as_of: int) -> dict[str, dict[str, int]]:
    """`happened` of each of some disputes."""
    found: dict[str, dict[str, int]] = {name: {} for name in dispute_ids}
    if found:
        for name, kind, at in conn.execute(_HAPPENED, {**among(found), "as_of": as_of}):
            found[name][str(kind)] = int(at)
    return found


_HAPPENED = sa.text(
    f"SELECT x.dispute_id, x.kind, MAX(x.at) FROM known_events AS x WHERE x.dispute_id IN :names "
    f"AND {known_sql('x')} GROUP BY x.dispute_id, x.kind"
).bindparams(NAMES)


def last_visited(conn: sa.Connection, dispute_ids: Collection[str], as_of: int) -> dict[str, int]:
    """When a visit last met a party (µs), of those disputes where one ever did."""
    if not dispute_ids:
        return {}
    found = conn.execute(_VISITED, {**among(dispute_ids), "as_of": as_of})
    return {str(name): int(at) for name, at in found}


_VISITED = sa.text(
    "SELECT p.dispute_id, MAX(x.at) FROM known_visits AS x JOIN known_parties AS p "
    "ON p.person_id = x.person_id "
    f"WHERE p.dispute_id IN :names AND x.contact AND {known_sql('x')} AND {known_sql('p')} "
    "GROUP BY p.dispute_id"
).bindparams(NAMES)
