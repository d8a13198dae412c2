"""The catch-up: cases that are stored and not scored are scored when things are back, the oldest first.

It runs in each worker process; a claim in the store sees to it that a case is scored by one of them.
"""

from __future__ import annotations

import math
from typing import Final

import sqlalchemy as sa
import structlog

from docket.store.merged import merge_of
from docket.times import HOUR, MINUTE, now_micros
from docket.tracing import span
from serving.cases import repository as cases
from serving.cases.assessing import Made, after, assessed, keep, sight
from serving.logs import log_failure
from serving.state import State
from serving.unscored import repository
from serving.unscored.repository import Claim

_log = structlog.get_logger("anlan.unscored")
_BATCH: Final = 50
"""Cases at a time; then whoever waits for the processor or the database has a turn."""
_BREATH: Final = 0.2
"""Seconds between two full batches."""
_LONGEST: Final = HOUR


class CatchUp:
    """Scores what is stored and not scored.

    Parameters
    ----------
    every
        Seconds between two looks.
    """

    def __init__(self, state: State, every: float) -> None:
        self._state, self._every = state, every
        self._out = False

    def round(self) -> float:
        """Score a batch; in how many seconds to look again."""
        try:
            done = self._batch()
            with self._state.store.snapshot() as conn:
                self._state.metrics.unscored.set(repository.waiting(conn, now_micros()))
        except sa.exc.SQLAlchemyError as error:
            if not self._out:  # said once: the database will be out for more than a round
                log_failure(_log, "catch_up_without_store", error)
            self._out = True
            self._state.metrics.unscored.set(math.nan)
            return self._every
        self._out = False
        return _BREATH if done == _BATCH else self._every

    def _batch(self) -> int:
        for done in range(_BATCH):
            current = self._state.models.current
            now = now_micros()
            with self._state.store.snapshot() as conn:
                # Looked for first, and claimed only if there is one: on SQLite a claim holds up who writes.
                if not repository.is_due(conn, now, model=current is not None):
                    return done
            with self._state.store.begin() as conn:
                claim = repository.claim(conn, now, model=current is not None)
            if claim is None:
                return done
            self._score(claim)
        return _BATCH

    def _score(self, claim: Claim) -> None:
        """Assess a case as of now: what its rows said when it came in is in it, and all that came since."""
        with span("catch up", begins=True):
            self._assess(claim)

    def _assess(self, claim: Claim) -> None:
        state, now = self._state, now_micros()
        current = state.models.current
        with state.store.snapshot() as conn:
            now = cases.present(conn, claim.dispute_id, now)
            seen = sight(conn, claim.dispute_id)
            gone = merge_of(conn, claim.dispute_id) is not None
            gone = gone or cases.dispute(conn, claim.dispute_id, now) is None
            if not gone:
                try:
                    answer, features = assessed(conn, state, current, claim.dispute_id, now)
                except Exception as error:  # noqa: BLE001 - one case that can't be scored is not the others
                    answer, features = after(error, conn, claim.dispute_id, now, "catch_up_failed"), {}
                    if claim.degraded:  # the rules have answered already
                        self._postpone(claim)
                        return
        if gone:
            with state.store.begin() as conn:
                repository.drop(conn, claim.dispute_id, seen.revision)
            return
        keep(state, [Made(answer, features, now, seen)])
        state.metrics.caught_up.inc()
        if answer["degraded"] and current is not None:
            self._postpone(claim)

    def _postpone(self, claim: Claim) -> None:
        now = now_micros()
        with self._state.store.begin() as conn:
            wait = min(MINUTE * 2 ** min(claim.tries, 10), _LONGEST)
            repository.postpone(conn, claim.dispute_id, now + wait)
