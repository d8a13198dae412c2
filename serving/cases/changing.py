"""A later narrative or party: further rows beside those that stand, then the case is assessed anew."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from docket.contract import BY_NAME
from docket.keys import Key
from docket.store.locking import take_turns
from docket.times import now_micros, to_micros
from serving.access import reaches
from serving.cases import repository
from serving.cases.placing import located, moment, twice
from serving.cases.schemas import Changed, ChangeIn
from serving.cases.service import Answer
from serving.cases.storing import OUTSIDE, append_rows, changed_persons, turn_of
from serving.errors import FieldError, Forbidden, Invalid
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.rows import Known, Rows, reference_errors, row_errors, stored
from serving.state import State

_FIELDS: Final = ("kind", "grid_id", "text", "amount_cny")


def change(state: State, key: Key, ask: Ask, dispute_id: str, asked: ChangeIn) -> Answer:
    """Keep what a case's record says otherwise now, and assess it anew.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Forbidden
        If it would lie outside of the key's area then, or a person changed does.
    Conflict
        If a later version stands already, the case was merged, or the Idempotency-Key was used before.
    Invalid
        If a field breaks the contract, or nothing is said.
    """
    now = now_micros()
    with state.store.begin() as conn:
        place = located(conn, key, dispute_id, now, own=True)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            # of two changes at once the second sees the first
            take_turns(conn, [dispute_id, *map(turn_of, asked.persons)])
            said = set(_FIELDS) & asked.dispute.model_fields_set
            errors = [
                FieldError(field=f"dispute.{name}", reason="missing value")
                for name in sorted(said)
                if getattr(asked.dispute, name) is None and not BY_NAME["disputes"].column(name).nullable
            ]
            if not said and not asked.persons and not asked.parties:
                errors.append(FieldError(field="dispute", reason="missing value", expected="what changes"))
            if errors:
                raise Invalid(errors)
            # A correction comes after what it corrects, though the clock may have been set back since.
            here = max(now, repository.present(conn, dispute_id, now) + 1)
            recorded = here if asked.dispute.recorded_at is None else to_micros(asked.dispute.recorded_at)
            disputes = _dispute(conn, dispute_id, asked.dispute, said, recorded)
            persons = [stored(row, recorded) for row in asked.persons]
            parties = [{"dispute_id": dispute_id, **stored(row, recorded)} for row in asked.parties]
            _check(conn, disputes, persons, parties, here)
            if any(not reaches(conn, key, row["grid_id"]) for row in disputes):
                raise Forbidden(OUTSIDE)
            known = repository.known_persons(conn, [row["person_id"] for row in persons])
            persons = changed_persons(known, persons, lambda grid: reaches(conn, key, grid))
            parties = _changed_parties(conn, dispute_id, parties)
            as_of = moment(conn, place, (disputes, persons, parties))
            new = append_rows(conn, "persons", persons, now, "persons[{}]")
            new += append_rows(conn, "disputes", disputes, now, "dispute")
            new += append_rows(conn, "parties", parties, now, "parties[{}]")
            taken = note(conn, ask, new=bool(new), assess=[(dispute_id, as_of)])
    return answered(state, key, taken)


def _dispute(conn: sa.Connection, dispute_id: str, asked: Changed, said: set[str], recorded: int) -> Rows:
    """The next version of the dispute's row; none if nothing that is said differs."""
    standing = repository.latest_rows(conn, "disputes", [dispute_id])[dispute_id]
    values: dict[str, Any] = {name: getattr(asked, name) for name in said}
    if all(standing[name] == value for name, value in values.items()):
        return []
    return [{**standing, **values, "recorded_at": recorded}]


def _check(conn: sa.Connection, disputes: Rows, persons: Rows, parties: Rows, now: int) -> None:
    errors = [
        *row_errors("disputes", disputes, now, "dispute"),
        *row_errors("persons", persons, now, "persons[{}]"),
        *row_errors("parties", parties, now, "parties[{}]"),
    ]
    given, known = {"persons": [row["person_id"] for row in persons]}, Known(conn)
    errors += reference_errors(known, "disputes", disputes, "dispute", given)
    errors += reference_errors(known, "persons", persons, "persons[{}]", given)
    errors += reference_errors(known, "parties", parties, "parties[{}]", given)
    errors += twice(parties, ("person_id", "role"), "parties[{}]")
    errors += twice(persons, ("person_id",), "persons[{}]")
    if errors:
        raise Invalid(errors)


def _changed_parties(conn: sa.Connection, dispute_id: str, parties: Rows) -> Rows:
    """Parties that say something new: to name one again as it stands is no correction."""
    standing = repository.relations(conn, dispute_id)
    return [row for row in parties if standing.get((row["person_id"], row["role"])) != row["relation"]]
