"""Queries about the log; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from docket.keys import Area
from docket.store.metadata import AUDIT_LOG, RECORDS


def entries(
    conn: sa.Connection,
    *,
    after: int,
    limit: int,
    area: Area | None,
    same: Mapping[str, str],
    since: int | None,
    until: int | None,
) -> list[dict[str, Any]]:
    """Rows in order.

    Parameters
    ----------
    after
        Those with a later number.
    area
        Those about cases of this area; None: all.
    same
        Columns and the values they must have.
    since, until
        µs: from, and before.
    """
    query = sa.select(AUDIT_LOG).where(AUDIT_LOG.c.seq > after)
    query = query.where(*(AUDIT_LOG.c[name] == value for name, value in same.items()))
    if since is not None:
        query = query.where(AUDIT_LOG.c.at >= since)
    if until is not None:
        query = query.where(AUDIT_LOG.c.at < until)
    if area is not None:
        query = query.where(AUDIT_LOG.c.case_id.in_(_cases_of(area)))
    found = conn.execute(query.order_by(AUDIT_LOG.c.seq).limit(limit)).mappings()
    return [dict(row) for row in found]


def _cases_of(area: Area) -> sa.Select[Any]:
    """Disputes that are, in their latest version, of an area; a merged one where it last was."""
    disputes, grids = RECORDS["disputes"], RECORDS["grids"]
    later = disputes.alias()
    latest = ~sa.exists().where(
        later.c.dispute_id == disputes.c.dispute_id, later.c.recorded_at > disputes.c.recorded_at
    )
    inside = sa.select(grids.c.grid_id).where(grids.c[area.column] == area.id, grids.c.replaced_at.is_(None))
    return sa.select(disputes.c.dispute_id).where(latest, disputes.c.grid_id.in_(inside))
