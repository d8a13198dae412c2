"""The scheduler: sends the steps that are due. It runs in each worker process.

A case's steps are sent in a transaction of their own, under the case's turn: of two schedulers that come to
it at once the second finds them sent, and what a killed one had not committed is due still.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
import structlog

from docket import urging
from docket.store import turns
from docket.store.clock import database_now
from docket.times import HOUR
from docket.tracing import span
from serving.logs import log_failure
from serving.state import State
from serving.urgings import following, repository

_log = structlog.get_logger("anlan.urgings")
EVERY: Final = 5.0
"""Seconds between two looks: how late a step may be."""
_BATCH: Final = 200
SWEEP: Final = "urgings_swept_at"


class Scheduler:
    """Sends urgings.

    Parameters
    ----------
    clock
        What the time is; the database's, so that all workers go by one.
    """

    def __init__(self, state: State, clock: Callable[[sa.Connection], int] = database_now) -> None:
        self._state, self._clock = state, clock
        self.stopping = False
        """Whether to begin no further case."""

    def round(self) -> float:
        """Send what is due; in how many seconds to look again."""
        try:
            self._sweep()
            self._send()
        except sa.exc.SQLAlchemyError as error:
            log_failure(_log, "urging_without_store", error)
        return EVERY

    def _send(self) -> None:
        store, after = self._state.store, (0, "")
        while not self.stopping:
            with store.snapshot() as conn:
                found = urging.due_cases(conn, self._clock(conn), after=after, most=_BATCH)
            for _, name in found:
                if self.stopping:
                    return
                self._case(name)
            if len(found) < _BATCH:
                return
            after = found[-1]

    def _case(self, dispute_id: str) -> None:
        state = self._state
        try:
            with span("urging", begins=True), state.store.begin() as conn:
                sent = following.send(conn, state.settings.ladder, dispute_id, now=self._clock(conn))
        except sa.exc.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - one case that can't be told of is not the others
            log_failure(_log, "urging_failed", error)
            return
        for step in sent:
            state.metrics.urgings.labels(step).inc()

    def _sweep(self) -> None:
        """Once an hour, by one of all: look at cases whose records came by another way than the service's."""
        store = self._state.store
        with store.snapshot() as conn:
            now = self._clock(conn)
            if not turns.is_due(conn, SWEEP, every=HOUR, now=now):
                return
            # Workers' clocks may be behind the database's.
            stored = (turns.last(conn, SWEEP) or 0) - HOUR
            names = repository.unfollowed(conn, since=now - following.OLDEST, stored_since=stored)
        with store.begin() as conn:
            if not turns.take(conn, SWEEP, every=HOUR, now=now):
                return
        for name in names:
            if self.stopping:
                return
            with store.begin() as conn:
                following.follow_case(conn, self._state.settings.ladder, name, now=self._clock(conn))
