"""Objections (异议): recorded, reviewed by somebody else than who entered the person, and answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from docket import audit, registry
from docket.keys import Key
from docket.registry import ObjectionRefusedError
from docket.text import prepare
from docket.times import now_micros, rfc3339, to_micros
from serving.cases.service import Answer
from serving.errors import Conflict, FieldError, Invalid, NotFound
from serving.registry.schemas import AnsweredIn, ObjectIn, ReviewIn
from serving.registry.service import Change, appended, standing_entry
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State

_TIMES = ("raised_at", "reviewed_at", "answered_at")
_TOLD = (
    "objection_id",
    "entry_id",
    "state",
    "said",
    "by",
    "finding",
    "answer",
    "reviewed_by",
    "answered_by",
    "answered_how",
)


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """An objection as answered."""
    times = {name: None if row[name] is None else rfc3339(row[name]) for name in _TIMES}
    return {**{name: row[name] for name in _TOLD}, **times, "assessment": None}


def object_to(state: State, key: Key, ask: Ask, entry_id: str, asked: ObjectIn) -> Answer:
    """Record that the person objects to an entry.

    Raises
    ------
    NotFound
        If there is no such entry of a case in the key's area.
    Conflict
        If an objection is open, or the Idempotency-Key was used before.
    Invalid
        If it was raised in the future.
    """
    now = now_micros()
    raised = now if asked.raised_at is None else to_micros(asked.raised_at)
    with state.store.begin() as conn:
        _, place = standing_entry(conn, key, entry_id, now)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            if raised > now:
                raise Invalid([FieldError(field="raised_at", reason="out of range", expected="until now")])
            said = prepare(asked.said).text
            held = registry.objections(conn, [entry_id])
            same = next((row for row in held if row["state"] == "open" and row["said"] == said), None)
            if same is not None:  # the same, told once more
                taken = note(conn, ask, new=False, answer=told(same))
            else:
                with _refused():
                    name = registry.object_to(
                        conn, entry_id, said=said, raised_at=raised, by=key.key_id, now=now
                    )
                taken = _noted(conn, ask, name)
                audit.record(conn, "object", case=place.home, subject=entry_id, detail={"objection": name})
    return answered(state, key, taken)


def review(state: State, key: Key, ask: Ask, entry_id: str, objection_id: str, asked: ReviewIn) -> Answer:
    """Say what a review found; an entry that is corrected or removed by it is followed by new assessments.

    Raises
    ------
    NotFound
        If there is no such objection to an entry of a case in the key's area.
    Conflict
        If it was reviewed before, who entered the person would review it, or the Idempotency-Key was used.
    Invalid
        If a correction doesn't say what is right.
    """
    now = now_micros()
    with state.store.begin() as conn:
        standing, place = standing_entry(conn, key, entry_id, now, removed=True)
        waits = _of(conn, entry_id, objection_id)
        earlier = found(conn, ask)
        said = prepare(asked.answer).text
        if earlier is not None:
            taken = Taken(earlier, new=False)
        elif _found_already(waits, standing, asked, said):
            taken = note(conn, ask, new=False, answer=told(waits))
        else:
            if asked.finding == "corrected" and asked.category in (None, standing["category"]):
                expected = "another category than the entry has"
                raise Invalid([FieldError(field="category", reason="missing value", expected=expected)])
            with _refused():
                registry.review(conn, waits, finding=asked.finding, answer=said, by=key.key_id, now=now)
            if asked.finding == "kept":
                taken = _noted(conn, ask, objection_id)
            else:
                says = {"category": asked.category} if asked.finding == "corrected" else {"withdrawn": True}
                did = Change.of(asked.finding, standing, key, now, asked.answer, **says)
                if asked.finding == "removed":  # and isn't proposed for the same again
                    who = {name: standing[name] for name in ("dispute_id", "person_id")}
                    registry.note(conn, who, "declined", said=None, by=key.key_id, at=now)
                taken = appended(conn, ask, place, did, told(_of(conn, entry_id, objection_id)))
            detail = {"objection": objection_id, "finding": asked.finding}
            audit.record(conn, "object", case=place.home, subject=entry_id, detail=detail)
    return answered(state, key, taken)


def answer(state: State, key: Key, ask: Ask, entry_id: str, objection_id: str, asked: AnsweredIn) -> Answer:
    """Say that the person was told what the review found.

    Raises
    ------
    NotFound
        If there is no such objection to an entry of a case in the key's area.
    Conflict
        If it isn't reviewed yet, was answered before, or the Idempotency-Key was used before.
    """
    now = now_micros()
    with state.store.begin() as conn:
        _, place = standing_entry(conn, key, entry_id, now, removed=True)
        waits = _of(conn, entry_id, objection_id)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        elif waits["state"] == "answered" and waits["answered_how"] == asked.how:
            taken = note(conn, ask, new=False, answer=told(waits))
        else:
            with _refused():
                registry.answer(conn, waits, how=asked.how, by=key.key_id, now=now)
            taken = _noted(conn, ask, objection_id)
            detail = {"objection": objection_id, "finding": waits["finding"]}
            audit.record(conn, "object", case=place.home, subject=entry_id, detail=detail)
    return answered(state, key, taken)


def _found_already(waits: Mapping[str, Any], standing: Mapping[str, Any], asked: ReviewIn, said: str) -> bool:
    """Whether a review has found just that, in the same words."""
    same = (waits["finding"], waits["answer"]) == (asked.finding, said)
    return same and (asked.finding != "corrected" or standing["category"] == asked.category)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except ObjectionRefusedError as error:
        raise Conflict(str(error)) from error


def _of(conn: sa.Connection, entry_id: str, objection_id: str) -> dict[str, Any]:
    row = registry.objection(conn, objection_id)
    if row is None or row["entry_id"] != entry_id:
        raise NotFound("There is no such objection to this entry.")
    return row


def _noted(conn: sa.Connection, ask: Ask, objection_id: str) -> Taken:
    row = registry.objection(conn, objection_id)
    if row is None:
        raise LookupError("the objection was just kept")
    return note(conn, ask, new=True, answer=told(row))
