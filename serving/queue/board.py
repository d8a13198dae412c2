"""Where each case stands: kept up to date by whoever assesses, decides or tells what happened."""

from __future__ import annotations

import json
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import NEVER
from docket.store.locking import take_turns
from docket.store.metadata import BOARD, DECISIONS
from docket.times import now_micros
from models.decisions import standing
from models.policy import COLOURS
from serving.cases import repository as cases
from serving.deadlines.service import is_closed, met, unmet

URGENCY: Final[dict[str, int]] = {colour: place for place, colour in enumerate(reversed(COLOURS))}
"""The most urgent first."""


def show_on_board(conn: sa.Connection, dispute_id: str) -> None:
    """Bring the board up to what is known of a case: its latest assessment and decision, and what is due."""
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
    order = {"urgency": URGENCY[colour], **_due(conn, dispute_id, latest)}
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


def goes_by(conn: sa.Connection, dispute_id: str) -> tuple[str, bool] | None:
    """The colour that people go by, and whether it is a person's; None while there is none."""
    row = conn.execute(
        sa.select(BOARD.c.colour, BOARD.c.decided).where(BOARD.c.dispute_id == dispute_id)
    ).first()
    return None if row is None else (str(row[0]), bool(row[1]))


def _due(conn: sa.Connection, dispute_id: str, latest: sa.RowMapping) -> dict[str, Any]:
    """Which deadline comes first, of those that aren't met."""
    now = cases.present(conn, dispute_id, now_micros())
    closed = is_closed(conn, dispute_id, now)
    known = cases.dispute(conn, dispute_id, now)
    done = met(conn, dispute_id, None if known is None else known.first_recorded, now)
    due = [] if closed else unmet(json.loads(latest["answer"])["deadlines"], done)
    at, kind = due[0] if due else (NEVER, None)
    return {"due_at": at, "due_kind": kind, "closed": closed}
