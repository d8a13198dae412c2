"""Taking many cases at once: each as `serving.cases.service.submit` would, and all of them sooner.

They are stored in one transaction, read from one state of the store, scored together, and kept in one
transaction. Where some can't be stored together each is stored behind a savepoint, so that one that is
refused takes no other with it; where some can't be read or scored together each is alone. Whatever else
fails, the cases are then taken alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from docket import audit
from docket.keys import Key
from docket.tracing import span
from features.online.facts import frame_of
from models.weighing import Weighed, weigh
from serving.cases import intakes, repository
from serving.cases.assessing import Made, Read, after, keep, read, sights
from serving.cases.schemas import CaseIn
from serving.cases.service import Answer, link
from serving.cases.storing import Earlier, New, Storing, take_turns_to_store
from serving.errors import Problem
from serving.logs import log_failure
from serving.merges.proposing import shown_to
from serving.models.service import Current
from serving.state import State

_log = structlog.get_logger("anlan.cases")
Outcome = Answer | Problem | None
"""None: to be taken alone."""


def submit_together(state: State, key: Key, cases: Sequence[CaseIn]) -> list[Outcome]:
    """Take some cases; what became of each, in their order.

    Whatever it raises, each of them may then be taken alone: what is stored by then is found there.
    """
    outcomes: list[Outcome] = [None] * len(cases)
    new = _store(state, key, cases, outcomes)
    if not new:
        return outcomes
    with state.store.snapshot() as conn:
        moments = repository.first_recorded_of(conn, new)
    keep(state, _made(state, moments), then=link)
    with state.store.snapshot() as conn:
        answers = intakes.first_answers(conn, new)
    for dispute_id, text in answers.items():
        outcomes[new[dispute_id]] = Answer(shown_to(state, key, text), new=True)
    return outcomes


def _store(state: State, key: Key, cases: Sequence[CaseIn], outcomes: list[Outcome]) -> dict[str, int]:
    """Store what is new, and say what became of the rest; ids and places of the new ones."""
    found: dict[int, Earlier | Problem | None] = {}
    with state.store.begin() as conn:
        take_turns_to_store(conn, cases)
        first = {case.dispute.dispute_id: place for place, case in reversed(list(enumerate(cases)))}
        try:
            with conn.begin_nested():
                found = _at_once(conn, key, {place: cases[place] for place in sorted(first.values())})
        except (Problem, sa.exc.IntegrityError):
            found = {}  # one by one it shows whose it is
        for place, case in enumerate(cases):
            if place not in found:
                found[place] = _one(conn, key, case)
        audit.record_all(conn, [one.view for _, one in sorted(found.items()) if isinstance(one, Earlier)])
    new: dict[str, int] = {}
    for place, one in sorted(found.items()):
        if isinstance(one, Problem):
            outcomes[place] = one
        elif isinstance(one, Earlier):
            outcomes[place] = Answer(shown_to(state, key, one.text), new=False)
        else:
            # of one that comes twice the second waits for the answer to the first
            new.setdefault(cases[place].dispute.dispute_id, place)
    return new


def _at_once(
    conn: sa.Connection, key: Key, cases: Mapping[int, CaseIn]
) -> dict[int, Earlier | Problem | None]:
    """Store cases, each of another dispute, in few statements; what became of each, by its place."""
    storing = Storing(conn, key, list(cases.values()))
    found: dict[int, Earlier | Problem | None] = {}
    new: list[New] = []
    for place, case in cases.items():
        try:
            decided = storing.decide(case, None)
        except Problem as problem:
            found[place] = problem
        else:
            if isinstance(decided, New):
                new.append(decided)
            found[place] = decided if isinstance(decided, Earlier) else None
    storing.write(new)
    return found


def _one(conn: sa.Connection, key: Key, case: CaseIn) -> Earlier | Problem | None:
    """Store one case behind a savepoint."""
    try:
        with conn.begin_nested():
            (found,) = _at_once(conn, key, {0: case}).values()
    except Problem as problem:
        return problem
    return found


def _made(state: State, moments: Mapping[str, int]) -> list[Made]:
    """The assessments of stored cases, each as of a moment, from one state of the store."""
    current = state.models.current
    with state.store.snapshot() as conn:
        failed: dict[str, Exception] = {}
        found = _read(conn, state, moments, failed)
        answers = _assessed(current, found, failed)
        for name, error in failed.items():
            answers[name] = after(error, conn, name, moments[name]), {}
        seen = sights(conn, moments)
    return [Made(*answers[name], moment, seen[name]) for name, moment in moments.items()]


def _read(
    conn: sa.Connection, state: State, moments: Mapping[str, int], failed: dict[str, Exception]
) -> dict[str, Read]:
    try:
        return read(conn, state, moments)
    except (sa.exc.SQLAlchemyError, Problem):
        raise
    except Exception as error:  # noqa: BLE001 - one that can't be read is not the others: see below which
        log_failure(_log, "batch_not_read", error)
    found: dict[str, Read] = {}
    for name, moment in moments.items():
        try:
            found |= read(conn, state, {name: moment})
        except Exception as error:  # noqa: BLE001 - whatever ails the features, the rules answer
            failed[name] = error
    return found


def _assessed(
    current: Current | None, found: Mapping[str, Read], failed: dict[str, Exception]
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    cases: dict[str, Weighed] = {}
    if current is not None and found:
        try:
            with span("model", version=current.version):
                frame = frame_of([one.facts for one in found.values()])
                read_by_model = current.scorer.cases(frame)
            with span("reasons"):
                cases = dict(zip(found, weigh(read_by_model), strict=True))
        except Exception as error:  # noqa: BLE001 - one that can't be scored is not the others: see below which
            log_failure(_log, "batch_not_scored", error)
    answers = {}
    for name, one in found.items():
        try:
            answers[name] = one.assessed(current, cases.get(name))
        except Exception as error:  # noqa: BLE001 - whatever ails a model, the rules answer
            failed[name] = error
    return answers
