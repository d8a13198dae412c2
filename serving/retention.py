"""What is taken away when it is old enough: webhooks that were delivered, what repeats are answered by,
entries of the registry that were left long ago, and from the queue cases of which nothing is heard any more.

It runs in each worker process; a turn in the store sees to it that one of them does it, once an hour.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
import structlog

from docket.outbox.pruning import prune
from docket.store import turns
from docket.times import DAY, HOUR, now_micros
from serving.logs import log_failure
from serving.queue.board import put_aside
from serving.registry import retaining as entries
from serving.repeats import repository as requests
from serving.state import State

_log = structlog.get_logger("anlan.retention")
TURN: Final = "pruned_at"
_EVERY: Final = HOUR
_LOOK: Final = 600.0
"""Seconds between two looks whether it is time."""
_BATCH: Final = 500
"""Rows of a kind in one transaction: on SQLite whoever takes a case in waits for it."""
_BREATH: Final = 0.5


class Retention:
    """Takes away what is older than the settings say."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._mine = False

    def round(self) -> float:
        """Take a batch away, if it is this process's turn; in how many seconds to look again."""
        try:
            return self._round()
        except sa.exc.SQLAlchemyError as error:
            log_failure(_log, "retention_without_store", error)
            self._mine = False
            return _LOOK

    def _round(self) -> float:
        store, settings, now = self._state.store, self._state.settings, now_micros()
        if not self._mine:
            with store.snapshot() as conn:
                if not turns.is_due(conn, TURN, every=_EVERY, now=now):
                    return _LOOK
            with store.begin() as conn:
                self._mine = turns.take(conn, TURN, every=_EVERY, now=now)
            if not self._mine:
                return _LOOK
        with store.begin() as conn:
            told = prune(conn, before=now - settings.webhook_days * DAY, most=_BATCH)
        with store.begin() as conn:
            asked = requests.prune(conn, before=now - settings.repeat_days * DAY, most=_BATCH)
        left = entries.retire(store, days=settings.registry_days, now=now, most=_BATCH)
        quiet = put_aside(store, now=now, most=_BATCH)
        if told or asked or left or quiet:
            _log.info("pruned", deliveries=told, requests=asked, entries=left, quiet=quiet)
        self._mine = _BATCH in (told, asked, left)
        return _BREATH if self._mine else _LOOK
