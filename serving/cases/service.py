"""Taking a case: stored first, scored after, answered with what was kept.

Two transactions. The first stores the rows and notes the intake; from then on the case can't be lost. The
second keeps the assessment and links it to the intake; whoever links first has given the answer, and
everybody who sends the same case gets those bytes. A crash between them leaves a case without an answer,
which the repeat of the request finishes; it stands noted as unscored until then, and is scored anyway
(`serving.unscored`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
import structlog

from docket import audit
from docket.keys import Key
from docket.store.locking import beside, take_turns
from docket.store.merged import home_of, merge_of, merges_into
from docket.store.writing import append
from docket.times import now_micros, parse_instant
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository
from serving.cases.assessing import assess_and_keep
from serving.cases.placing import twice
from serving.cases.schemas import CaseIn
from serving.deadlines.service import course as course_of
from serving.decisions import repository as decided
from serving.errors import Conflict, Forbidden, Invalid, NotFound
from serving.merges.proposing import proposed, reached, shown_to, within
from serving.repeats import repository as requests
from serving.rows import Rows, fault_errors, reference_errors, row_errors, stored
from serving.shapes import PersonRow
from serving.state import State
from serving.unscored import repository as unscored

_log = structlog.get_logger("anlan.cases")
_TARGET: Final = "POST /v1/cases"
OUTSIDE: Final = "The dispute's grid lies outside of the key's area."


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
        first = repository.first_answer(conn, dispute_id)
    return Answer(shown_to(state, key, first), new=True)


def link(conn: sa.Connection, assessment_id: str, text: str) -> None:
    """Make this the answer to the intake that it is of, unless that has one."""
    repository.link_intake(conn, json.loads(text)["dispute_id"], assessment_id)


@dataclass(frozen=True)
class Earlier:
    """The first answer to a case that came before."""

    dispute_id: str
    assessment_id: str
    text: str

    @property
    def view(self) -> audit.Event:
        """What the log is told when it is given again."""
        return audit.Event("view", self.dispute_id, self.assessment_id)


def _stored(state: State, key: Key, case: CaseIn, idempotency_key: str | None) -> str | None:
    with state.store.begin() as conn:
        take_turns_to_store(conn, [case])
        earlier = store(conn, key, case, idempotency_key)
        if earlier is None:
            return None
        audit.record_all(conn, [earlier.view])
        return earlier.text


def take_turns_to_store(conn: sa.Connection, cases: Iterable[CaseIn]) -> None:
    """Wait until nobody else is storing one of these cases, or a person of theirs.

    All at once, before the first row: of two batches about the same people in crossed order, each would else
    come to wait for a row of the other.
    """
    beside(conn)  # first here as in `serving.cases.placing.located`
    take_turns(conn, (name for case in cases for name in _turns(case)))


def _turns(case: CaseIn) -> Iterator[str]:
    yield case.dispute.dispute_id
    for person in case.persons:
        yield turn_of(person)


def turn_of(person: PersonRow) -> str:
    """The name by which whoever writes about a person takes turns."""
    return f"person {person.person_id}"


def store(conn: sa.Connection, key: Key, case: CaseIn, idempotency_key: str | None) -> Earlier | None:
    """Store the case; its first answer if it came before and was answered, else None.

    Parameters
    ----------
    conn
        In a transaction that has had its turn (`take_turns_to_store`).

    Raises
    ------
    Conflict, Forbidden, Invalid
        As `submit`.
    sqlalchemy.exc.IntegrityError
        If somebody else used the Idempotency-Key for another case at this very moment.
    """
    now, digest = now_micros(), _digest(case)
    dispute = stored(case.dispute, now)
    recorded = dispute["recorded_at"]
    persons = [stored(row, recorded) for row in case.persons]
    parties = [{"dispute_id": dispute["dispute_id"], **stored(row, recorded)} for row in case.parties]
    # Before anything else: what the service says of a case that came before is itself of that area.
    if key.area is not None and not reaches(conn, key, dispute["grid_id"]):
        raise Forbidden(OUTSIDE)
    spent = None if idempotency_key is None else requests.by_key(conn, key.key_id, idempotency_key)
    if spent is not None and (spent.target, spent.body_digest) != (_TARGET, digest):
        raise Conflict("The Idempotency-Key was used before, for another request.")
    earlier = repository.intake(conn, dispute["dispute_id"], idempotency_key)
    if earlier is not None:
        if not reaches(conn, key, repository.last_grid(conn, earlier.dispute_id)):
            raise Forbidden(OUTSIDE)
        if earlier.dispute_id != dispute["dispute_id"]:
            raise Conflict("The Idempotency-Key was used before, for another case.")
        if earlier.body_digest != digest:
            raise Conflict(
                "dispute_id was posted before with another body. "
                "To change a case: PATCH /v1/cases/{dispute_id}."
            )
        if idempotency_key not in (None, earlier.idempotency_key) and spent is None:
            # A second key for the same case stands for it, too.
            requests.add(
                conn,
                caller=key.key_id,
                idempotency_key=idempotency_key,
                target=_TARGET,
                body_digest=digest,
                work={"assess": []},
                now=now,
            )
        if earlier.assessment_id is not None:
            text = repository.answer_of(conn, earlier.assessment_id)
            return Earlier(earlier.dispute_id, earlier.assessment_id, text)
        return None
    errors = [
        *row_errors("disputes", [dispute], now, "dispute"),
        *row_errors("persons", persons, now, "persons[{}]"),
        *row_errors("parties", parties, now, "parties[{}]"),
    ]
    given = {"persons": [row["person_id"] for row in persons]}
    errors += reference_errors(conn, "disputes", [dispute], "dispute", given)
    errors += reference_errors(conn, "persons", persons, "persons[{}]", given)
    errors += reference_errors(conn, "parties", parties, "parties[{}]", given)
    errors += twice(parties, ("person_id", "role"), "parties[{}]")
    errors += twice(persons, ("person_id",), "persons[{}]")
    if errors:
        raise Invalid(errors)
    repository.add_intake(conn, dispute["dispute_id"], idempotency_key, digest, now)
    unscored.note(conn, dispute["dispute_id"], now)
    append_rows(conn, "persons", changed_persons(conn, key, persons), now, "persons[{}]")
    # A dispute that came by load is no new case: a POST may repeat it, never change it.
    append_rows(conn, "disputes", [dispute], now, "dispute", corrections=False)
    append_rows(conn, "parties", parties, now, "parties[{}]", corrections=False)
    return None


def changed_persons(conn: sa.Connection, key: Key, persons: Rows) -> Rows:
    """Persons that say something new: to name a known person again is no correction.

    Who lives outside of the key's area may be named, and not corrected.
    """
    known = repository.known_persons(conn, [row["person_id"] for row in persons])
    facts = ("birth_year", "sex", "grid_id")
    changed = [
        row
        for row in persons
        if row["person_id"] not in known or any(row[fact] != known[row["person_id"]][fact] for fact in facts)
    ]
    for row in changed:
        before = known.get(row["person_id"])
        if before is not None and not reaches(conn, key, before["grid_id"]):
            raise Forbidden("A person who lives outside of the key's area can't be changed with it.")
    return changed


def append_rows(
    conn: sa.Connection, table: str, rows: Rows, now: int, where: str, *, corrections: bool = True
) -> int:
    """Append rows; how many were new. A row that contradicts what stands is a conflict."""
    done = append(conn, table, rows, ingested_at=now, via="api")
    if done.faults:
        told = "; ".join(f"{error.field}: {error.reason}" for error in fault_errors(done.faults, where))
        raise Conflict(f"The store holds other values: {told}.")
    if done.corrected and not corrections:
        raise Conflict(
            "The store holds this dispute already, with other values. "
            "To change a case: PATCH /v1/cases/{dispute_id}."
        )
    return done.inserted + done.corrected


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


def _digest(case: CaseIn) -> str:
    """Of what the body says, whatever its spacing or the order of its fields."""
    said = case.model_dump(mode="json", exclude_unset=True)
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
