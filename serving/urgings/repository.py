"""Queries about urgings; the only place in this domain that has any. Their rows are `docket.urging`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import NEVER
from docket.keys import Area
from docket.store.desk import URGINGS
from docket.store.metadata import BOARD, RECORDS
from docket.urging import STEPS
from serving.listing.areas import within_areas

_RANK: Final = (
    "CASE {0}.step " + " ".join(f"WHEN '{step}' THEN {rank}" for rank, step in enumerate(STEPS)) + " END"
)
# A merged or withdrawn case is where it last was: what was urged then stays to be seen.
_FROM: Final = """
FROM urgings AS u
JOIN disputes AS d ON d.dispute_id = u.dispute_id AND d.recorded_at = (
    SELECT MAX(x.recorded_at) FROM disputes AS x WHERE x.dispute_id = u.dispute_id
)
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE u.sent_at IS NOT NULL"""
_COLUMNS: Final = f"""
SELECT u.*, d.kind, g.grid_name, g.community_name, (
    SELECT h.level FROM urgings AS h
    WHERE h.dispute_id = u.dispute_id AND h.deadline = u.deadline AND h.deadline_at = u.deadline_at
        AND h.sent_at IS NOT NULL
    ORDER BY {_RANK.format("h")} DESC LIMIT 1
) AS reached"""
# A level hears of a deadline once: of the reminder no more when the deadline itself has come.
_LAST: Final = f"""
 AND NOT EXISTS (
    SELECT 1 FROM urgings AS l WHERE l.dispute_id = u.dispute_id AND l.deadline = u.deadline
    AND l.deadline_at = u.deadline_at AND l.level = u.level AND l.sent_at IS NOT NULL
    AND {_RANK.format("l")} > {_RANK.format("u")}
)"""


def urging(conn: sa.Connection, urging_no: int) -> dict[str, Any] | None:
    """An urging that was sent, with what is said of its case."""
    query = sa.text(f"{_COLUMNS}{_FROM} AND u.urging_no = :urging_no")
    row = conn.execute(query, {"urging_no": urging_no}).mappings().first()
    return None if row is None else dict(row)


def urgings(
    conn: sa.Connection, *, areas: Sequence[Area], level: str, ended: bool, place: tuple[int, int], limit: int
) -> list[dict[str, Any]]:
    """What was sent to a level, the latest first.

    Parameters
    ----------
    areas
        In all of them.
    ended
        Whether the deadline was met since, or counts no more.
    place
        After which: `sent_at` (µs) and number.
    """
    more, within = within_areas(areas)
    over = "IS NOT NULL" if ended else "IS NULL"
    query = sa.text(
        f"{_COLUMNS}{_FROM} AND u.level = :level AND u.ended_at {over}{_LAST}{more} "
        "AND (u.sent_at, -u.urging_no) < (:sent_at, -:urging_no) "
        "ORDER BY u.sent_at DESC, u.urging_no LIMIT :limit"
    )
    values = {"level": level, "sent_at": place[0], "urging_no": place[1], "limit": limit, **within}
    return [dict(row) for row in conn.execute(query, values).mappings()]


def counts(conn: sa.Connection, *, areas: Sequence[Area]) -> dict[str, int]:
    """How much is open at each level."""
    more, within = within_areas(areas)
    query = sa.text(
        f"SELECT u.level, COUNT(*) AS urgings{_FROM} AND u.ended_at IS NULL{_LAST}{more} GROUP BY u.level"
    )
    return {row["level"]: int(row["urgings"]) for row in conn.execute(query, within).mappings()}


def grid_of(conn: sa.Connection, worker_id: str) -> str:
    """Where a worker walks; nowhere, of one who is there no more."""
    query = sa.text("SELECT w.grid_id FROM known_workers AS w WHERE w.worker_id = :worker")
    return str(conn.execute(query, {"worker": worker_id}).scalar() or "")


def unfollowed(conn: sa.Connection, *, since: int, stored_since: int) -> list[str]:
    """Cases to look at again: a deadline without any step, or open steps and something that was stored since.

    Parameters
    ----------
    since
        µs: deadlines from then on.
    stored_since
        µs: events and visits that the store took from then on.
    """
    mine = URGINGS.c.dispute_id == BOARD.c.dispute_id
    none = sa.select(BOARD.c.dispute_id).where(
        BOARD.c.closed.is_(False), BOARD.c.due_at >= since, BOARD.c.due_at < NEVER, ~sa.exists().where(mine)
    )
    still = sa.select(URGINGS.c.dispute_id).where(
        URGINGS.c.sent_at.is_not(None), URGINGS.c.ended_at.is_(None)
    )
    events, visits, parties = (RECORDS[name].c for name in ("events", "visits", "parties"))
    told = sa.select(events.dispute_id).where(
        events.dispute_id.in_(still), events.ingested_at >= stored_since
    )
    visited = sa.select(parties.dispute_id).where(
        parties.dispute_id.in_(still),
        parties.person_id.in_(sa.select(visits.person_id).where(visits.ingested_at >= stored_since)),
    )
    return sorted(conn.execute(sa.union(none, told, visited)).scalars())


def oldest(conn: sa.Connection, now: int) -> int | None:
    """Since when the oldest step is due that wasn't sent (µs)."""
    query = sa.select(sa.func.min(URGINGS.c.due_at)).where(
        URGINGS.c.sent_at.is_(None), URGINGS.c.due_at <= now
    )
    found = conn.execute(query).scalar()
    return None if found is None else int(found)
