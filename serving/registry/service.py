"""The risk-person registry (风险人员管理): who enters it, who leaves, and what was entered wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket import audit, registry
from docket.keys import Key
from docket.store.locking import beside, take_turns
from docket.text import prepare
from docket.times import local_day, now_micros, to_micros
from serving.cases import repository
from serving.cases.placing import Place, located, moment, settle, strangers
from serving.cases.service import Answer
from serving.cases.storing import OUTSIDE, append_rows
from serving.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from serving.registry.schemas import CorrectIn, EntryIn, LeaveIn
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.rows import Known, Rows, reference_errors, row_errors, stored
from serving.state import State
from serving.unscored import repository as unscored
from serving.visits import repository as visits
from serving.webhooks import service as webhooks

NO_ENTRY: Final = "There is no such entry in the key's area."
NEEDS_GUARDIAN: Final = "needed for whoever may be under 14"


def enter(state: State, key: Key, ask: Ask, entry: EntryIn) -> Answer:
    """Put a party of a case into the registry and assess the case anew.

    Raises
    ------
    Forbidden
        If the key has an area and there is no such case in it.
    Conflict
        If the entry stands with other values, or the Idempotency-Key was used before.
    Invalid
        If a field breaks the contract, the person is no party, or may be under 14 and no guardian knows.
    """
    now = now_micros()
    row = stored(entry, now)
    guardian, reason = row.pop("guardian_informed"), row.pop("reason")
    with state.store.begin() as conn:
        place = _place(conn, key, row["dispute_id"], now)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            errors = row_errors("registry", [row], now, "entry")
            errors += reference_errors(Known(conn), "registry", [row], "entry", {})
            parties = repository.parties_of(conn, place.home) | repository.parties_of(conn, place.named)
            errors += strangers([row], parties, "entry")
            errors = [error.model_copy(update={"field": error.field[6:]}) for error in errors]
            if not guardian and may_be_child(conn, row["person_id"], now):
                errors.append(FieldError(field="guardian_informed", reason=NEEDS_GUARDIAN, expected="true"))
            if errors:
                raise Invalid(errors)
            take_turns(conn, [entry.entry_id])
            standing = repository.latest_rows(conn, "registry", [entry.entry_id]).get(entry.entry_id, {})
            # Who left since was entered all the same: the entry sent again says nothing of the leaving.
            rows: Rows = [{**row, **{name: standing.get(name) for name in ("left_at", "left_recorded_at")}}]
            settle(conn, "registry", rows, [entry], owner="dispute_id", home=place.home)
            as_of = moment(conn, place, (rows,))
            if append_rows(conn, "registry", rows, now, "entry"):
                what: registry.What = "corrected" if standing else "entered"
                said = None if reason is None else prepare(reason).text
                did = Change(what, rows[0], key.key_id, said, now, guardian or None)
                taken = changed(conn, ask, place, did, as_of)
            else:
                taken = note(conn, ask, new=False, assess=[(place.home, as_of)])
    return answered(state, key, taken)


def may_be_child(conn: sa.Connection, person_id: str, now: int) -> bool:
    """Whether a person may be under 14 at a moment."""
    person = repository.known_persons(conn, [person_id]).get(person_id)
    return person is not None and registry.may_be_child(person["birth_year"], local_day(now).year)


def _place(conn: sa.Connection, key: Key, dispute_id: str, now: int) -> Place:
    try:
        return located(conn, key, dispute_id, now)
    except NotFound as error:
        if key.area is not None:
            raise Forbidden(OUTSIDE) from error
        raise Invalid([FieldError(field="dispute_id", reason="dangling reference")]) from error


def leave(state: State, key: Key, ask: Ask, entry_id: str, asked: LeaveIn) -> Answer:
    """Let somebody leave the registry and assess the case anew.

    Raises
    ------
    NotFound
        If there is no such entry of a case in the key's area.
    Conflict
        If the person left at another time, or the Idempotency-Key was used before.
    Invalid
        If the leaving lies in the future or before the entering.
    """
    now = now_micros()
    left = now if asked.left_at is None else to_micros(asked.left_at)
    with state.store.begin() as conn:
        standing, place = standing_entry(conn, key, entry_id, now)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            if not standing["entered_at"] <= left <= now:
                expected = "from entered_at until now"
                raise Invalid([FieldError(field="left_at", reason="out of range", expected=expected)])
            new = standing["left_at"] is None
            if not new and asked.left_at is not None and standing["left_at"] != left:
                raise Conflict("The person left before, at another time.")
            if new:
                did = Change.of("left", standing, key, now, asked.reason, left_at=left, left_recorded_at=now)
                taken = appended(conn, ask, place, did)
            else:
                taken = note(conn, ask, new=False, assess=[(place.home, moment(conn, place, ()))])
    return answered(state, key, taken)


def correct(state: State, key: Key, ask: Ask, entry_id: str, asked: CorrectIn) -> Answer:
    """Say what an entry should have said, and assess anew whatever was read from it.

    Raises
    ------
    NotFound
        If there is no such entry of a case in the key's area.
    Conflict
        If the Idempotency-Key was used before.
    Invalid
        If nothing is said otherwise, or the entering would lie in the future or after the leaving.
    """
    now = now_micros()
    said: dict[str, Any] = {}
    if asked.category is not None:
        said["category"] = asked.category
    if asked.entered_at is not None:
        said["entered_at"] = to_micros(asked.entered_at)
    if not said:
        raise Invalid([FieldError(field="category", reason="missing value", expected="what changes")])
    with state.store.begin() as conn:
        standing, place = standing_entry(conn, key, entry_id, now)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            latest = now if standing["left_at"] is None else standing["left_at"]
            if said.get("entered_at", 0) > latest:
                expected = "not after the leaving, nor after now"
                raise Invalid([FieldError(field="entered_at", reason="out of range", expected=expected)])
            if all(standing[name] == value for name, value in said.items()):
                taken = note(conn, ask, new=False, assess=[(place.home, moment(conn, place, ()))])
            else:
                did = Change.of("corrected", standing, key, now, asked.reason, **said)
                taken = appended(conn, ask, place, did)
    return answered(state, key, taken)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an entry.

    Attributes
    ----------
    what
        Of it.
    row
        The entry's version from now on.
    by, said, at, guardian
        As `docket.registry.note` takes them.
    """

    what: registry.What
    row: Mapping[str, Any]
    by: str
    said: str | None
    at: int
    guardian: bool | None = None

    @classmethod
    def of(
        cls,
        what: registry.What,
        standing: Mapping[str, Any],
        key: Key,
        now: int,
        reason: str | None,
        **said: Any,
    ) -> Change:
        """What an entry says otherwise, recorded now or right after what it corrects."""
        row = {**standing, **said, "recorded_at": max(now, standing["recorded_at"] + 1)}
        return cls(what, row, key.key_id, None if reason is None else prepare(reason).text, now)


def standing_entry(
    conn: sa.Connection, key: Key, entry_id: str, now: int, *, removed: bool = False
) -> tuple[dict[str, Any], Place]:
    """An entry as it stands and its case; nobody else changes it until the transaction ends.

    Parameters
    ----------
    removed
        Whether one that was removed will do.

    Raises
    ------
    NotFound
        If there is no such entry of a case in the key's area.
    """
    beside(conn)
    take_turns(conn, [entry_id])
    standing = registry.entry(conn, entry_id, removed=removed)
    if standing is None:
        raise NotFound(NO_ENTRY)
    try:
        return standing, located(conn, key, standing["dispute_id"], now)
    except NotFound as error:
        raise NotFound(NO_ENTRY) from error


def appended(
    conn: sa.Connection, ask: Ask, place: Place, did: Change, answer: Mapping[str, Any] | None = None
) -> Taken:
    """Append the entry's next version, and all that follows from it."""
    as_of = moment(conn, place, ([dict(did.row)],))
    append_rows(conn, "registry", [dict(did.row)], did.at, "entry")
    return changed(conn, ask, place, did, as_of, answer)


def changed(
    conn: sa.Connection,
    ask: Ask,
    place: Place,
    did: Change,
    as_of: int,
    answer: Mapping[str, Any] | None = None,
) -> Taken:
    """Tell the community, note what is to be assessed anew, and log it.

    The case is assessed before the caller is answered; whatever else is open about the person is noted as
    unscored, and scored anew in the background.
    """
    registry.note(conn, did.row, did.what, said=did.said, by=did.by, at=did.at, guardian=did.guardian)
    person = str(did.row["person_id"])
    grid = visits.grids_of(conn, [person])[person]
    # The outbox before what is unscored, as whoever assesses takes them; and the cases in one order.
    webhooks.entry_changed(conn, did.row, did.what, grid_id=grid, at=did.at)
    for name in sorted({place.home, *visits.cases_of(conn, [person], did.at)}):
        unscored.note(conn, name, did.at)
    taken = note(conn, ask, new=True, assess=[(place.home, as_of)], answer=answer)
    detail = {"what": did.what, "category": did.row["category"]}
    audit.record(conn, "registry", case=place.home, subject=str(did.row["entry_id"]), detail=detail)
    return taken
