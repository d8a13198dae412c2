"""Urgings (催办、督办): the steps by which a deadline that nobody meets climbs from the grid to the district.

A row is a step: it waits for its moment, is sent once, and ends when its deadline is met or counts no more.
Which steps there are, and when, is `serving.urgings`' to say; here is what becomes of the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa

from docket.outbox import withdraw
from docket.store.asking import NAMES, among, inserting_by
from docket.store.desk import URGINGS
from docket.store.locking import take_turns

Step = Literal["before", "due", "community", "street", "district"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
"""In their order: a reminder, the deadline itself, and the climb."""
Level = Literal["grid", "community", "street", "district"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
LEVEL_OF: Final[dict[Step, Level]] = {
    "before": "grid", "due": "grid", "community": "community", "street": "street", "district": "district"
}  # fmt: skip
"""Who is told at which step."""

Deadline = tuple[str, int]
"""Which deadline of a case: its kind, and when it is (µs)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that is to be taken.

    Attributes
    ----------
    deadline
        Of which deadline.
    step
        Which.
    due_at
        Not before (µs).
    """

    deadline: Deadline
    step: Step
    due_at: int


@dataclass(frozen=True, slots=True)
class Course:
    """What is to become of the steps of a case.

    Attributes
    ----------
    stands
        The deadlines that are neither met nor gone: what was sent of the others ends.
    steps
        What is to wait, of these deadlines.
    """

    stands: Collection[Deadline] = ()
    steps: Sequence[Planned] = ()


def of_case(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """The steps of a case, sent or waiting, in their order."""
    return of_cases(conn, [dispute_id])[dispute_id]


def of_cases(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The steps of each case, as `of_case`."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in dispute_ids}
    for row in conn.execute(_OF_CASES, among(found)).mappings():
        found[row["dispute_id"]].append(dict(row))
    for rows in found.values():
        rows.sort(key=lambda row: (row["deadline_at"], row["deadline"], STEPS.index(row["step"])))
    return found


_OF_CASES: Final = sa.select(URGINGS).where(URGINGS.c.dispute_id.in_(NAMES))
_PLAN: Final = inserting_by(URGINGS, lambda insert: insert.on_conflict_do_nothing())


def plan(
    conn: sa.Connection,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    wanted: Mapping[str, Course],
    *,
    now: int,
) -> None:
    """Let of each case the steps wait that are wanted, and none else; what was sent stays, or ends.

    Whoever calls has the cases' turns: nobody else writes about their steps.

    Parameters
    ----------
    rows
        Of `of_cases`.
    """
    gone: list[int] = []
    moved: list[dict[str, int]] = []
    ended: dict[str, list[dict[str, Any]]] = {}
    new: list[dict[str, Any]] = []
    for name, course in wanted.items():
        steps = {(*one.deadline, one.step): one for one in course.steps}
        for row in rows[name]:
            one = steps.pop((row["deadline"], row["deadline_at"], row["step"]), None)
            if row["sent_at"] is not None:
                if (row["deadline"], row["deadline_at"]) not in course.stands and row["ended_at"] is None:
                    ended.setdefault(name, []).append(dict(row))
            elif one is None:
                gone.append(row["urging_no"])
            elif one.due_at != row["due_at"]:
                moved.append({"mine": row["urging_no"], "due_at": one.due_at})
        new += [_row(name, one, now) for one in steps.values()]
    if gone:
        conn.execute(sa.delete(URGINGS).where(URGINGS.c.urging_no.in_(gone)))
    if moved:
        conn.execute(sa.update(URGINGS).where(URGINGS.c.urging_no == sa.bindparam("mine")), moved)
    if new:
        conn.execute(_PLAN(conn), new)
    for name, of_case in ended.items():
        numbers = [row["urging_no"] for row in of_case]
        conn.execute(sa.update(URGINGS).where(URGINGS.c.urging_no.in_(numbers)).values(ended_at=now))
        # What a receiver was not reached with by now it need not hear any more.
        deadlines = dict.fromkeys((row["deadline"], row["deadline_at"]) for row in of_case)
        withdraw(conn, name, [told_about(name, one) for one in deadlines], now)


def _row(dispute_id: str, one: Planned, now: int) -> dict[str, Any]:
    return {
        "dispute_id": dispute_id,
        "deadline": one.deadline[0],
        "deadline_at": one.deadline[1],
        "step": one.step,
        "level": LEVEL_OF[one.step],
        "due_at": one.due_at,
        "recorded_at": now,
    }


def due_cases(
    conn: sa.Connection, now: int, *, after: tuple[int, str] = (0, ""), most: int
) -> list[tuple[int, str]]:
    """Cases of which a step is due, each with the moment of its first, those that wait longest first."""
    first = sa.func.min(URGINGS.c.due_at)
    query = (
        sa.select(first, URGINGS.c.dispute_id)
        .where(URGINGS.c.sent_at.is_(None), URGINGS.c.due_at <= now)
        .group_by(URGINGS.c.dispute_id)
        .having(sa.tuple_(first, URGINGS.c.dispute_id) > sa.tuple_(*map(sa.literal, after)))
        .order_by(first, URGINGS.c.dispute_id)
        .limit(most)
    )
    return [(int(row[0]), str(row[1])) for row in conn.execute(query)]


def take_due(conn: sa.Connection, dispute_id: str, *, colour: str, now: int) -> list[dict[str, Any]]:
    """Mark the steps of a case that are due as sent; they, in their order.

    Whoever calls has the case's turn, so that of two that come at once the second finds nothing.
    """
    found = []
    for row in of_case(conn, dispute_id):
        if row["sent_at"] is None and row["due_at"] <= now:
            mine = sa.update(URGINGS).where(URGINGS.c.urging_no == row["urging_no"])
            conn.execute(mine.values(sent_at=now, colour=colour))
            found.append({**row, "sent_at": now, "colour": colour})
    return found


def end_case(conn: sa.Connection, dispute_id: str, *, now: int) -> None:
    """End all steps of a case that was withdrawn or merged into another."""
    take_turns(conn, [f"board {dispute_id}"])
    plan(conn, of_cases(conn, [dispute_id]), {dispute_id: Course()}, now=now)


def told_about(dispute_id: str, deadline: Deadline) -> str:
    """How `about` begins of what the outbox tells of a deadline."""
    return f"{deadline[0]}:{dispute_id}:{deadline[1]}:"


def answer(conn: sa.Connection, urging_no: int, note: str, *, by: str, now: int) -> bool:
    """Keep what the level concerned says to an urging; False if it has answered before."""
    mine = sa.update(URGINGS).where(URGINGS.c.urging_no == urging_no, URGINGS.c.answered_at.is_(None))
    return conn.execute(mine.values(answer=note, answered_by=by, answered_at=now)).rowcount > 0
