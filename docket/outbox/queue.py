"""Taking rows out of the outbox: one of several senders has a row at a time, and for a while only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from docket import audit
from docket.store.metadata import OUTBOX, WEBHOOKS

HOLDS: Final = 5
"""Tries after which a row holds back the case's later ones no more: they may be what matters."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this sender has until its lease ends."""

    seq: int
    lease: str
    delivery_id: str
    endpoint_id: str
    url: str
    event: str
    case: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Dead:
    """A row that was given up."""

    delivery_id: str
    endpoint_id: str
    event: str
    case: str
    attempts: int
    last_error: str
    ended_at: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the outbox fares: what is due and untold, since when the oldest (µs), and what was given up."""

    waiting: int
    oldest: int | None
    dead: int


_ENDPOINT: Final = OUTBOX.join(WEBHOOKS, WEBHOOKS.c.endpoint_id == OUTBOX.c.endpoint_id)
_THERE: Final = WEBHOOKS.c.removed_at.is_(None)
_ACTIVE: Final = WEBHOOKS.c.paused_at.is_(None) & _THERE


def _free(now: int) -> sa.ColumnElement[bool]:
    return (
        (OUTBOX.c.state == "pending")
        & (OUTBOX.c.next_at <= now)
        & (OUTBOX.c.leased_until.is_(None) | (OUTBOX.c.leased_until <= now))
    )


def due_endpoints(conn: sa.Connection, now: int) -> list[str]:
    """The endpoints that something can be sent to now; reads only."""
    query = sa.select(OUTBOX.c.endpoint_id).select_from(_ENDPOINT).where(_free(now), _ACTIVE).distinct()
    return list(conn.execute(query.order_by(OUTBOX.c.endpoint_id)).scalars())


def claim(conn: sa.Connection, endpoint_id: str, *, now: int, lease: int) -> Claimed | None:
    """Take the endpoint's next row for `lease` microseconds; None if there is none that is free.

    A case's rows go in their order: one waits while an earlier one is on its way or to be tried again, up to
    `HOLDS` tries of that one. Whoever dies with a row loses it when the lease ends.
    """
    earlier = OUTBOX.alias("earlier")
    held = sa.exists().where(
        earlier.c.endpoint_id == OUTBOX.c.endpoint_id,
        earlier.c.case_id == OUTBOX.c.case_id,
        earlier.c.state == "pending",
        earlier.c.attempts <= HOLDS,
        sa.tuple_(earlier.c.due_at, earlier.c.seq) < sa.tuple_(OUTBOX.c.due_at, OUTBOX.c.seq),
    )
    query = (
        sa.select(OUTBOX, WEBHOOKS.c.url)
        .select_from(_ENDPOINT)
        .where(OUTBOX.c.endpoint_id == endpoint_id, _free(now), _ACTIVE, ~held)
        .order_by(OUTBOX.c.due_at, OUTBOX.c.seq)
        .limit(1)
        # Another sender's row is passed over; SQLite has one writer, and no such clause.
        .with_for_update(of=OUTBOX, skip_locked=True)
    )
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    token = secrets.token_hex(8)
    attempts = row["attempts"] + 1  # counted before, so that a row that kills senders is given up too
    taken = sa.update(OUTBOX).where(OUTBOX.c.seq == row["seq"])
    conn.execute(taken.values(lease=token, leased_until=now + lease, attempts=attempts))
    return Claimed(
        seq=row["seq"],
        lease=token,
        delivery_id=row["delivery_id"],
        endpoint_id=row["endpoint_id"],
        url=row["url"],
        event=row["event"],
        case=row["case_id"],
        body=row["body"],
        attempts=attempts,
    )


def ahead(conn: sa.Connection, *, now: int, lease: int) -> None:
    """Let go what a clock that was ahead has put off: rows put later than now, leases that are too long."""
    pending = sa.update(OUTBOX).where(OUTBOX.c.state == "pending")
    untold = (OUTBOX.c.created_at > now) & (OUTBOX.c.next_at > now) & (OUTBOX.c.event != "deadline")
    # `due_at` too, or a deadline of the case that lies before that moment would hold them back.
    conn.execute(pending.where(untold).values(next_at=now, due_at=now))
    conn.execute(pending.where(OUTBOX.c.leased_until > now + lease).values(leased_until=now))


def delivered(conn: sa.Connection, row: Claimed, now: int) -> bool:
    """Note that the receiver has it, and log who was told; False if the row was no longer this sender's."""
    settled = _settle(conn, row, state="delivered", ended_at=now, last_error=None)
    audit.record(
        conn, "notify", case=row.case, subject=row.endpoint_id,
        detail={"delivery": row.delivery_id, "event": row.event},
    )  # fmt: skip
    return settled


def failed(conn: sa.Connection, row: Claimed, error: str, *, next_at: int) -> bool:
    """Note a try that failed, and when the next is due; False if the lease had ended."""
    return _settle(conn, row, next_at=next_at, last_error=error)


def given_up(conn: sa.Connection, row: Claimed, error: str, now: int) -> bool:
    """Try no more until somebody asks for it; False if the lease had ended."""
    return _settle(conn, row, state="dead", ended_at=now, last_error=error)


def dead(conn: sa.Connection) -> list[Dead]:
    """What was given up, the latest last."""
    query = sa.select(OUTBOX).select_from(_ENDPOINT).where(OUTBOX.c.state == "dead", _THERE)
    query = query.order_by(OUTBOX.c.ended_at, OUTBOX.c.seq)
    return [
        Dead(
            delivery_id=row["delivery_id"],
            endpoint_id=row["endpoint_id"],
            event=row["event"],
            case=row["case_id"],
            attempts=row["attempts"],
            last_error=row["last_error"],
            ended_at=row["ended_at"],
        )
        for row in conn.execute(query).mappings()
    ]


def retry(conn: sa.Connection, now: int, delivery_id: str | None = None) -> int:
    """Let a row that was given up, or all of them, be tried anew; how many."""
    there = sa.select(WEBHOOKS.c.endpoint_id).where(_THERE)
    given = sa.update(OUTBOX).where(OUTBOX.c.state == "dead", OUTBOX.c.endpoint_id.in_(there))
    if delivery_id is not None:
        given = given.where(OUTBOX.c.delivery_id == delivery_id)
    return conn.execute(given.values(state="pending", attempts=0, next_at=now, ended_at=None)).rowcount


def backlog(conn: sa.Connection, now: int) -> Backlog:
    """What waits for endpoints that aren't paused, and what was given up."""
    waits = sa.select(sa.func.count(), sa.func.min(OUTBOX.c.due_at)).select_from(_ENDPOINT)
    count, oldest = conn.execute(
        waits.where(OUTBOX.c.state == "pending", OUTBOX.c.due_at <= now, _ACTIVE)
    ).one()
    given_up = sa.select(sa.func.count()).select_from(_ENDPOINT).where(OUTBOX.c.state == "dead", _THERE)
    lost = conn.execute(given_up)
    return Backlog(int(count), None if oldest is None else int(oldest), int(lost.scalar_one()))


def _settle(conn: sa.Connection, row: Claimed, **values: object) -> bool:
    # Only while the row is still this sender's: if its lease has ended, another may have it by now.
    mine = sa.update(OUTBOX).where(
        OUTBOX.c.seq == row.seq, OUTBOX.c.lease == row.lease, OUTBOX.c.state == "pending"
    )
    return conn.execute(mine.values(lease=None, leased_until=None, **values)).rowcount == 1
