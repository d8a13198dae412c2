"""How people use what is recommended: whether they change it, how long they look, and how much falls to them.

It is told of all together, never by person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

import sqlalchemy as sa

from docket.store.desk import SLIP_STEPS
from docket.store.metadata import RECORDS
from docket.times import DAY, SECOND
from models.policy import COLOURS, exact_interval

QUICK: Final = 10 * SECOND

# A case that was merged or withdrawn since is where it last was.
_DECIDED: Final = """
SELECT x.recommended, x.colour, x.opened_at,
       COALESCE(
           (SELECT MIN(l.proposed_at) FROM lowerings AS l
            WHERE l.dispute_id = x.dispute_id AND l.ended_at = x.decided_at AND l.state = 'approved'),
           x.decided_at
       ) AS made_at
FROM decisions AS x
JOIN disputes AS d ON d.dispute_id = x.dispute_id AND d.recorded_at = (
    SELECT MAX(y.recorded_at) FROM disputes AS y WHERE y.dispute_id = x.dispute_id
)
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE x.decided_at >= :since AND x.decided_at < :until{more}
"""


def decided(
    conn: sa.Connection, *, since: int, until: int, more: str = "", within: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Decisions of a time: what was recommended and decided, when the card was opened, and when decided.

    Parameters
    ----------
    more, within
        A further condition on `g` (grids), beginning with ` AND`, and its values.
    """
    told: dict[str, Any] = {"since": since, "until": until, **(within or {})}
    return [dict(row) for row in conn.execute(sa.text(_DECIDED.format(more=more)), told).mappings()]


def summary(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What became of each recommended colour, red first; left out where nothing was decided."""
    return [
        {"recommended": colour, **told(mine)}
        for colour in reversed(COLOURS)
        if (mine := [row for row in rows if row["recommended"] == colour])
    ]


def told(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What became of what was recommended: of at least one decision."""
    ranks = {colour: place for place, colour in enumerate(COLOURS)}
    unchanged = sum(row["colour"] == row["recommended"] for row in rows)
    raised = sum(ranks[row["colour"]] > ranks[row["recommended"]] for row in rows)
    low, high = exact_interval(unchanged, len(rows))
    looked = [row["made_at"] - row["opened_at"] for row in rows if row["opened_at"] is not None]
    return {
        "decisions": len(rows),
        "unchanged": unchanged,
        "raised": raised,
        "lowered": len(rows) - unchanged - raised,
        "share": unchanged / len(rows),
        "low": low,
        "high": high,
        "timed": len(looked),
        "seconds": median(looked) / SECOND if looked else None,
        "quick": sum(one < QUICK for one in looked),
    }


def slips_a_day(conn: sa.Connection, since: int, until: int) -> dict[str, Any]:
    """Slips issued in a time: `slips, days, workers`, and `a_worker_a_day`, None where there is no worker."""
    s, w = SLIP_STEPS.c, RECORDS["workers"].c
    issued = sa.select(sa.func.count()).where(s.state == "issued", s.at >= since, s.at < until)
    slips = int(conn.execute(issued).scalar_one())
    present = sa.select(sa.func.count()).select_from(RECORDS["workers"]).where(w.replaced_at.is_(None))
    workers, days = int(conn.execute(present).scalar_one()), (until - since) / DAY
    return {
        "slips": slips,
        "days": days,
        "workers": workers,
        "a_worker_a_day": slips / workers / days if workers else None,
    }
