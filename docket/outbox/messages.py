"""Putting messages into the outbox and taking them back, in the transaction of what they tell of."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.outbox.endpoints import Event, Told
from docket.store.inserting import inserting
from docket.store.locking import take_turns
from docket.store.metadata import OUTBOX

_ID_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Message:
    """What is told.

    Attributes
    ----------
    event
        Its kind.
    case
        Whose.
    about
        Which: an endpoint is told of it once, however often it is put.
    body
        JSON types: ids, codes, versions, times. Never a narrative, an identity or a risk.
    due_at
        Not before this moment (µs).
    """

    event: Event
    case: str
    about: str
    body: Mapping[str, Any]
    due_at: int


def put(conn: sa.Connection, messages: Sequence[Message], *, grid_id: str, now: int) -> None:
    """Put messages about a case of that grid into the outbox, once for each endpoint that is told of it."""
    put_all(conn, [(message, grid_id) for message in messages], now=now)


def put_all(conn: sa.Connection, messages: Sequence[tuple[Message, str]], *, now: int) -> None:
    """`put` messages about several cases, each with the grid of its case."""
    told = Told(conn)
    rows = [
        {
            "delivery_id": f"wd-{secrets.token_hex(_ID_BYTES)}",
            "endpoint_id": endpoint.endpoint_id,
            "event": message.event,
            "case_id": message.case,
            "about": message.about,
            "body": json.dumps(dict(message.body), ensure_ascii=False, separators=(",", ":")),
            "due_at": message.due_at,
            "next_at": message.due_at,
            "state": "pending",
            "attempts": 0,
            "created_at": now,
        }
        for message, grid_id in messages
        for endpoint in told.of(message.event, grid_id)
    ]
    take_turns(conn, [_turn(message.case) for message, _ in messages])
    if rows:
        keys = [OUTBOX.c.endpoint_id, OUTBOX.c.about]
        conn.execute(inserting(conn, OUTBOX).on_conflict_do_nothing(index_elements=keys), rows)


def withdraw(conn: sa.Connection, case: str, about: Iterable[str], now: int) -> None:
    """Take back the deadlines that still wait to be told about a case and start with one of `about`."""
    starts = [OUTBOX.c.about.startswith(start, autoescape=True) for start in about]
    if not starts:
        return
    take_turns(conn, [_turn(case)])
    waiting = sa.update(OUTBOX).where(
        OUTBOX.c.case_id == case,
        OUTBOX.c.state == "pending",
        OUTBOX.c.event == "deadline",
        sa.or_(*starts),
    )
    conn.execute(waiting.values(state="withdrawn", ended_at=now))


def _turn(case: str) -> str:
    """Of writing about a case: two that lock its rows in another order would deadlock."""
    return f"outbox {case}"
