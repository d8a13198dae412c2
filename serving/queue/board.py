"""Where each case stands: kept up to date by whoever assesses, decides or tells what happened."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import NEVER
from docket.caseload import open_among, open_disputes
from docket.store import Store
from docket.store.asking import NAMES, among
from docket.store.locking import take_turns
from docket.store.metadata import BOARD, DECISIONS
from docket.times import now_micros
from models.decisions import standing
from models.policy import COLOURS
from serving.cases import repository as cases
from serving.deadlines.service import courses, unmet

URGENCY: Final[dict[str, int]] = {colour: place for place, colour in enumerate(reversed(COLOURS))}
"""The most urgent first."""


@dataclass(frozen=True)
class Place:
    """Where a case stands.

    Attributes
    ----------
    colour
        What people go by.
    due
        The deadlines that aren't met: when (µs) and which, the first first.
    """

    colour: str
    due: tuple[tuple[int, str], ...]


def show_on_board(conn: sa.Connection, dispute_ids: Collection[str], now: int) -> dict[str, Place]:
    """Bring the board up to what is known of cases: the latest assessment and decision, and what is due.

    Whoever calls has the cases' turns (`board` and the case): nobody else writes about their places.

    Parameters
    ----------
    now
        µs, by the database's clock, which is one for all workers.
    """
    latest = cases.latest_of(conn, dispute_ids)
    if len(latest) < len(dispute_ids):
        raise LookupError("a case comes on the board with its first assessment")
    decided = _last_decisions(conn, dispute_ids)
    due = _due(conn, latest, now)
    there = {row["dispute_id"]: row for row in conn.execute(_PLACES, among(dispute_ids)).mappings()}
    new, moved, stay = [], [], []
    places: dict[str, Place] = {}
    for name, assessment in latest.items():
        told, row = _told(assessment, decided.get(name)), there.get(name)
        closed, unmet_ones = due[name]
        at, kind = unmet_ones[0] if unmet_ones else (NEVER, None)
        order = {"urgency": URGENCY[told["colour"]], "due_at": at, "due_kind": kind, "closed": closed}
        if row is None:
            new.append({"dispute_id": name, "changed_at": now_micros(), **told, **order})
        elif any(row[field] != value for field, value in told.items()):
            # Later than it was, whatever the clock says: whoever reads on from a place must meet it again.
            moment = max(now_micros(), row["changed_at"] + 1)
            moved.append({"mine": name, "changed_at": moment, **told, **order})
        else:
            stay.append({"mine": name, **order})
        places[name] = Place(told["colour"], tuple(unmet_ones))
    if new:
        conn.execute(_PLACE, new)
    for rows in (moved, stay):
        if rows:
            conn.execute(_MOVE, rows)
    return places


def _told(assessment: sa.RowMapping, last: sa.RowMapping | None) -> dict[str, Any]:
    colour, decided = assessment["colour"], False
    if last is not None:
        colour, decided = standing(assessment["colour"], last["recommended"], last["colour"])
    return {
        "assessment_id": assessment["assessment_id"],
        "as_of": assessment["as_of"],
        "recommended": assessment["colour"],
        "colour": colour,
        "decided": decided,
    }


def _last_decisions(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, sa.RowMapping]:
    return {row["dispute_id"]: row for row in conn.execute(_DECISIONS, among(dispute_ids)).mappings()}


_PLACES: Final = sa.select(BOARD).where(BOARD.c.dispute_id.in_(NAMES))
_PLACE: Final = sa.insert(BOARD)
_MOVE: Final = sa.update(BOARD).where(BOARD.c.dispute_id == sa.bindparam("mine"))
_DECISIONS: Final = (
    sa.select(DECISIONS).where(DECISIONS.c.dispute_id.in_(NAMES)).order_by(DECISIONS.c.decision_no)
)


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
            take_turns(conn, [f"board {name}"])
            show_on_board(conn, [name], now)
    return len(quiet)


def _due(
    conn: sa.Connection, latest: Mapping[str, sa.RowMapping], now: int
) -> dict[str, tuple[bool, list[tuple[int, str]]]]:
    """Of each case whether it is no longer open, and else the deadlines that aren't met."""
    moments = cases.present_of(conn, latest, now)
    found: dict[str, tuple[bool, list[tuple[int, str]]]] = dict.fromkeys(latest, (True, []))
    for moment in sorted(set(moments.values())):  # one, unless a clock was ahead
        at_once = [name for name, at in moments.items() if at == moment]
        still = open_among(conn, at_once, moment)
        known = cases.disputes(conn, dict.fromkeys(still, moment))
        first = {name: known[name].first_recorded if name in known else None for name in still}
        for name, course in courses(conn, first, moment).items():
            found[name] = (False, unmet(json.loads(latest[name]["answer"])["deadlines"], course.met))
    return found
