"""Which disputes might be one that was reported before: those near in time that share a person or the grid.

SQL that runs alike on SQLite and PostgreSQL; what was known by a moment, and no more of it than is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from docket.asof import known_sql
from docket.times import DAY

NEAR: Final = 60 * DAY
"""Two records that were first made further apart aren't compared. Doors report within days of one another."""
MOST: Final = 64
"""How many that share a person, and how many of the grid, are compared at most: those nearest in time."""

_FIRST: Final = (
    "(SELECT MIN(y.recorded_at) FROM known_disputes AS y WHERE y.dispute_id = x.dispute_id) AS first_recorded"
)


def _block(condition: str) -> str:
    # No version is older than the first, so the cheap bound leaves out most before the first is looked up.
    return f"""
    SELECT * FROM (
        SELECT near_by.* FROM (
            SELECT x.dispute_id, x.source, x.kind, x.grid_id, x."text", x.amount_cny, {_FIRST}
            FROM known_disputes AS x
            WHERE {condition} AND x.recorded_at > (SELECT first_recorded FROM me) - {NEAR}
                AND {known_sql("x")}
        ) AS near_by
        WHERE near_by.first_recorded > (SELECT first_recorded FROM me) - {NEAR}
            AND near_by.first_recorded < (SELECT first_recorded FROM me) + {NEAR}
        ORDER BY ABS(near_by.first_recorded - (SELECT first_recorded FROM me)), near_by.dispute_id
        LIMIT {MOST + 1}
    ) AS block
    """


_SHARED: Final = f"""x.dispute_id IN (
    SELECT theirs.dispute_id FROM known_parties AS own
    JOIN known_parties AS theirs ON theirs.person_id = own.person_id
    WHERE own.dispute_id = :dispute AND {known_sql("own")} AND {known_sql("theirs")}
)"""
_DISPUTES: Final = f"""
    WITH me AS (
        SELECT x.dispute_id, x.source, x.kind, x.grid_id, x."text", x.amount_cny, {_FIRST}
        FROM known_disputes AS x WHERE x.dispute_id = :dispute AND {known_sql("x")}
    )
    SELECT * FROM me
    UNION {_block(_SHARED)}
    UNION {_block("x.grid_id = (SELECT grid_id FROM me)")}
"""
_PARTIES: Final = f"""
    SELECT p.dispute_id, p.person_id, p.role FROM known_parties AS p
    WHERE p.dispute_id IN :disputes AND p.role IN ('applicant', 'respondent') AND {known_sql("p")}
"""


@dataclass(frozen=True)
class Record:
    """What is compared of a dispute.

    Attributes
    ----------
    dispute_id, source, kind, grid_id, text, amount_cny
        As known then; the text prepared, empty where nothing is left of it.
    first_recorded
        µs: when the first version was recorded.
    applicants, respondents
        The parties known then.
    """

    dispute_id: str
    source: str
    kind: str
    grid_id: str
    text: str
    amount_cny: float | None
    first_recorded: int
    applicants: frozenset[str] = frozenset()
    respondents: frozenset[str] = frozenset()


def candidates(conn: sa.Connection, dispute_id: str, as_of: int) -> tuple[Record, list[Record]] | None:
    """A dispute and those that it might be, as known at `as_of` (µs); two statements.

    Returns
    -------
    tuple or None
        The dispute's record and at most 2 × `MOST` others, by id; None if the dispute wasn't there then.
    """
    rows = conn.execute(sa.text(_DISPUTES), {"dispute": dispute_id, "as_of": as_of}).all()
    if not any(row.dispute_id == dispute_id for row in rows):
        return None
    query = sa.text(_PARTIES).bindparams(sa.bindparam("disputes", expanding=True))
    named: dict[tuple[str, str], set[str]] = {}
    for party in conn.execute(query, {"disputes": [row.dispute_id for row in rows], "as_of": as_of}):
        named.setdefault((party.dispute_id, party.role), set()).add(party.person_id)
    records = {
        row.dispute_id: Record(
            row.dispute_id,
            row.source,
            row.kind,
            row.grid_id,
            row.text or "",
            row.amount_cny,
            int(row.first_recorded),
            frozenset(named.get((row.dispute_id, "applicant"), ())),
            frozenset(named.get((row.dispute_id, "respondent"), ())),
        )
        for row in rows
    }
    own = records.pop(dispute_id)
    return own, [records[name] for name in sorted(records)]


def nearest(times: list[int]) -> Iterator[tuple[int, int]]:
    """Positions of each of ascending `times` with those before it that are near, at most `MOST` of them."""
    low = 0
    for place, moment in enumerate(times):
        while times[low] <= moment - NEAR:
            low += 1
        for earlier in range(max(low, place - MOST), place):
            yield place, earlier
