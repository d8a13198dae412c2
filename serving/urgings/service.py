"""What each level was urged about, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from docket import audit, urging
from docket.keys import Area, Key
from docket.text import prepare
from docket.times import now_micros, rfc3339
from docket.urging import LEVELS
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.service import Answer
from serving.errors import Conflict, FieldError, Invalid, NotFound
from serving.listing.cursors import cursor_of, parts_of
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State
from serving.urgings import repository
from serving.urgings.schemas import UrgingAnswerIn


def listed(
    state: State,
    key: Key,
    *,
    level: str | None,
    area: Area | None,
    ended: bool,
    cursor: str | None,
    limit: int,
) -> dict[str, Any]:
    """What a level was urged about in the key's area, the latest first; and how much is open at each level.

    Parameters
    ----------
    level
        None: the key's own. A worker's key hears what the worker's grid does.
    ended
        Those whose deadline was met since, instead of those that are open.

    Raises
    ------
    Invalid
        If the cursor isn't one that was given, or a worker's key asks for another level than the grid.
    """
    level = level or own_level(key)
    if key.scope == "worker" and level != own_level(key):
        raise Invalid([FieldError(field="level", reason="a worker's key reads its own grid's only")])
    sent_at, urging_no = (2**62, 0) if cursor is None else parts_of(cursor, (int, int))
    areas = [one for one in (key.area, area) if one is not None]
    with state.store.snapshot() as conn:
        if key.worker_id is not None:
            areas.append(Area("grid", repository.grid_of(conn, key.worker_id)))
        rows = repository.urgings(
            conn, areas=areas, level=level, ended=ended, place=(sent_at, urging_no), limit=limit + 1
        )
        counts = repository.counts(conn, areas=areas)
    shown = rows[:limit]
    viewed(state, [row["dispute_id"] for row in shown], "urgings")
    last = shown[-1] if len(rows) > limit else None
    return {
        "level": level,
        "urgings": [told(row) for row in shown],
        "open": {one: counts.get(one, 0) for one in LEVELS},
        "next": None if last is None else cursor_of((last["sent_at"], last["urging_no"])),
    }


def following(conn: sa.Connection, dispute_id: str) -> dict[str, dict[str, Any]]:
    """The next step of each deadline of a case that the caller is shown, by the deadline's kind."""
    waiting = [row for row in urging.of_case(conn, dispute_id) if row["sent_at"] is None]
    first: dict[str, dict[str, Any]] = {}
    for row in sorted(waiting, key=lambda row: int(row["due_at"])):
        first.setdefault(row["deadline"], {"step": row["step"], "due_at": rfc3339(row["due_at"])})
    return first


def own_level(key: Key) -> str:
    """The level that a key is of: a worker's, the grid; else its area's, or the district."""
    if key.scope == "worker":
        return "grid"
    return "district" if key.area is None else key.area.kind


def answer(state: State, key: Key, ask: Ask, urging_no: int, asked: UrgingAnswerIn) -> Answer:
    """Keep what the level concerned says to an urging.

    Raises
    ------
    NotFound
        If there is no such urging in the key's area.
    Conflict
        If it was answered before, or the Idempotency-Key was used before.
    """
    now = now_micros()
    with state.store.begin() as conn:
        row = repository.urging(conn, urging_no)
        if row is None or not reaches(conn, key, cases.last_grid(conn, row["dispute_id"])):
            raise NotFound("There is no such urging in the key's area.")
        earlier = found(conn, ask)
        said = prepare(asked.note).text
        if earlier is not None:
            taken = Taken(earlier, new=False)
        elif row["answer"] == said:
            taken = note(conn, ask, new=False, answer=told(row))
        elif not urging.answer(conn, urging_no, said, by=key.key_id, now=now):
            raise Conflict("The urging was answered before.")
        else:
            kept = repository.urging(conn, urging_no)
            taken = note(conn, ask, new=True, answer=told(kept or row))
            audit.record(
                conn, "urge", case=row["dispute_id"], subject=str(urging_no), detail={"answered": True}
            )
    return answered(state, key, taken)


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """An urging as answered."""
    plain = ("urging_no", "dispute_id", "kind", "grid_name", "community_name", "colour")
    urged = ("deadline", "step", "level", "answer", "answered_by")
    times = ("deadline_at", "sent_at", "ended_at", "answered_at")
    return {
        **{name: row[name] for name in (*plain, *urged)},
        **{name: None if row[name] is None else rfc3339(row[name]) for name in times},
        "reached": row["reached"],
    }
