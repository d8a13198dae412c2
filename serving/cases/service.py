"""Taking a case: stored first, scored after, answered with what was kept.

Two transactions. The first stores the rows and notes the intake; from then on the case can't be lost. The
second keeps the assessment and links it to the intake; whoever links first has given the answer, and
everybody who sends the same case gets those bytes. A crash between them leaves a case without an answer,
which the repeat of the request finishes; it stands noted as unscored until then, and is scored anyway
(`serving.unscored`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from docket import audit
from docket.keys import Key
from docket.store.merged import home_of, merge_of, merges_into
from docket.times import now_micros, parse_instant
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import intakes, repository
from serving.cases.assessing import assess_and_keep
from serving.cases.schemas import CaseIn
from serving.cases.storing import Earlier, New, Storing, take_turns_to_store
from serving.deadlines.service import course as course_of
from serving.decisions import repository as decided
from serving.errors import NotFound
from serving.merges.proposing import proposed, reached, shown_to, within
from serving.state import State

_log = structlog.get_logger("anlan.cases")


@dataclass(frozen=True)
class Answer:
    """An assessment as the JSON text that is answered, and whether it is new."""

    text: str
    new: bool


def submit(state: State, key: Key, case: CaseIn, idempotency_key: str | None) -> Answer:
    """Take a case and assess it.

    Raises
    ------
    Conflict
        If the dispute or the key was used for another body.
    Forbidden
        If the dispute's grid lies outside of the key's area.
    Invalid
        If a field breaks the contract.
    """
    dispute_id = case.dispute.dispute_id
    try:
        earlier = _stored(state, key, case, idempotency_key)
    except sa.exc.IntegrityError:
        # Somebody used the Idempotency-Key for another case at this very moment: now it is there.
        earlier = _stored(state, key, case, idempotency_key)
    if earlier is not None:
        return Answer(shown_to(state, key, earlier), new=False)
    with state.store.snapshot() as conn:
        # Of the store, not of this request: of two that race, the other may have said when.
        as_of = repository.first_recorded(conn, dispute_id)
    assess_and_keep(state, dispute_id, as_of, then=link)
    with state.store.snapshot() as conn:
        first = intakes.first_answers(conn, [dispute_id])[dispute_id]
    return Answer(shown_to(state, key, first), new=True)


def link(conn: sa.Connection, kept: Mapping[str, tuple[str, str]]) -> None:
    """Make these the answers to the intakes that they are of, unless those have one."""
    intakes.link_intakes(conn, {name: assessment_id for name, (assessment_id, _) in kept.items()})


def _stored(state: State, key: Key, case: CaseIn, idempotency_key: str | None) -> str | None:
    with state.store.begin() as conn:
        take_turns_to_store(conn, [case])
        storing = Storing(conn, key, [case])
        found = storing.decide(case, idempotency_key)
        if isinstance(found, New):
            storing.write([found])
        if not isinstance(found, Earlier):
            return None
        audit.record_all(conn, [found.view])
        return found.text


def seen(conn: sa.Connection, key: Key, dispute_id: str, now: int) -> tuple[int, repository.Known]:
    """The moment as of which a case is shown, and what was known of it then: the last one if it ended.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    """
    merge, gone = merge_of(conn, dispute_id), decided.withdrawn(conn, dispute_id)
    ended = None if merge is None else merge.recorded_at
    if gone is not None:
        ended = parse_instant(gone["withdrawn_at"])
    moment = repository.present(conn, dispute_id, now) if ended is None else ended - 1
    known = repository.dispute(conn, dispute_id, moment)
    if known is None or not reaches(conn, key, known.grid_id):
        raise NotFound()
    return moment, known


def case(state: State, key: Key, dispute_id: str) -> dict[str, Any]:
    """A case as known now, with its latest assessment; one that was merged or withdrawn as known until then.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    """
    with state.store.snapshot() as conn:
        shown = told(conn, key, dispute_id, now_micros())
    viewed(state, [dispute_id])
    return shown


def told(conn: sa.Connection, key: Key, dispute_id: str, now: int) -> dict[str, Any]:
    """`case` on one state of the store; whoever shows it logs the view."""
    merge, gone = merge_of(conn, dispute_id), decided.withdrawn(conn, dispute_id)
    moment, known = seen(conn, key, dispute_id, now)
    waits = decided.waiting(conn, dispute_id)
    (dispute,) = repository.rows(conn, "disputes", dispute_id, moment)
    dispute["text"] = repository.narrative(conn, dispute_id, known.recorded_at)
    answer = repository.latest_answer(conn, dispute_id)
    merged = [one.dispute_id for one in merges_into(conn, dispute_id)]
    ended = gone is not None or merge is not None
    return {
        "dispute": dispute,
        "parties": repository.rows(conn, "parties", dispute_id, moment),
        "events": repository.rows(conn, "events", dispute_id, moment),
        "assessment": None if answer is None else json.loads(within(conn, key, answer)),
        "deadlines": _deadlines(conn, dispute_id, known, answer, moment),
        "decisions": decided.decisions(conn, dispute_id),
        "lowering": None if waits is None else decided.told_lowering(waits),
        "unit": decided.unit(conn, dispute_id),
        "withdrawn": gone,
        "duplicates": [] if ended else reached(conn, key, proposed(conn, dispute_id, moment)),
        "merged_into": None if merge is None else home_of(conn, dispute_id),
        "merged": [one["dispute_id"] for one in reached(conn, key, [{"dispute_id": m} for m in merged])],
    }


def _deadlines(
    conn: sa.Connection, dispute_id: str, known: repository.Known, answer: str | None, as_of: int
) -> list[dict[str, Any]]:
    if answer is None:
        return []
    course = course_of(conn, dispute_id, known.first_recorded, as_of)
    if course.closed_at is not None:
        return []
    return [{**one, "met": one["kind"] in course.met} for one in json.loads(answer)["deadlines"]]
