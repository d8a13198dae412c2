"""Writes each report once, when its period has ended: of the district and of every street.

It runs in each worker process; a turn in the store sees to it that one of them looks, and the report's own
row that none is written twice. What was missed while nothing ran is written later, as far back as `_BACK`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
import structlog

from docket.keys import Area
from docket.store import turns
from docket.store.clock import database_now
from docket.times import HOUR, MINUTE, local_day
from serving.logs import log_failure
from serving.reports import repository, service
from serving.reports.periods import KINDS, Kind, Period
from serving.state import State

_log = structlog.get_logger("anlan.reports")
TURN: Final = "reports_written_at"
_EVERY: Final = 10 * MINUTE
_LOOK: Final = 600.0
_SETTLED: Final = 6 * HOUR
"""How long after a period's end it is written: what was recorded late in the night is in it then."""
_BACK: Final[dict[Kind, int]] = {"day": 7, "week": 4, "month": 2, "year": 1}


class Writer:
    """Writes the reports that are due."""

    def __init__(self, state: State) -> None:
        self._state = state

    def round(self) -> float:
        """Write what is due; in how many seconds to look again."""
        store = self._state.store
        try:
            with store.snapshot() as conn:
                now = database_now(conn)
                if not turns.is_due(conn, TURN, every=_EVERY, now=now):
                    return _LOOK
            with store.begin() as conn:
                if not turns.take(conn, TURN, every=_EVERY, now=now):
                    return _LOOK
            self.write(now)
        except sa.exc.SQLAlchemyError as error:
            log_failure(_log, "reports_without_store", error)
        return _LOOK

    def write(self, now: int) -> int:
        """Write what has ended by a moment (µs) and isn't written; how many."""
        store, done = self._state.store, 0
        with store.snapshot() as conn:
            areas: list[Area | None] = [None, *(Area("street", name) for name in repository.streets(conn))]
        for period in due(now):
            for area in areas:
                with store.snapshot() as conn:
                    if repository.kept(conn, period.kind, period.begin.isoformat(), area) is not None:
                        continue
                    report = {**service.made(conn, period, area, now), "written": True}
                with store.begin() as conn:
                    done += repository.keep(conn, report, area, now=now)
        if done:
            _log.info("reports_written", reports=done)
        return done


def due(now: int) -> list[Period]:
    """The periods that have ended long enough ago to be written, and not too long, the latest first."""
    today = local_day(now - _SETTLED)
    found = []
    for kind in KINDS:
        period = Period.of(kind, today).before()
        for _ in range(_BACK[kind]):
            found.append(period)
            period = period.before()
    return found
