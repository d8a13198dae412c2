"""The background sender: each worker process of the service has one, and rows go to whichever claims them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
import structlog

from docket.outbox import queue
from docket.outbox.endpoints import pause, secret_of
from docket.outbox.queue import Claimed
from docket.times import SECOND, now_micros
from docket.tracing import span
from serving.logs import log_failure
from serving.metrics import Metrics
from serving.settings import Settings
from serving.state import State
from serving.webhooks.sending import Post, Refusal
from serving.webhooks.signing import signed

_log = structlog.get_logger("anlan.webhooks")

POLL: Final = 1.0
"""Seconds between looks for what is due."""
_AT_ONCE: Final = 8
"""Endpoints that are sent to at the same time; one that is slow holds up itself alone."""
_IN_A_ROW: Final = 100
FIRST: Final = 5 * SECOND
LONGEST: Final = 4 * 3_600 * SECOND


def pause_after(attempts: int, draw: float) -> int:
    """Microseconds until the next try: full jitter under a doubling ceiling.

    Parameters
    ----------
    attempts
        Tries so far, one or more.
    draw
        Uniform in [0, 1).

    References
    ----------
    M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
    """
    return int(draw * min(LONGEST, FIRST * 2 ** min(attempts - 1, 32)))


class Sender:
    """Delivers what the outbox holds.

    Parameters
    ----------
    state
        Of the application: store, settings, metrics.
    """

    def __init__(self, state: State) -> None:
        self._store, self._settings = state.store, state.settings
        self._metrics: Metrics = state.metrics
        self._post = poster(state.settings)
        # Longer than a try can take; what is left is for a slow store.
        self._lease = int((2 * state.settings.webhook_seconds + 60) * SECOND)
        self._stop = threading.Event()
        self._offset: int | None = None
        # Until when (monotonic) an endpoint asked to be left alone.
        self._asked: dict[str, float] = {}

    def run(self) -> None:
        """Deliver until `stop`."""
        busy: set[str] = set()
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook") as pool:
            while not self._stop.is_set():
                try:
                    if self._set_back():
                        with self._store.begin() as conn:
                            queue.ahead(conn, now=now_micros(), lease=self._lease)
                    for endpoint_id in self.due():
                        if endpoint_id not in busy:
                            busy.add(endpoint_id)
                            done = pool.submit(self.drain, endpoint_id)
                            done.add_done_callback(lambda _, one=endpoint_id: busy.discard(one))  # type: ignore[misc]
                except Exception as error:  # noqa: BLE001 - the store may be back at the next look
                    log_failure(_log, "outbox_unread", error)
                self._stop.wait(POLL)

    def _set_back(self) -> bool:
        """Whether the clock was set back since the last look; at the first it may have been before."""
        offset = now_micros() - time.monotonic_ns() // 1_000
        before, self._offset = self._offset, offset
        return before is None or offset < before - SECOND

    def stop(self) -> None:
        """Finish the tries that are under way and begin none."""
        self._stop.set()

    def drain(self, endpoint_id: str) -> int:
        """Send an endpoint what is due, until nothing is or a try fails; how many tries.

        After a good many the next look goes on, so that others get their turn.
        """
        try:
            for tries in range(_IN_A_ROW):
                if self._stop.is_set():
                    return tries
                with self._store.begin() as conn:
                    row = queue.claim(conn, endpoint_id, now=now_micros(), lease=self._lease)
                if row is None:
                    return tries
                if not self._deliver(row):
                    return tries + 1  # it is left alone until the next look
        except Exception as error:  # noqa: BLE001 - the row is taken up again when its lease ends
            log_failure(_log, "webhook_not_sent", error)
        return _IN_A_ROW

    def due(self) -> list[str]:
        """The endpoints that something can be sent to now, but for those that asked for time."""
        now = now_micros()
        with self._store.snapshot() as conn:
            found = queue.due_endpoints(conn, now)
        return [one for one in found if self._asked.get(one, 0.0) <= time.monotonic()]

    def _deliver(self, row: Claimed) -> bool:
        # Past its tries by senders that died with it: it isn't given to a further one.
        refusal = Refusal("lost") if row.attempts > self._settings.webhook_tries else self._try(row)
        now = now_micros()
        with self._store.begin() as conn:
            if refusal is None:
                result = "delivered"
                queue.delivered(conn, row, now)
            else:
                result = self._refused(conn, row, refusal, now)
        self._metrics.webhooks.labels(row.event, result).inc()
        if refusal is not None:
            _log.warning(
                f"webhook_{result}", delivery=row.delivery_id, endpoint=row.endpoint_id,
                error=refusal.reason, tries=row.attempts,
            )  # fmt: skip
        return refusal is None

    def _refused(self, conn: sa.Connection, row: Claimed, refusal: Refusal, now: int) -> str:
        """Settle a row that wasn't taken; what is counted."""
        if refusal.gone:
            # It is asked no more; but what it is to be told is kept, since that may be a mistake over there.
            queue.failed(conn, row, refusal.reason, next_at=now)
            pause(conn, row.endpoint_id, now, gone=True)
            return "failed"
        if row.attempts >= self._settings.webhook_tries:
            queue.given_up(conn, row, refusal.reason, now)
            return "dead"
        wait = pause_after(row.attempts, random.random())
        if refusal.after is not None:
            asked = min(int(refusal.after * SECOND), LONGEST)
            self._asked[row.endpoint_id] = time.monotonic() + asked / SECOND
            wait = max(wait, asked)
        queue.failed(conn, row, refusal.reason, next_at=now + wait)
        return "failed"

    def _try(self, row: Claimed) -> Refusal | None:
        with span("webhook", begins=True, event=row.event, tries=row.attempts) as told:
            refusal = self._sent(row)
            told.tell(error="" if refusal is None else refusal.reason)
        return refusal

    def _sent(self, row: Claimed) -> Refusal | None:
        with self._store.snapshot() as conn:
            secret = secret_of(conn, row.endpoint_id)
        body = row.body.encode()
        headers = signed(secret, row.delivery_id, now_micros() // SECOND, body)
        return self._post(row.url, headers, body)


def poster(settings: Settings) -> Post:
    """What sends, as the settings allow."""
    return Post(
        http=settings.webhook_http, networks=settings.webhook_networks, seconds=settings.webhook_seconds
    )


@contextmanager
def sending(state: State) -> Iterator[None]:
    """Deliver in a thread of its own for as long as the service runs."""
    sender = Sender(state)
    thread = threading.Thread(target=sender.run, name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        sender.stop()
        thread.join()
