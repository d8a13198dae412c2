"""Which steps of a case's deadlines wait, and sending those that are due."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket import audit, urging
from docket.store.locking import beside, take_turns
from docket.times import DAY
from docket.urging import STEPS, Course, Deadline, Planned
from serving.cases import repository as cases
from serving.deadlines import service as deadlines
from serving.deadlines.service import course
from serving.queue.board import Place, goes_by
from serving.urgings.ladder import Ladder
from serving.webhooks import service as webhooks

OLDEST: Final = 2 * DAY
"""A deadline that passed longer ago, and of which nothing was planned in time, is a matter of the queue:
nobody is urged about what a load of old records brought in."""


def follow(conn: sa.Connection, ladder: Ladder, places: Mapping[str, Place], *, now: int) -> None:
    """Let wait what is to be done about the deadlines of cases that aren't met.

    Call it wherever a case is assessed or decided, in that transaction.

    Parameters
    ----------
    places
        What `show_on_board` has just said of each.
    now
        µs, by the database's clock.
    """
    rows = urging.of_cases(conn, places)
    wanted: dict[str, Course] = {}
    for name, place in places.items():
        still: list[Deadline] = [(kind, at) for at, kind in place.due]
        steps: list[Planned] = []
        for deadline in still:
            steps += _wanted(ladder.steps(deadline, place.colour), rows[name], now)
        wanted[name] = Course(still, steps)
    urging.plan(conn, rows, wanted, now=now)


def follow_case(conn: sa.Connection, ladder: Ladder, dispute_id: str, *, now: int) -> str:
    """`follow` for a case of which the records may tell more than its place on the board; that colour."""
    take_turns(conn, [f"board {dispute_id}"])
    stands = goes_by(conn, dispute_id)
    colour = "none" if stands is None else stands[0]
    follow(conn, ladder, {dispute_id: Place(colour, tuple(_unmet(conn, dispute_id, now)))}, now=now)
    return colour


def _unmet(conn: sa.Connection, dispute_id: str, now: int) -> list[tuple[int, str]]:
    latest = cases.latest(conn, dispute_id)
    now = cases.present(conn, dispute_id, now)
    known = cases.dispute(conn, dispute_id, now)
    if latest is None or known is None:
        return []
    far = course(conn, dispute_id, known.first_recorded, now)
    if far.closed_at is not None:
        return []
    return deadlines.unmet(json.loads(latest["answer"])["deadlines"], far.met)


def _wanted(steps: Sequence[Planned], rows: Collection[Mapping[str, Any]], now: int) -> list[Planned]:
    """The steps of a deadline that wait, or would if they weren't sent.

    Of those whose moment had passed when they were first planned only the highest counts: whoever hears of a
    case that is late already hears once, at the level that it has climbed to.
    """
    there = {row["step"] for row in rows if (row["deadline"], row["deadline_at"]) == steps[0].deadline}
    late = [one for one in steps if one.due_at <= now and one.step not in there]
    passed = steps[0].deadline[1]
    highest = None if not late or passed > now or passed < now - OLDEST else late[-1]
    rank = max((STEPS.index(step) for step in there), default=-1)
    return [
        one
        for one in steps
        if one.step in there or one.due_at > now or (one is highest and STEPS.index(one.step) > rank)
    ]


def send(conn: sa.Connection, ladder: Ladder, dispute_id: str, *, now: int) -> list[str]:
    """Send the steps of a case that are due: they are marked, told by webhooks and logged; the steps.

    What was met since it was planned, in whatever way the records came to say so, isn't sent.
    """
    beside(conn)
    take_turns(conn, [f"board {dispute_id}"])
    colour = follow_case(conn, ladder, dispute_id, now=now)
    rows = urging.take_due(conn, dispute_id, colour=colour, now=now)
    if not rows:
        return []
    webhooks.urged(conn, dispute_id, rows)
    told = ("deadline", "step", "level")
    audit.record_all(
        conn,
        [
            audit.Event("urge", dispute_id, str(row["urging_no"]), {name: row[name] for name in told})
            for row in rows
        ],
    )
    return [row["step"] for row in rows]
