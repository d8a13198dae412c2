"""What webhooks are told, decided in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from docket.outbox import Message, put, withdraw, withdraw_case
from docket.outbox.endpoints import list_endpoints
from docket.store.locking import take_turns
from docket.times import DAY, MINUTE, now_micros, parse_instant, rfc3339
from serving.cases.repository import dispute, last_grid, latest, present
from serving.deadlines.service import is_closed, met
from serving.webhooks.schemas import (
    ColourData,
    ColourMessage,
    DeadlineData,
    DeadlineMessage,
    DecisionData,
    DecisionMessage,
    RegistryData,
    RegistryMessage,
    SlipData,
    SlipMessage,
)


def before(conn: sa.Connection, dispute_id: str) -> sa.RowMapping | None:
    """The latest assessment until now; call it before the new one is kept, `assessed` after.

    Whoever assesses the same case at this moment waits for the transaction to end, so that each change of
    colour is told once.
    """
    # As whoever decides does it, before the outbox: in one order nobody waits for one who waits for him.
    take_turns(conn, [f"board {dispute_id}"])
    return latest(conn, dispute_id)


def assessed(
    conn: sa.Connection,
    answer: Mapping[str, Any],
    earlier: sa.RowMapping | None,
    *,
    notice_minutes: int,
    kept_days: int,
) -> None:
    """Tell of an assessment that gives a colour or changes it, and plan its deadlines.

    Parameters
    ----------
    conn
        In the transaction that keeps the assessment.
    earlier
        Of `before`.
    notice_minutes
        How long before a deadline it is told of.
    kept_days
        How long what was told is known.
    """
    now, case = now_micros(), str(answer["dispute_id"])
    as_of = parse_instant(answer["as_of"])
    if not list_endpoints(conn) or (earlier is not None and as_of < earlier["as_of"]):
        return  # nobody is told; and an assessment of an earlier moment changes nothing
    colour = answer["colour"]
    messages = []
    if colour != ("none" if earlier is None else earlier["colour"]):
        data = ColourData.model_validate(
            {name: answer[name] for name in ColourData.model_fields if name != "previous"}
            | {"previous": None if earlier is None else earlier["colour"]}
        )
        body = ColourMessage(timestamp=rfc3339(now), data=data).model_dump()
        messages.append(Message("colour", case, f"colour:{answer['assessment_id']}", body, now))
    planned = (
        []
        if is_closed(conn, case, present(conn, case, now))
        else _planned(conn, answer, now, notice_minutes * MINUTE)
    )
    # What isn't planned any more was met, or was counted from an earlier assessment.
    withdraw(conn, case, ["respond:", "classify:", "review:"], now, but=[one.about for one in planned])
    put(conn, [*messages, *planned], grid_id=last_grid(conn, case), now=now, oldest=now - kept_days * DAY)


def decided(
    conn: sa.Connection,
    *,
    dispute_id: str,
    decision_id: str,
    assessment_id: str | None,
    colour: str,
    recommended: str | None,
    decided_at: int,
) -> None:
    """Tell of a person's decision, in the transaction that keeps it and before it is logged."""
    data = DecisionData.model_validate(
        {
            "dispute_id": dispute_id,
            "decision_id": decision_id,
            "assessment_id": assessment_id,
            "decided_at": rfc3339(decided_at),
            "colour": colour,
            "recommended": recommended,
        }
    )
    now = now_micros()
    body = DecisionMessage(timestamp=rfc3339(decided_at), data=data).model_dump()
    message = Message("decision", dispute_id, f"decision:{decision_id}", body, now)
    put(conn, [message], grid_id=last_grid(conn, dispute_id), now=now)


def slip_changed(conn: sa.Connection, slip: Mapping[str, Any]) -> None:
    """Tell of a slip's latest step, in the transaction that keeps it and before it is logged."""
    case, last = str(slip["dispute_id"]), slip["steps"][-1]
    names = ("dispute_id", "slip_id", "colour", "unit", "state")
    data = SlipData.model_validate({**{name: slip[name] for name in names}, "at": last["at"]})
    body = SlipMessage(timestamp=last["at"], data=data).model_dump()
    now = now_micros()
    message = Message("slip", case, f"slip:{slip['slip_id']}:{slip['state']}", body, now)
    put(conn, [message], grid_id=last_grid(conn, case), now=now)


def entry_changed(conn: sa.Connection, row: Mapping[str, Any], state: str, *, grid_id: str, at: int) -> None:
    """Tell the community where a person lives of a change of an entry, in the transaction that keeps it.

    Parameters
    ----------
    row
        The entry as it stands from now on.
    grid_id
        Of the person.
    at
        When the change is recorded (µs).
    """
    told = rfc3339(at)
    names = ("dispute_id", "entry_id", "person_id", "category")
    data = RegistryData.model_validate(
        {**{name: row[name] for name in names}, "grid_id": grid_id, "state": state, "at": told}
    )
    body = RegistryMessage(timestamp=told, data=data).model_dump()
    message = Message("registry", str(row["dispute_id"]), f"registry:{row['entry_id']}:{at}", body, at)
    put(conn, [message], grid_id=grid_id, now=now_micros())


def happened(conn: sa.Connection, dispute_id: str) -> None:
    """Take back the deadlines that what happened has met, in the transaction that stores it."""
    now = now_micros()
    if not list_endpoints(conn):
        return
    if is_closed(conn, dispute_id, present(conn, dispute_id, now)):
        withdraw_case(conn, dispute_id, now)
    else:
        done = _met(conn, dispute_id, now)
        withdraw(conn, dispute_id, [f"{kind}:" for kind in sorted(done)], now)


def gone(conn: sa.Connection, dispute_id: str) -> None:
    """Take back the deadlines of a case that was withdrawn, in the transaction that does it."""
    withdraw_case(conn, dispute_id, now_micros())


def _planned(conn: sa.Connection, answer: Mapping[str, Any], now: int, notice: int) -> list[Message]:
    case = str(answer["dispute_id"])
    done = _met(conn, case, now)
    messages = []
    for deadline in answer["deadlines"]:
        kind, due = deadline["kind"], parse_instant(deadline["due_at"])
        if kind in done:
            continue
        for phase, moment in (("before", due - notice), ("due", due)):
            if phase == "before" and moment <= now:
                continue  # that moment has passed, and the deadline itself is told of
            data = DeadlineData.model_validate(
                {
                    "dispute_id": case,
                    "assessment_id": answer["assessment_id"],
                    "kind": kind,
                    "phase": phase,
                    "due_at": deadline["due_at"],
                    "colour": answer["colour"],
                }
            )
            body = DeadlineMessage(timestamp=rfc3339(moment), data=data).model_dump()
            about = f"{kind}:{case}:{due}:{phase}"
            messages.append(Message("deadline", case, about, body, moment, planned=True))
    return messages


def _met(conn: sa.Connection, dispute_id: str, now: int) -> set[str]:
    now = present(conn, dispute_id, now)
    known = dispute(conn, dispute_id, now)
    return met(conn, dispute_id, None if known is None else known.first_recorded, now)
