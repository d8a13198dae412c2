"""Queries about cases that wait to be scored; the only place in this domain that has any.

Whoever stores something that a case has to be assessed for notes it in the same transaction; whoever keeps an
assessment settles it in that one. What a crash or a lost database leaves between the two stays noted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.caseload import open_disputes
from docket.store.asking import NAMES, among, inserting_by
from docket.store.inserting import inserting
from docket.store.metadata import ASSESSMENTS, UNSCORED
from docket.times import MINUTE

GRACE: Final = MINUTE
"""How long whoever stored something is left to score it."""
LEASE: Final = 2 * MINUTE
"""How long whoever has claimed a case is left to score it."""


@dataclass(frozen=True)
class Claim:
    """A case to be scored.

    Attributes
    ----------
    tries
        How often it has been claimed, this time too.
    degraded
        Whether what is known of it was answered by the rules: then it waits for a model only.
    """

    dispute_id: str
    tries: int
    degraded: bool


def note(conn: sa.Connection, dispute_id: str, now: int) -> None:
    """Note that a case is to be assessed for what this transaction stores of it."""
    note_all(conn, [dispute_id], now)


def note_all(conn: sa.Connection, dispute_ids: Collection[str], now: int) -> None:
    """`note` each of some cases."""
    fresh = {"due_at": now + GRACE, "tries": 0, "degraded": False}
    # Never the number of one that was settled before: who assesses for that one mustn't settle this.
    # The cases in one order everywhere, so that no two wait for each other.
    rows = [{"dispute_id": name, "since": now, "revision": now, **fresh} for name in sorted(dispute_ids)]
    conn.execute(_NOTE(conn), rows)


_NOTE: Final = inserting_by(
    UNSCORED,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["dispute_id"],
        set_={
            "due_at": insert.excluded.due_at,
            "tries": insert.excluded.tries,
            "degraded": insert.excluded.degraded,
            "revision": UNSCORED.c.revision + 1,
        },
    ),
)


def note_open(conn: sa.Connection, now: int) -> None:
    """Note the open disputes of which no assessment was ever made: they came by a load."""
    assessed = set(conn.execute(sa.select(ASSESSMENTS.c.dispute_id).distinct()).scalars())
    fresh = [name for name in open_disputes(conn, now) if name not in assessed]
    if fresh:
        shared = {"since": now, "due_at": now, "revision": 1, "tries": 0, "degraded": False}
        rows = [{"dispute_id": name, **shared} for name in fresh]
        conn.execute(inserting(conn, UNSCORED).on_conflict_do_nothing(), rows)


def revisions(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, int]:
    """What stands noted of cases in a snapshot, to be settled by what is read there; of those noted."""
    return {str(name): int(number) for name, number in conn.execute(_REVISIONS, among(dispute_ids))}


_REVISIONS: Final = sa.select(UNSCORED.c.dispute_id, UNSCORED.c.revision).where(
    UNSCORED.c.dispute_id.in_(NAMES)
)
_SCORED: Final = sa.delete(UNSCORED).where(
    UNSCORED.c.dispute_id == sa.bindparam("mine"), UNSCORED.c.revision == sa.bindparam("seen")
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A case that was assessed.

    Attributes
    ----------
    seen
        What stood noted of it in the snapshot that it was assessed from (`revisions`); None: nothing.
    degraded
        By the rules: the case waits for a model from now on.
    """

    dispute_id: str
    seen: int | None
    degraded: bool


def settle(conn: sa.Connection, scored: Sequence[Scored], *, now: int) -> None:
    """Note that cases were assessed. What was noted since stays as it is: it isn't in the assessment."""
    ordered = sorted(scored, key=lambda one: one.dispute_id)
    done = [{"mine": one.dispute_id, "seen": one.seen} for one in ordered if not one.degraded]
    done = [row for row in done if row["seen"] is not None]
    if done:
        conn.execute(_SCORED, done)
    waits = {"due_at": now, "tries": 0, "degraded": True}
    for one in ordered:
        if not one.degraded:
            continue
        made = inserting(conn, UNSCORED).values(dispute_id=one.dispute_id, since=now, revision=now, **waits)
        unmoved = UNSCORED.c.revision == one.seen
        conn.execute(made.on_conflict_do_update(index_elements=["dispute_id"], set_=waits, where=unmoved))


def is_due(conn: sa.Connection, now: int, *, model: bool) -> bool:
    """Whether there is a case to claim."""
    return conn.execute(_due(now, model=model).limit(1)).first() is not None


def claim(conn: sa.Connection, now: int, *, model: bool) -> Claim | None:
    """The case that has waited longest and is due, for nobody else until the lease is over.

    Parameters
    ----------
    model
        Whether there is one; without it, only those are claimed that not even the rules have answered.
    """
    oldest = _due(now, model=model).order_by(UNSCORED.c.since, UNSCORED.c.dispute_id).limit(1)
    row = conn.execute(oldest.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    mine = UNSCORED.c.dispute_id == row["dispute_id"]
    tries = int(row["tries"]) + 1
    conn.execute(sa.update(UNSCORED).where(mine).values(due_at=now + LEASE, tries=tries))
    return Claim(row["dispute_id"], tries, bool(row["degraded"]))


def postpone(conn: sa.Connection, dispute_id: str, until: int) -> None:
    """Let a case that can't be scored wait, so that it keeps no other from being scored."""
    conn.execute(sa.update(UNSCORED).where(UNSCORED.c.dispute_id == dispute_id).values(due_at=until))


def drop(conn: sa.Connection, dispute_id: str, seen: int | None) -> None:
    """Forget a case of which there is nothing to score: it was merged, or withdrawn."""
    conn.execute(sa.delete(UNSCORED).where(UNSCORED.c.dispute_id == dispute_id, UNSCORED.c.revision == seen))


def waiting(conn: sa.Connection, now: int) -> int:
    """How many cases are stored and not scored, but for those that are being taken in at this moment."""
    late = UNSCORED.c.degraded | (UNSCORED.c.tries > 0) | _is_due(now)
    return int(conn.execute(sa.select(sa.func.count()).select_from(UNSCORED).where(late)).scalar_one())


def _due(now: int, *, model: bool) -> sa.Select[Any]:
    query = sa.select(UNSCORED).where(_is_due(now))
    return query if model else query.where(UNSCORED.c.degraded.is_(False))


def _is_due(now: int) -> sa.ColumnElement[bool]:
    # What was noted well after now was noted by a clock that was ahead, and need not wait for that moment.
    return (UNSCORED.c.due_at <= now) | ((UNSCORED.c.since > now + GRACE) & (UNSCORED.c.tries == 0))
