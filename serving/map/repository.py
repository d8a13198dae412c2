"""Queries of the map; the only place in this domain that has any."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from docket.asof import known_sql

UNSCORED: Final = "unscored"
_COUNTED: Final = f"""
SELECT d.grid_id, d.kind, COALESCE(b.colour, '{UNSCORED}') AS colour, COUNT(*) AS cases
FROM known_disputes AS d
LEFT JOIN case_board AS b ON b.dispute_id = d.dispute_id
WHERE d.opened_at >= :since AND d.opened_at < :until AND {known_sql("d")}
GROUP BY d.grid_id, d.kind, COALESCE(b.colour, '{UNSCORED}')
ORDER BY d.grid_id, d.kind, COALESCE(b.colour, '{UNSCORED}')
"""
_GRIDS: Final = """
SELECT grid_id, grid_name, community_id, community_name, street_id, street_name,
       lon, lat, population, boundary
FROM known_grids ORDER BY street_id, community_id, grid_id
"""


def counts(conn: sa.Connection, since: int, until: int, as_of: int) -> list[tuple[str, str, str, int]]:
    """Disputes opened in a time by grid, kind and colour as it stands; what was merged counts once."""
    found = conn.execute(sa.text(_COUNTED), {"since": since, "until": until, "as_of": as_of})
    return [(row[0], row[1], row[2], int(row[3])) for row in found]


def first_opened(conn: sa.Connection) -> int | None:
    """When the first dispute was opened (µs)."""
    found = conn.execute(sa.text("SELECT MIN(opened_at) FROM known_disputes")).scalar()
    return None if found is None else int(found)


def grids(conn: sa.Connection) -> list[dict[str, Any]]:
    """All grids as they are known now, in the order of their areas."""
    return [dict(row) for row in conn.execute(sa.text(_GRIDS)).mappings()]
