"""What people decide about a case: its colour, who has it, and that it was none."""

from __future__ import annotations

import sqlalchemy as sa

from docket import audit
from docket.keys import Key
from docket.store.locking import BusyError, alone
from docket.store.merged import merges_into
from docket.store.withdrawing import withdraw as end
from docket.text import prepare
from docket.times import now_micros, rfc3339, to_micros
from serving.access import reaches
from serving.cases import repository as cases
from serving.cases.placing import located
from serving.cases.service import Answer
from serving.decisions import repository
from serving.decisions.schemas import DecisionIn, UnitIn, WithdrawIn
from serving.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State
from serving.webhooks import service as webhooks


def decide(state: State, key: Key, ask: Ask, dispute_id: str, asked: DecisionIn) -> Answer:
    """Keep what a person decided about the latest assessment's colour, beside what it recommends.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If the case was assessed anew since, or merged, or the Idempotency-Key was used before.
    Invalid
        If there is no such assessment of the case, or a reason is missing.
    """
    now = now_micros()
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now, own=True)
        earlier = found(conn, ask)
        taken = Taken(earlier, new=False) if earlier else _decided(conn, key, ask, dispute_id, asked, now)
    return answered(state, key, taken)


def _decided(conn: sa.Connection, key: Key, ask: Ask, dispute_id: str, asked: DecisionIn, now: int) -> Taken:
    cases.take_turns(conn, [f"board {dispute_id}"])
    recommended = repository.assessed_as(conn, dispute_id, asked.assessment_id)
    if recommended is None:
        raise Invalid([FieldError(field="assessment_id", reason="not an assessment of the case")])
    if asked.reason is None and asked.colour != recommended:
        raise Invalid([FieldError(field="reason", reason="missing value", expected="why it is overridden")])
    reason = None if asked.reason is None else prepare(asked.reason).text
    before = repository.decisions(conn, dispute_id)
    said = {"assessment_id": asked.assessment_id, "colour": asked.colour, "reason": reason}
    new = not before or any(before[-1][name] != value for name, value in said.items())
    if new:
        if cases.latest_assessment(conn, dispute_id) != asked.assessment_id:
            raise Conflict("The case was assessed anew since: decide on the latest assessment.")
        values = {**said, "dispute_id": dispute_id, "recommended": recommended, "by": key.key_id}
        repository.add_decision(conn, decided_at=now, **values)
        cases.show_on_board(conn, dispute_id)
    kept = repository.decisions(conn, dispute_id)[-1]
    taken = note(conn, ask, new=new, answer=kept)
    if new:
        webhooks.decided(
            conn,
            dispute_id=dispute_id,
            decision_id=f"{dispute_id}:{now}",
            assessment_id=asked.assessment_id,
            colour=asked.colour,
            recommended=recommended,
            decided_at=now,
        )
        told = {"recommended": recommended, "colour": asked.colour}
        audit.record(conn, "decide", case=dispute_id, subject=asked.assessment_id, detail=told)
    return taken


def take_on(state: State, key: Key, ask: Ask, dispute_id: str, asked: UnitIn) -> Answer:
    """Keep which unit took a case and when.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If it was merged, or the Idempotency-Key was used before.
    Invalid
        If the unit took it in the future, or before it was opened.
    """
    now = now_micros()
    at = now if asked.taken_at is None else to_micros(asked.taken_at)
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now, own=True)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            if at > now:
                raise Invalid(
                    [FieldError(field="taken_at", reason="out of range", expected="a time that has passed")]
                )
            cases.take_turns(conn, [f"board {dispute_id}"])
            before = repository.unit(conn, dispute_id)
            same = before is not None and before["unit"] == asked.unit
            new = not same or (
                asked.taken_at is not None and before != {"unit": asked.unit, "taken_at": rfc3339(at)}
            )
            if new:
                repository.add_unit(
                    conn, dispute_id=dispute_id, unit=asked.unit, taken_at=at, by=key.key_id, recorded_at=now
                )
            taken = note(conn, ask, new=new, answer=repository.unit(conn, dispute_id))
            if new:
                audit.record(conn, "assign", case=dispute_id)
    return answered(state, key, taken)


def withdraw(state: State, key: Key, ask: Ask, dispute_id: str, asked: WithdrawIn) -> Answer:
    """Take a case back: from now on it counts in nothing, and the reason is kept.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If it was withdrawn for another reason, was merged or others were merged into it, harm came of it, or
        it stands in the registry.
    Unavailable
        If somebody else is merging or loading.
    """
    now = now_micros()
    reason = prepare(asked.reason).text
    with state.store.begin() as conn:
        try:
            alone(conn)
            earlier, standing = None, repository.withdrawn(conn, dispute_id)
            if standing is not None:
                if not reaches(conn, key, cases.last_grid(conn, dispute_id)):
                    raise NotFound()
                earlier = found(conn, ask)
                if earlier is None and standing["reason"] != reason:
                    raise Conflict("The case was withdrawn before, for another reason.")
            else:
                located(conn, key, dispute_id, now, own=True)
                earlier = found(conn, ask)
                _may_end(conn, dispute_id)
                at = end(conn, dispute_id, now=now)
                values = {"dispute_id": dispute_id, "reason": reason, "by": key.key_id, "recorded_at": at}
                repository.add_withdrawal(conn, **values)
        except BusyError as error:
            raise Unavailable("Somebody else is merging or loading. Send the same request again.") from error
        new = standing is None
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            taken = note(conn, ask, new=new, answer=repository.withdrawn(conn, dispute_id))
        if new:
            webhooks.gone(conn, dispute_id)
            audit.record(conn, "withdraw", case=dispute_id)
    return answered(state, key, taken)


def _may_end(conn: sa.Connection, dispute_id: str) -> None:
    if merges_into(conn, dispute_id):
        raise Conflict("Another case was merged into this one: part them first.")
    for table, what in (
        ("outcomes", "Harm came of it"),
        ("registry", "It stands in the registry"),
    ):
        if repository.has_rows(conn, table, dispute_id):
            raise Conflict(f"{what}: the case can't be withdrawn. Close it by an event.")
