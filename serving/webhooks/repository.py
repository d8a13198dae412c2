"""Queries about what webhooks tell of; the outbox has its own in `docket.outbox`."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from docket.store.metadata import ASSESSMENTS


@dataclass(frozen=True)
class Before:
    """The latest assessment until now."""

    as_of: int
    colour: str


def latest_colour(conn: sa.Connection, dispute_id: str) -> Before | None:
    """The latest assessment's colour."""
    query = (
        sa.select(ASSESSMENTS.c.as_of, ASSESSMENTS.c.colour)
        .where(ASSESSMENTS.c.dispute_id == dispute_id)
        .order_by(ASSESSMENTS.c.as_of.desc(), ASSESSMENTS.c.created_at.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else Before(int(row[0]), str(row[1]))
