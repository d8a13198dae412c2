"""What is measured of the store again and again, whether or not anybody calls."""

from __future__ import annotations

import math
from typing import Any, Final

import sqlalchemy as sa

from docket.outbox import queue
from docket.store.metadata import AUDIT_LOG
from docket.times import SECOND, now_micros
from models.watch.kept import NAMES, latest
from serving.state import State
from serving.urgings import repository as urgings

EVERY: Final = 15.0
"""Seconds between two looks: as often as Prometheus usually asks."""


class Watch:
    """Looks whether the store answers, when it was backed up, what waits, and what `anlan watch` found."""

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
                watched = latest(conn)
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
        self._tell(watched, now)
        return EVERY

    def _tell(self, watched: tuple[int, dict[str, Any]] | None, now: int) -> None:
        """What the last `anlan watch` found."""
        if watched is None:
            self._metrics.watch_age.set(math.inf)
            return
        at, told = watched
        self._metrics.watch_age.set((now - at) / SECOND)
        for family in NAMES:
            mine = [check for check in told["checks"] if check["family"] == family and check["p"] is not None]
            count = sum(check["alarm"] for check in mine) if mine else math.nan
            self._metrics.watch_alarms.labels(family).set(count)
        for row in told["matured"]:
            ratio = math.nan if row["ratio"] is None else row["ratio"]
            self._metrics.watch_ratio.labels(row["cases"]).set(ratio)
