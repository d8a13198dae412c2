"""Taking away what nobody will ask for again."""

from __future__ import annotations

import sqlalchemy as sa

from docket.store.metadata import OUTBOX, WEBHOOKS


def prune(conn: sa.Connection, *, before: int, most: int) -> int:
    """Take away up to `most` rows that ended before a moment (µs), or whose endpoint did; how many.

    What was given up stays until somebody retries it or removes the endpoint.
    """
    gone = sa.select(WEBHOOKS.c.endpoint_id).where(WEBHOOKS.c.removed_at < before)
    ended = OUTBOX.c.state.in_(("delivered", "withdrawn")) & (OUTBOX.c.ended_at < before)
    old = sa.select(OUTBOX.c.seq).where(ended | OUTBOX.c.endpoint_id.in_(gone))
    # Whoever writes about a row at this moment is let be: nobody waits for the other.
    rows = old.order_by(OUTBOX.c.seq).limit(most).with_for_update(skip_locked=True)
    found = conn.execute(rows).scalars().all()
    conn.execute(sa.delete(OUTBOX).where(OUTBOX.c.seq.in_(found)))
    return len(found)
