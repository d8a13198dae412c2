"""What people decide about a case: its colour, who has it, and that it was none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from docket import audit, urging
from docket.keys import Key
from docket.store.clock import database_now
from docket.store.locking import BusyError, alone, take_turns
from docket.store.merged import merges_into
from docket.store.withdrawing import withdraw as end
from docket.text import prepare
from docket.times import now_micros, rfc3339, to_micros
from serving.access import reaches
from serving.cases import repository as cases
from serving.cases.placing import located
from serving.cases.service import Answer
from serving.decisions import repository
from serving.decisions.schemas import ApprovalIn, DecisionIn, UnitIn, WithdrawIn
from serving.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Unavailable
from serving.queue.board import URGENCY, goes_by, show_on_board
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State
from serving.urgings.following import follow
from serving.webhooks import service as webhooks

ANEW: Final = "The case was assessed anew since: decide on the latest assessment."
NOTHING_WAITS: Final = "Nothing waits for a second person, or it is about another assessment."
ANOTHER: Final = "Another person than the one who proposed it has to agree."


def decide(state: State, key: Key, ask: Ask, dispute_id: str, asked: DecisionIn) -> Answer:
    """Keep what a person decided about the latest assessment's colour, beside what it recommends.

    What would lower a red case waits until another person agrees (`approve`).

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
        taken = (
            Taken(earlier, new=False) if earlier else _decided(conn, state, key, ask, dispute_id, asked, now)
        )
    return answered(state, key, taken)


def _decided(
    conn: sa.Connection, state: State, key: Key, ask: Ask, dispute_id: str, asked: DecisionIn, now: int
) -> Taken:
    take_turns(conn, [f"board {dispute_id}"])
    recommended = repository.assessed_as(conn, dispute_id, asked.assessment_id)
    if recommended is None:
        raise Invalid([FieldError(field="assessment_id", reason="not an assessment of the case")])
    gone_by = goes_by(conn, dispute_id)
    stands = recommended if gone_by is None else gone_by[0]
    lowers = URGENCY[asked.colour] > URGENCY[stands]
    reason = None if asked.reason is None else prepare(asked.reason).text
    before = repository.decisions(conn, dispute_id)
    lowering = repository.waiting(conn, dispute_id)
    said = {"assessment_id": asked.assessment_id, "colour": asked.colour, "reason": reason}
    latest = lowering if lowering is not None else before[-1] if before else None
    if latest is not None and all(latest[name] == value for name, value in said.items()):
        kept = before[-1] if lowering is None else repository.told_lowering(lowering)
        return note(conn, ask, new=False, answer=kept)
    if cases.latest_assessment(conn, dispute_id) != asked.assessment_id:
        raise Conflict(ANEW)
    if asked.reason is None and (lowers or asked.colour != recommended):
        raise Invalid([FieldError(field="reason", reason="missing value", expected="why it is overridden")])
    if lowering is not None:
        repository.end_lowering(conn, dispute_id, "replaced", by=key.key_id, now=now)
    values = {
        **said,
        "dispute_id": dispute_id,
        "recommended": recommended,
        "by": key.key_id,
        "opened_at": repository.opened(conn, dispute_id, asked.assessment_id, key.key_id),
    }
    if lowers and stands == "red":
        # One person alone lowers no red case: it stays red until another has agreed.
        repository.add_lowering(conn, proposed_at=now, **values)
        answer = repository.told_lowering({**values, "proposed_at": now})
        taken = note(conn, ask, new=True, answer=answer)
        told = {"recommended": recommended, "colour": asked.colour}
        audit.record(conn, "propose", case=dispute_id, subject=asked.assessment_id, detail=told)
        return taken
    return _settled(conn, state, ask, now, values)


def _settled(conn: sa.Connection, state: State, ask: Ask, now: int, values: Mapping[str, Any]) -> Taken:
    """Keep a decision that stands from now on, and tell of it."""
    dispute_id, assessment_id = values["dispute_id"], values["assessment_id"]
    recommended, colour = values["recommended"], values["colour"]
    repository.add_decision(conn, decided_at=now, **values)
    moment = database_now(conn)
    follow(conn, state.settings.ladder, show_on_board(conn, [dispute_id], moment), now=moment)
    taken = note(conn, ask, new=True, answer=repository.decisions(conn, dispute_id)[-1])
    webhooks.decided(
        conn,
        dispute_id=dispute_id,
        decision_id=f"{dispute_id}:{now}",
        assessment_id=assessment_id,
        colour=colour,
        recommended=recommended,
        decided_at=now,
    )
    told = {"recommended": recommended, "colour": colour}
    if values.get("approved_by"):
        told["proposed_by"] = values["by"]
    audit.record(conn, "decide", case=dispute_id, subject=assessment_id, detail=told)
    return taken


def waits(answer: Answer) -> bool:
    """Whether what was decided waits for a second person."""
    return bool(json.loads(answer.text).get("state") == "waiting")


def approve(state: State, key: Key, ask: Ask, dispute_id: str, asked: ApprovalIn) -> Answer:
    """Let another person agree that a red case is lowered, or refuse it; who proposed it may take it back.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Forbidden
        If who proposed it would agree to it.
    Conflict
        If nothing waits, or the case was assessed anew since.
    Invalid
        If it is refused without a reason.
    """
    now = now_micros()
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now, own=True)
        earlier = found(conn, ask)
        taken = (
            Taken(earlier, new=False) if earlier else _approved(conn, state, key, ask, dispute_id, asked, now)
        )
    return answered(state, key, taken)


def _approved(
    conn: sa.Connection, state: State, key: Key, ask: Ask, dispute_id: str, asked: ApprovalIn, now: int
) -> Taken:
    take_turns(conn, [f"board {dispute_id}"])
    lowering = repository.waiting(conn, dispute_id)
    if lowering is None or lowering["assessment_id"] != asked.assessment_id:
        said = None if asked.reason is None else prepare(asked.reason).text
        ends = "approved" if asked.approve else "refused"
        ended = repository.ended(conn, dispute_id, asked.assessment_id)
        if ended is None or (ended["state"], ended["ended_by"]) != (ends, key.key_id):
            raise Conflict(NOTHING_WAITS)
        if not asked.approve and ended["end_reason"] != said:
            raise Conflict(NOTHING_WAITS)
        kept = repository.decisions(conn, dispute_id)[-1] if asked.approve else None
        told = repository.told_lowering(ended, ends) if kept is None else kept
        return note(conn, ask, new=False, answer=told)
    if not asked.approve:
        if asked.reason is None:
            raise Invalid([FieldError(field="reason", reason="missing value", expected="why it is refused")])
        reason = prepare(asked.reason).text
        repository.end_lowering(conn, dispute_id, "refused", by=key.key_id, now=now, reason=reason)
        taken = note(conn, ask, new=True, answer=repository.told_lowering(lowering, "refused"))
        told = {"colour": lowering["colour"], "proposed_by": lowering["by"]}
        audit.record(conn, "refuse", case=dispute_id, subject=asked.assessment_id, detail=told)
        return taken
    if lowering["by"] == key.key_id:
        raise Forbidden(ANOTHER)
    if cases.latest_assessment(conn, dispute_id) != asked.assessment_id:
        raise Conflict(ANEW)
    repository.end_lowering(conn, dispute_id, "approved", by=key.key_id, now=now)
    names = ("dispute_id", "assessment_id", "recommended", "colour", "reason", "by", "opened_at")
    return _settled(
        conn, state, ask, now, {**{name: lowering[name] for name in names}, "approved_by": key.key_id}
    )


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
            take_turns(conn, [f"board {dispute_id}"])
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
            urging.end_case(conn, dispute_id, now=now)
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
