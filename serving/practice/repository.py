"""Queries about how people decide; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket.keys import Area
from serving.listing.areas import within_areas

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


def decisions(conn: sa.Connection, *, areas: Sequence[Area], since: int, until: int) -> list[dict[str, Any]]:
    """Decisions of a time: what was recommended and decided, when the card was opened, and when decided."""
    more, within = within_areas(areas)
    told: dict[str, Any] = {"since": since, "until": until, **within}
    return [dict(row) for row in conn.execute(sa.text(_DECIDED.format(more=more)), told).mappings()]
