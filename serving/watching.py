"""What is measured of the store again and again, whether or not anybody calls."""

from __future__ import annotations

import math
from typing import Final

import sqlalchemy as sa

from docket.outbox import queue
from docket.store.metadata import AUDIT_LOG
from docket.times import SECOND, now_micros
from serving.state import State
from serving.urgings import repository as urgings

EVERY: Final = 15.0
"""Seconds between two looks: as often as Prometheus usually asks."""


class Watch:
    """Looks whether the store answers, when it was last backed up, and what is due and not sent."""

    def __init__(self, state: State) -> None:
        self._store, self._metrics = state.store, state.metrics

    def look(self) -> float:
        """Look once; in how many seconds to look again."""
        backups = sa.select(sa.func.max(AUDIT_LOG.c.at)).where(
            AUDIT_LOG.c.subject == "backup", AUDIT_LOG.c.action == "export"
        )
        now = now_micros()
        try:
            with self._store.snapshot() as conn:
                last = conn.execute(backups).scalar()
                backlog = queue.backlog(conn, now)
                urged = urgings.oldest(conn, now)
        except sa.exc.SQLAlchemyError:
            self._metrics.store_up.set(0)
            self._metrics.backup_age.set(math.nan)
            return EVERY
        self._metrics.store_up.set(1)
        self._metrics.backup_age.set(math.inf if last is None else (now - int(last)) / SECOND)
        self._metrics.urging_late.set(0.0 if urged is None else (now - urged) / SECOND)
        oldest = 0.0 if backlog.oldest is None else (now - backlog.oldest) / SECOND
        self._metrics.webhook_oldest.set(oldest)
        self._metrics.webhook_waiting.set(backlog.waiting)
        self._metrics.webhook_dead_letters.set(backlog.dead)
        return EVERY
