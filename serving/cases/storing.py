"""Storing cases: what becomes of each is decided one by one, and those that are new are written together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket import audit
from docket.keys import Key
from docket.store.locking import beside, take_turns
from docket.store.writing import append
from docket.times import now_micros
from serving.access import reaches
from serving.cases import intakes, repository
from serving.cases.placing import twice
from serving.cases.schemas import CaseIn
from serving.errors import Conflict, Forbidden, Invalid
from serving.repeats import repository as requests
from serving.rows import Known, Rows, fault_errors, reference_errors, row_errors, stored
from serving.shapes import PersonRow
from serving.unscored import repository as unscored

_TARGET: Final = "POST /v1/cases"
OUTSIDE: Final = "The dispute's grid lies outside of the key's area."


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


@dataclass(frozen=True)
class New:
    """A case to be written: its rows, of persons those that say something new."""

    intake: intakes.Intake
    dispute: dict[str, Any]
    persons: Rows
    parties: Rows


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


class Storing:
    """Some cases on their way into the store, and what they need to know of it, read once for all of them.

    Parameters
    ----------
    conn
        In a transaction that has had its turn (`take_turns_to_store`).
    cases
        Each of another dispute.
    """

    def __init__(self, conn: sa.Connection, key: Key, cases: Sequence[CaseIn]) -> None:
        self._conn, self._key, self._now = conn, key, now_micros()
        self._taken = intakes.taken_before(conn, [case.dispute.dispute_id for case in cases])
        people = [row.person_id for case in cases for row in case.persons]
        self._persons = repository.known_persons(conn, people)
        self._known = Known(conn)
        placed: list[Any] = [row for case in cases for row in (case.dispute, *case.persons)]
        parties: list[Any] = [row for case in cases for row in case.parties]
        named = {row.person_id for row in parties}
        self._known.look_up("grids", {row.grid_id for row in placed} - {None})
        self._known.look_up("persons", [*people, *named])
        self._reached: dict[str, bool] = {}

    def decide(self, case: CaseIn, idempotency_key: str | None) -> New | Earlier | None:
        """What is to be written of a case, taken for written from now on; or, if it came before, its answer.

        None: it came before, and wasn't answered.

        Raises
        ------
        Conflict, Forbidden, Invalid
            As `serving.cases.service.submit`.
        """
        now, digest = now_micros(), _digest(case)
        dispute = stored(case.dispute, now)
        recorded = dispute["recorded_at"]
        # Before anything else: what the service says of a case that came before is itself of that area.
        if self._key.area is not None and not self._reaches(dispute["grid_id"]):
            raise Forbidden(OUTSIDE)
        if idempotency_key is not None or dispute["dispute_id"] in self._taken:
            found = self._before(dispute["dispute_id"], idempotency_key, digest, now)
            if found is not None:
                return None if found.assessment_id is None else self._answered(found)
        persons = [stored(row, recorded) for row in case.persons]
        parties = [{"dispute_id": dispute["dispute_id"], **stored(row, recorded)} for row in case.parties]
        errors = [
            *row_errors("disputes", [dispute], now, "dispute"),
            *row_errors("persons", persons, now, "persons[{}]"),
            *row_errors("parties", parties, now, "parties[{}]"),
        ]
        given = {"persons": [row["person_id"] for row in persons]}
        errors += reference_errors(self._known, "disputes", [dispute], "dispute", given)
        errors += reference_errors(self._known, "persons", persons, "persons[{}]", given)
        errors += reference_errors(self._known, "parties", parties, "parties[{}]", given)
        errors += twice(parties, ("person_id", "role"), "parties[{}]")
        errors += twice(persons, ("person_id",), "persons[{}]")
        if errors:
            raise Invalid(errors)
        changed = changed_persons(self._persons, persons, self._reaches)
        self._persons |= {row["person_id"]: row for row in changed}
        self._known.brought("persons", [row["person_id"] for row in changed])
        intake = intakes.Intake(dispute["dispute_id"], idempotency_key, digest)
        return New(intake, dispute, changed, parties)

    def write(self, cases: Sequence[New]) -> None:
        """Write new cases.

        Raises
        ------
        Conflict
            If one of them says otherwise than the store.
        sqlalchemy.exc.IntegrityError
            If somebody else used the Idempotency-Key for another case at this very moment.
        """
        if not cases:
            return
        conn, now = self._conn, self._now
        persons = [row for case in cases for row in case.persons]
        parties = [row for case in cases for row in case.parties]
        intakes.add_intakes(conn, [case.intake for case in cases], now)
        unscored.note_all(conn, [case.intake.dispute_id for case in cases], now)
        append_rows(conn, "persons", persons, now, "persons[{}]")
        # A dispute that came by load is no new case: a POST may repeat it, never change it.
        append_rows(conn, "disputes", [case.dispute for case in cases], now, "dispute", corrections=False)
        append_rows(conn, "parties", parties, now, "parties[{}]", corrections=False)

    def _before(
        self, dispute_id: str, idempotency_key: str | None, digest: str, now: int
    ) -> intakes.Intake | None:
        """The intake that the case, or the key, came with before."""
        conn, key = self._conn, self._key
        spent = None if idempotency_key is None else requests.by_key(conn, key.key_id, idempotency_key)
        if spent is not None and (spent.target, spent.body_digest) != (_TARGET, digest):
            raise Conflict("The Idempotency-Key was used before, for another request.")
        earlier = intakes.intake(conn, dispute_id, idempotency_key)
        if earlier is None:
            return None
        if not reaches(conn, key, repository.last_grid(conn, earlier.dispute_id)):
            raise Forbidden(OUTSIDE)
        if earlier.dispute_id != dispute_id:
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
        return earlier

    def _answered(self, found: intakes.Intake) -> Earlier:
        assessment_id = str(found.assessment_id)
        return Earlier(found.dispute_id, assessment_id, repository.answer_of(self._conn, assessment_id))

    def _reaches(self, grid_id: str) -> bool:
        if grid_id not in self._reached:
            self._reached[grid_id] = reaches(self._conn, self._key, grid_id)
        return self._reached[grid_id]


def changed_persons(
    known: Mapping[str, Mapping[str, Any]], persons: Rows, reached: Callable[[str], bool]
) -> Rows:
    """Persons that say something new: to name a known person again is no correction.

    Who lives outside of the key's area may be named, and not corrected.

    Parameters
    ----------
    known
        The latest version of each that is known.
    reached
        Whether a grid lies in the key's area.
    """
    facts = ("birth_year", "sex", "grid_id")
    changed = [
        row
        for row in persons
        if row["person_id"] not in known or any(row[fact] != known[row["person_id"]][fact] for fact in facts)
    ]
    for row in changed:
        before = known.get(row["person_id"])
        if before is not None and not reached(before["grid_id"]):
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


def _digest(case: CaseIn) -> str:
    """Of what the body says, whatever its spacing or the order of its fields."""
    said = case.model_dump(mode="json", exclude_unset=True)
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
