"""Issuing slips and taking them through their states."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from docket import audit, slips
from docket.keys import Key
from docket.slips import SlipRefusedError
from docket.store.locking import take_turns
from docket.text import prepare
from docket.times import now_micros, rfc3339
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.placing import located
from serving.cases.service import Answer
from serving.errors import Conflict, FieldError, Invalid, NotFound
from serving.listing.cursors import cursor_of, parts_of
from serving.queue.board import goes_by
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.slips import repository
from serving.slips.schemas import SlipIn, StepIn
from serving.state import State
from serving.webhooks import service as webhooks

UNDECIDED = "No person has decided the case's colour: nothing is acted on by score alone."


def issue(state: State, key: Key, ask: Ask, dispute_id: str, asked: SlipIn) -> Answer:
    """Issue a slip for a case whose colour a person has decided.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If nobody has decided, its colour gets none, one is open, or the Idempotency-Key was used before.
    """
    now = now_micros()
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now, own=True)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            take_turns(conn, [f"board {dispute_id}"])
            stands = goes_by(conn, dispute_id)
            if stands is None or not stands[1]:
                raise Conflict(UNDECIDED)
            said = None if asked.note is None else prepare(asked.note).text
            open_one = slips.standing(conn, dispute_id, stands[0])
            told = None if open_one is None else repository.slip(conn, open_one)
            if told is not None and (told["unit"], told["steps"][0]["note"]) == (asked.unit, said):
                taken = note(conn, ask, new=False, answer=told)
            else:
                try:
                    slip_id = slips.issue(
                        conn, dispute_id, colour=stands[0], unit=asked.unit, note=said, by=key.key_id, now=now
                    )
                except SlipRefusedError as error:
                    raise Conflict(str(error)) from error
                taken = _taken(conn, ask, slip_id)
    return answered(state, key, taken)


def step(state: State, key: Key, ask: Ask, slip_id: str, asked: StepIn) -> Answer:
    """Take a slip to its next state.

    Raises
    ------
    NotFound
        If there is no such slip of a case in the key's area.
    Conflict
        If another state comes next, or the Idempotency-Key was used before.
    Invalid
        If it isn't said what was done or found.
    """
    now = now_micros()
    with state.store.begin() as conn:
        told = _see(conn, key, slip_id)
        earlier = found(conn, ask)
        said = None if asked.note is None else prepare(asked.note).text
        if earlier is not None:
            taken = Taken(earlier, new=False)
        elif any((one["state"], one["note"]) == (asked.state, said) for one in told["steps"]):
            taken = note(conn, ask, new=False, answer=told)  # a slip comes to each state once
        else:
            if asked.note is None and asked.state in slips.TOLD:
                raise Invalid(
                    [FieldError(field="note", reason="missing value", expected="what was done or found")]
                )
            try:
                slips.step(conn, slip_id, asked.state, note=said, by=key.key_id, now=now)
            except SlipRefusedError as error:
                raise Conflict(str(error)) from error
            taken = _taken(conn, ask, slip_id)
    return answered(state, key, taken)


def slip(state: State, key: Key, slip_id: str) -> dict[str, Any]:
    """A slip with its steps.

    Raises
    ------
    NotFound
        If there is no such slip of a case in the key's area.
    """
    with state.store.snapshot() as conn:
        told = _see(conn, key, slip_id)
    viewed(state, [told["dispute_id"]], slip_id)
    return told


def listed(
    state: State, key: Key, *, states: list[str], colour: str | None, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Slips in the key's area, those first that have stood longest as they are.

    Raises
    ------
    Invalid
        If the cursor isn't one that was given.
    """
    at, after = (0, "") if cursor is None else parts_of(cursor, (int, str))
    with state.store.snapshot() as conn:
        rows = repository.slips(
            conn,
            areas=[] if key.area is None else [key.area],
            states=states or slips.STATES,
            colour=colour,
            place=(at, after),
            limit=limit + 1,
        )
    shown = rows[:limit]
    viewed(state, [row["dispute_id"] for row in shown], "slips")
    last = shown[-1] if len(rows) > limit else None
    return {
        "slips": [{**row, "changed_at": rfc3339(row["changed_at"])} for row in shown],
        "next": None if last is None else cursor_of((last["changed_at"], last["slip_id"])),
    }


def _see(conn: sa.Connection, key: Key, slip_id: str) -> dict[str, Any]:
    told = repository.slip(conn, slip_id)
    if told is None or not reaches(conn, key, cases.last_grid(conn, told["dispute_id"])):
        raise NotFound("There is no such slip in the key's area.")
    return told


def _taken(conn: sa.Connection, ask: Ask, slip_id: str) -> Taken:
    """Note, tell and log what became of a slip."""
    told = repository.slip(conn, slip_id)
    if told is None:
        raise LookupError("the slip was just kept")
    taken = note(conn, ask, new=True, answer=told)
    webhooks.slip_changed(conn, told)
    detail = {name: told[name] for name in ("colour", "state")}
    audit.record(conn, "slip", case=told["dispute_id"], subject=slip_id, detail=detail)
    return taken
