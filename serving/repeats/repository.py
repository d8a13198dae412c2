"""Queries about what was asked for before; the only place in this domain that has any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from docket.store.metadata import INTAKES, REQUESTS


@dataclass(frozen=True)
class Noted:
    """A request that was taken.

    Attributes
    ----------
    request_no
        Its number.
    target, body_digest
        What was asked for.
    work
        Which cases are to be assessed as of when, and what else is answered (`serving.repeats.service`).
    assessment_id, answer
        What was answered: an assessment, or a text of its own; both None until then.
    finished
        Whether it was answered.
    """

    request_no: int
    target: str
    body_digest: str
    work: Mapping[str, Any]
    assessment_id: str | None
    answer: str | None
    finished: bool


def by_key(conn: sa.Connection, caller: str, idempotency_key: str) -> Noted | None:
    """The request for which the caller used the key."""
    return _one(conn, REQUESTS.c.caller == caller, REQUESTS.c.idempotency_key == idempotency_key)


def of_body(conn: sa.Connection, target: str, body_digest: str) -> Noted | None:
    """The latest request for the same, by whomever."""
    return _one(conn, REQUESTS.c.target == target, REQUESTS.c.body_digest == body_digest)


def by_number(conn: sa.Connection, request_no: int) -> Noted:
    """A request that is there."""
    found = _one(conn, REQUESTS.c.request_no == request_no)
    if found is None:
        raise LookupError("the request was never noted")
    return found


def _one(conn: sa.Connection, *conditions: sa.ColumnElement[bool]) -> Noted | None:
    query = sa.select(REQUESTS).where(*conditions).order_by(REQUESTS.c.request_no.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    return Noted(
        request_no=row["request_no"],
        target=row["target"],
        body_digest=row["body_digest"],
        work=json.loads(row["work"]),
        assessment_id=row["assessment_id"],
        answer=row["answer"],
        finished=row["finished_at"] is not None,
    )


def add(
    conn: sa.Connection,
    *,
    caller: str,
    idempotency_key: str | None,
    target: str,
    body_digest: str,
    work: Mapping[str, Any],
    now: int,
    like: Noted | None = None,
) -> Noted:
    """Note a request; one that is answered as another was if `like` is given."""
    made = conn.execute(
        sa.insert(REQUESTS)
        .values(
            caller=caller,
            idempotency_key=idempotency_key,
            target=target,
            body_digest=body_digest,
            noted_at=now,
            work=json.dumps(work, ensure_ascii=False),
            assessment_id=None if like is None else like.assessment_id,
            answer=None if like is None else like.answer,
            finished_at=now if like is not None and like.finished else None,
        )
        .returning(REQUESTS.c.request_no)
    )
    return by_number(conn, int(made.scalar_one()))


def finish(
    conn: sa.Connection, request_no: int, assessment_id: str | None, answer: str | None, now: int
) -> Noted:
    """Make this the request's answer unless it has one; the request as it is then."""
    conn.execute(
        sa.update(REQUESTS)
        .where(REQUESTS.c.request_no == request_no, REQUESTS.c.finished_at.is_(None))
        .values(assessment_id=assessment_id, answer=answer, finished_at=now)
    )
    return by_number(conn, request_no)


def prune(conn: sa.Connection, *, before: int, most: int) -> int:
    """Forget up to `most` requests that were noted before a moment (µs); how many.

    What they stored stands under its ids all the same, so that none of them is ever taken twice.
    """
    old = sa.select(REQUESTS.c.request_no).where(REQUESTS.c.noted_at < before)
    rows = old.order_by(REQUESTS.c.request_no).limit(most).with_for_update(skip_locked=True)
    found = conn.execute(rows).scalars().all()
    conn.execute(sa.delete(REQUESTS).where(REQUESTS.c.request_no.in_(found)))
    return len(found)


def key_of_a_case(conn: sa.Connection, idempotency_key: str) -> bool:
    """Whether a case was sent in with the key."""
    query = sa.select(INTAKES.c.dispute_id).where(INTAKES.c.idempotency_key == idempotency_key)
    return conn.execute(query).first() is not None
