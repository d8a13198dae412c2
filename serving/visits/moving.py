"""Giving visits to another worker of the community, one by one or a whole list, and taking a list back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from docket import audit
from docket.asof import NEVER
from docket.keys import Key
from docket.store.locking import take_turns
from docket.store.moved import Move, Moves, keep_moves, moves_of
from docket.text import prepare
from docket.times import local_day, now_micros, parse_instant, rfc3339
from models.visit_list import absent
from serving.cases.service import Answer
from serving.errors import Conflict, FieldError, Forbidden, Invalid
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State
from serving.visits import service
from serving.visits.schemas import MoveIn

Row = Mapping[Any, Any]


def move(state: State, key: Key, ask: Ask, asked: MoveIn) -> Answer:
    """Give today's visits of a worker to another of the community; the plan and its chances stay as they are.

    Raises
    ------
    Forbidden
        If the worker isn't of the key's area.
    Conflict
        If a visit isn't on the worker's list, a list is given that is another's already or taken back that
        isn't, or the Idempotency-Key was used before.
    Invalid
        If the other one isn't of the community, is away, or has given the own list away.
    """
    now = now_micros()
    day = local_day(now)
    with state.store.snapshot() as conn:
        reached = service.workers_of(conn, key)
    if asked.worker_id not in reached:
        raise Forbidden("The worker is not of the key's area.")
    rows, _ = service.planned(state, day, {asked.worker_id})  # kept as it was planned, before anything moves
    said = prepare(asked.reason).text
    with state.store.begin() as conn:
        earlier = found(conn, ask)
        take_turns(conn, [f"moves of {day}"])
        moves = moves_of(conn, day.isoformat(), NEVER)  # all of them: of two clocks one may be behind
        if earlier is not None:
            taken = Taken(earlier, new=False)
        elif _stands(moves, asked, said):
            taken = note(conn, ask, new=False, answer=_told(asked, said, key, now))
        else:
            cases = {  # as somebody else may have left the list meanwhile
                row["person_id"]: row["dispute_id"]
                for row in rows
                if moves.goes(row["moved_from"] or asked.worker_id, row["person_id"]) == asked.worker_id
            }
            _hold(asked, moves, reached, parse_instant(day.isoformat()), cases)
            people: list[str | None] = [None] if asked.people is None else [*asked.people]
            made = [Move(asked.worker_id, one, asked.to_worker_id, said, now) for one in people]
            keep_moves(conn, day.isoformat(), made, by=key.key_id)
            taken = note(conn, ask, new=True, answer=_told(asked, said, key, now))
            _log(conn, asked, f"visits {day}", cases)
    return answered(state, key, taken)


def _stands(moves: Moves, asked: MoveIn, said: str) -> bool:
    """Whether that is how things are already, for the same reason."""
    if asked.people is None:
        held = [moves.lists.get(asked.worker_id)]
    else:
        held = [moves.visits.get(person) for person in asked.people]
    wanted = (asked.worker_id, asked.to_worker_id, said)
    return all(one is not None and (one.worker_id, one.to_worker_id, one.reason) == wanted for one in held)


def _hold(
    asked: MoveIn, moves: Moves, reached: Mapping[str, Row], start: int, cases: Mapping[str, str]
) -> None:
    """Refuse what can't be."""
    back = asked.to_worker_id == asked.worker_id
    away = moves.of_list(asked.worker_id)
    if asked.people is not None:
        if missing := [place for place, person in enumerate(asked.people) if person not in cases]:
            fields = [FieldError(field=f"people[{place}]", reason=_NOT_THERE) for place in missing]
            raise Conflict("Not all of these visits are on the worker's list of today.", errors=fields)
    elif back != (away is not None):
        raise Conflict("The list is nobody else's." if back else "The list is another's: take it back first.")
    elif back:
        return
    other, own = reached.get(asked.to_worker_id), reached[asked.worker_id]
    if back or other is None or other["community_id"] != own["community_id"]:
        raise _unfit("another worker of the same community, in the key's area")
    if absent(other, start) or moves.of_list(asked.to_worker_id) is not None:
        raise _unfit("a worker who is there today")


_NOT_THERE = "not on the worker's list"


def _unfit(expected: str) -> Invalid:
    return Invalid([FieldError(field="to_worker_id", reason="can't go", expected=expected)])


def _told(asked: MoveIn, said: str, key: Key, now: int) -> dict[str, Any]:
    return {
        "date": local_day(now).isoformat(),
        "worker_id": asked.worker_id,
        "to_worker_id": asked.to_worker_id,
        "people": asked.people,
        "reason": said,
        "by": key.key_id,
        "at": rfc3339(now),
    }


def _log(conn: sa.Connection, asked: MoveIn, subject: str, cases: Mapping[str, str]) -> None:
    """Log each case that somebody else goes for now, and a whole list even if there is nobody on it."""
    detail = {"from": asked.worker_id, "to": asked.to_worker_id, "whole": asked.people is None}
    named = cases if asked.people is None else {person: cases[person] for person in asked.people}
    events: list[str | None] = [*dict.fromkeys(named.values())]
    audit.record_all(conn, [audit.Event("assign", case, subject, detail) for case in events or [None]])
