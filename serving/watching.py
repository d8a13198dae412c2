"""What is measured of the store again and again, whether or not anybody calls."""

from __future__ import annotations

import math
from typing import Final

import sqlalchemy as sa

from docket.store.metadata import AUDIT_LOG
from docket.times import SECOND, now_micros
from serving.state import State

EVERY: Final = 15.0
"""Seconds between two looks: as often as Prometheus usually asks."""


class Watch:
    """Looks whether the store answers, and when it was last backed up."""

    def __init__(self, state: State) -> None:
        self._store, self._metrics = state.store, state.metrics

    def look(self) -> float:
        """Look once; in how many seconds to look again."""
        backups = sa.select(sa.func.max(AUDIT_LOG.c.at)).where(
            AUDIT_LOG.c.subject == "backup", AUDIT_LOG.c.action == "export"
        )
        try:
            with self._store.snapshot() as conn:
                last = conn.execute(backups).scalar()
        except sa.exc.SQLAlchemyError:
            self._metrics.store_up.set(0)
            self._metrics.backup_age.set(math.nan)
            return EVERY
        self._metrics.store_up.set(1)
        self._metrics.backup_age.set(math.inf if last is None else (now_micros() - int(last)) / SECOND)
        return EVERY
