"""What webhooks are told, decided in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from docket.outbox import Message, put, put_all
from docket.store.locking import take_turns
from docket.times import now_micros, parse_instant, rfc3339
from docket.urging import told_about
from serving.cases.repository import last_grid, last_grids, latest, latest_of
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


def before(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, sa.RowMapping]:
    """The latest assessments until now; call it before the new ones are kept, `assessed` after.

    Whoever assesses the same case at this moment waits for the transaction to end, so that each change of
    colour is told once.
    """
    # As whoever decides does it, before the outbox: in one order nobody waits for one who waits for him.
    take_turns(conn, [f"board {name}" for name in dispute_ids])
    return latest_of(conn, dispute_ids)


def assessed(
    conn: sa.Connection, answers: Sequence[Mapping[str, Any]], earlier: Mapping[str, sa.RowMapping]
) -> None:
    """Tell of assessments that give a colour or change it.

    Parameters
    ----------
    conn
        In the transaction that keeps the assessments.
    earlier
        Of `before`.
    """
    now = now_micros()
    told = [answer for answer in answers if _changes(answer, earlier.get(answer["dispute_id"]))]
    if not told:
        return
    grids = last_grids(conn, [answer["dispute_id"] for answer in told])
    messages = [
        (_of_colour(answer, earlier.get(answer["dispute_id"]), now), grids[answer["dispute_id"]])
        for answer in told
    ]
    put_all(conn, messages, now=now)


def _changes(answer: Mapping[str, Any], earlier: sa.RowMapping | None) -> bool:
    if earlier is not None and parse_instant(answer["as_of"]) < earlier["as_of"]:
        return False  # an assessment of an earlier moment changes nothing
    return bool(answer["colour"] != ("none" if earlier is None else earlier["colour"]))


def _of_colour(answer: Mapping[str, Any], earlier: sa.RowMapping | None, now: int) -> Message:
    data = ColourData.model_validate(
        {name: answer[name] for name in ColourData.model_fields if name != "previous"}
        | {"previous": None if earlier is None else earlier["colour"]}
    )
    body = ColourMessage(timestamp=rfc3339(now), data=data).model_dump()
    return Message("colour", str(answer["dispute_id"]), f"colour:{answer['assessment_id']}", body, now)


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


def urged(conn: sa.Connection, dispute_id: str, steps: Sequence[Mapping[str, Any]]) -> None:
    """Tell of steps that deadlines climb, in the transaction that sends them and before it is logged."""
    assessment = latest(conn, dispute_id)
    now, messages = now_micros(), []
    for row in steps:
        data = DeadlineData.model_validate(
            {
                "dispute_id": dispute_id,
                "assessment_id": None if assessment is None else assessment["assessment_id"],
                "kind": row["deadline"],
                "phase": row["step"] if row["step"] in ("before", "due") else "late",
                "level": row["level"],
                "due_at": rfc3339(row["deadline_at"]),
                "colour": row["colour"],
            }
        )
        body = DeadlineMessage(timestamp=rfc3339(row["due_at"]), data=data).model_dump()
        about = told_about(dispute_id, (row["deadline"], row["deadline_at"])) + row["step"]
        messages.append(Message("deadline", dispute_id, about, body, now))
    put(conn, messages, grid_id=last_grid(conn, dispute_id), now=now)
