"""Where each case stands: kept up to date by whoever assesses, decides or tells what happened."""

from __future__ import annotations

import json
from typing import Final

import sqlalchemy as sa

from docket.asof import NEVER
from docket.caseload import is_open, open_disputes
from docket.store import Store
from docket.store.locking import take_turns
from docket.store.metadata import BOARD, DECISIONS
from docket.times import now_micros
from models.decisions import standing
from models.policy import COLOURS
from serving.cases import repository as cases
from serving.deadlines.service import course, unmet

URGENCY: Final[dict[str, int]] = {colour: place for place, colour in enumerate(reversed(COLOURS))}
"""The most urgent first."""


def show_on_board(conn: sa.Connection, dispute_id: str, now: int) -> list[tuple[int, str]]:
    """Bring the board up to what is known of a case: its latest assessment and decision, and what is due.

    Parameters
    ----------
    now
        µs, by the database's clock, which is one for all workers.

    Returns
    -------
    list of (int, str)
        The deadlines that aren't met: when (µs) and which, the first first.
    """
    take_turns(conn, [f"board {dispute_id}"])
    latest = cases.latest(conn, dispute_id)
    if latest is None:
        raise LookupError("a case comes on the board with its first assessment")
    query = sa.select(DECISIONS).where(DECISIONS.c.dispute_id == dispute_id)
    last = conn.execute(query.order_by(DECISIONS.c.decision_no.desc()).limit(1)).mappings().first()
    colour, decided = latest["colour"], False
    if last is not None:
        colour, decided = standing(latest["colour"], last["recommended"], last["colour"])
    place = {
        "assessment_id": latest["assessment_id"],
        "as_of": latest["as_of"],
        "recommended": latest["colour"],
        "colour": colour,
        "decided": decided,
    }
    closed, due = _due(conn, dispute_id, latest, now)
    at, kind = due[0] if due else (NEVER, None)
    order = {"urgency": URGENCY[colour], "due_at": at, "due_kind": kind, "closed": closed}
    mine = BOARD.c.dispute_id == dispute_id
    there = conn.execute(sa.select(BOARD).where(mine)).mappings().first()
    if there is None:
        conn.execute(
            sa.insert(BOARD).values(dispute_id=dispute_id, changed_at=now_micros(), **place, **order)
        )
    elif any(there[name] != value for name, value in place.items()):
        # Later than it was, whatever the clock says: whoever reads on from a place must meet it again.
        moment = max(now_micros(), there["changed_at"] + 1)
        conn.execute(sa.update(BOARD).where(mine).values(changed_at=moment, **place, **order))
    else:
        conn.execute(sa.update(BOARD).where(mine).values(**order))
    return due


def goes_by(conn: sa.Connection, dispute_id: str) -> tuple[str, bool] | None:
    """The colour that people go by, and whether it is a person's; None while there is none."""
    row = conn.execute(
        sa.select(BOARD.c.colour, BOARD.c.decided).where(BOARD.c.dispute_id == dispute_id)
    ).first()
    return None if row is None else (str(row[0]), bool(row[1]))


def put_aside(store: Store, *, now: int, most: int) -> int:
    """Take cases off the queue about which nothing was recorded for so long that they are no longer open.

    Nobody writes about such a case, so nobody brings the board up to it. How many were looked at, `most` at a
    time.
    """
    with store.snapshot() as conn:
        still = set(open_disputes(conn, now))
        queued = conn.execute(sa.select(BOARD.c.dispute_id).where(BOARD.c.closed.is_(False))).scalars()
        quiet = sorted(name for name in queued if name not in still)[:most]
    for name in quiet:
        with store.begin() as conn:
            show_on_board(conn, name, now)
    return len(quiet)


def _due(
    conn: sa.Connection, dispute_id: str, latest: sa.RowMapping, now: int
) -> tuple[bool, list[tuple[int, str]]]:
    """Whether a case is no longer open, and else the deadlines that aren't met."""
    now = cases.present(conn, dispute_id, now)
    if not is_open(conn, dispute_id, now):
        return True, []
    known = cases.dispute(conn, dispute_id, now)
    first = None if known is None else known.first_recorded
    return False, unmet(json.loads(latest["answer"])["deadlines"], course(conn, dispute_id, first, now).met)
