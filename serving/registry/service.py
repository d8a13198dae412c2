"""The risk-person registry (风险人员管理): who enters it and who leaves."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from docket.keys import Key
from docket.store.locking import beside, take_turns
from docket.times import now_micros, to_micros
from serving.cases import repository
from serving.cases.placing import Place, located, moment, settle, strangers
from serving.cases.service import OUTSIDE, Answer, append_rows
from serving.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from serving.registry.schemas import LeaveIn
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.rows import Rows, reference_errors, row_errors, stored
from serving.shapes import RegistryRow
from serving.state import State


def enter(state: State, key: Key, ask: Ask, entry: RegistryRow) -> Answer:
    """Put a party of a case into the registry and assess the case anew.

    Raises
    ------
    Forbidden
        If the key has an area and there is no such case in it.
    Conflict
        If the entry stands with other values, or the Idempotency-Key was used before.
    Invalid
        If a field breaks the contract, or the person is no party.
    """
    now = now_micros()
    row = stored(entry, now)
    with state.store.begin() as conn:
        place = _place(conn, key, row["dispute_id"], now)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            errors = row_errors("registry", [row], now, "entry")
            errors += reference_errors(conn, "registry", [row], "entry", {})
            parties = repository.parties_of(conn, place.home) | repository.parties_of(conn, place.named)
            errors += strangers([row], parties, "entry")
            if errors:
                raise Invalid([error.model_copy(update={"field": error.field[6:]}) for error in errors])
            take_turns(conn, [entry.entry_id])
            standing = repository.latest_rows(conn, "registry", [entry.entry_id]).get(entry.entry_id, {})
            # Who left since was entered all the same: the entry sent again says nothing of the leaving.
            rows: Rows = [{**row, **{name: standing.get(name) for name in ("left_at", "left_recorded_at")}}]
            settle(conn, "registry", rows, [entry], owner="dispute_id", home=place.home)
            as_of = moment(conn, place, (rows,))
            new = append_rows(conn, "registry", rows, now, "entry")
            taken = note(conn, ask, new=bool(new), assess=[(place.home, as_of)])
    return answered(state, key, taken)


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
        beside(conn)
        take_turns(conn, [entry_id])
        standing = repository.latest_rows(conn, "registry", [entry_id]).get(entry_id)
        if standing is None:
            raise NotFound(_NO_ENTRY)
        try:
            place = located(conn, key, standing["dispute_id"], now)
        except NotFound as error:
            raise NotFound(_NO_ENTRY) from error
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
            recorded = max(now, standing["recorded_at"] + 1)
            rows = [{**standing, "left_at": left, "left_recorded_at": now, "recorded_at": recorded}]
            as_of = moment(conn, place, (rows if new else [],))
            if new:
                append_rows(conn, "registry", rows, now, "entry")
            taken = note(conn, ask, new=new, assess=[(place.home, as_of)])
    return answered(state, key, taken)


_NO_ENTRY: Final = "There is no such entry in the key's area."
