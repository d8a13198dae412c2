"""Queries about slips; the steps themselves are `docket.slips`'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket.keys import Area
from docket.slips import steps_of
from docket.store.desk import SLIPS
from docket.times import rfc3339
from serving.listing.areas import within_areas

# A merged or withdrawn case is where it last was: its slips are still to be brought to an end.
_LISTED: Final = """
SELECT s.slip_id, s.dispute_id, s.colour, s.unit, s.state, s.changed_at, d.kind, g.grid_name, g.community_name
FROM slips AS s
JOIN disputes AS d ON d.dispute_id = s.dispute_id AND d.recorded_at = (
    SELECT MAX(x.recorded_at) FROM disputes AS x WHERE x.dispute_id = s.dispute_id
)
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE (s.changed_at, s.slip_id) > (:at, :after){more}
ORDER BY s.changed_at, s.slip_id
LIMIT :limit
"""


def slip(conn: sa.Connection, slip_id: str) -> dict[str, Any] | None:
    """A slip with its steps, as answered."""
    return next(iter(_told(conn, SLIPS.c.slip_id == slip_id)), None)


def of_case(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """The slips of a case, the first first."""
    found = _told(conn, SLIPS.c.dispute_id == dispute_id)
    return sorted(found, key=lambda told: str(told["steps"][0]["at"]))


def slips(
    conn: sa.Connection,
    *,
    areas: Sequence[Area],
    states: Sequence[str],
    colour: str | None,
    place: tuple[int, str],
    limit: int,
) -> list[dict[str, Any]]:
    """Slips by when they changed last, those that have waited longest first.

    Parameters
    ----------
    place
        After which: `changed_at` (µs) and id.
    """
    more, within = within_areas(areas)
    more += " AND s.state IN :states"
    page = {"at": place[0], "after": place[1], "limit": limit}
    values: dict[str, Any] = {**page, **within, "states": list(states)}
    if colour is not None:
        more += " AND s.colour = :colour"
        values["colour"] = colour
    query = sa.text(_LISTED.format(more=more)).bindparams(sa.bindparam("states", expanding=True))
    return [dict(row) for row in conn.execute(query, values).mappings()]


def _told(conn: sa.Connection, which: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = conn.execute(sa.select(SLIPS).where(which)).mappings().all()
    steps = steps_of(conn, [row["slip_id"] for row in rows])
    return [
        {
            **{name: row[name] for name in ("slip_id", "dispute_id", "colour", "unit", "state")},
            "steps": [
                {**{name: step[name] for name in ("state", "by", "note")}, "at": rfc3339(step["at"])}
                for step in steps[row["slip_id"]]
            ],
        }
        for row in rows
    ]
