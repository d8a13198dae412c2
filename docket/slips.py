"""Slips (督办单、处置单): what the centre asks a unit to do about a case, step by step until it is closed.

A slip is issued after a person's decision, never by a score, and goes through its states in order; each step
says who took it and when.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

import sqlalchemy as sa

from docket.store.desk import SLIP_STEPS, SLIPS

State = Literal["issued", "acknowledged", "handled", "reviewed", "closed"]
STATES: Final[tuple[State, ...]] = ("issued", "acknowledged", "handled", "reviewed", "closed")
COLOURS: Final = ("yellow", "red")
"""Cases of these colours get slips."""
TOLD: Final[frozenset[State]] = frozenset({"handled", "reviewed"})
"""Steps that say in words what was done, or found."""
_ID_BYTES: Final = 8


class SlipRefusedError(Exception):
    """A slip that can't be issued, or a step that isn't the next; the message says what would be right."""


def next_of(state: str) -> State | None:
    """The state after `state`; None after the last."""
    place = STATES.index(state) + 1
    return STATES[place] if place < len(STATES) else None


def issue(
    conn: sa.Connection, dispute_id: str, *, colour: str, unit: str, note: str | None, by: str, now: int
) -> str:
    """Issue a slip; its id.

    Parameters
    ----------
    colour
        Of the case, as a person decided.
    unit
        Who is asked.
    note
        What is asked, prepared.

    Raises
    ------
    SlipRefusedError
        If cases of that colour get none, or one of that colour is open.
    """
    if colour not in COLOURS:
        raise SlipRefusedError("A slip is issued for a yellow or a red case.")
    if standing(conn, dispute_id, colour) is not None:
        raise SlipRefusedError("A slip of this colour is open for the case: close that one first.")
    slip_id = f"s-{secrets.token_hex(_ID_BYTES)}"
    conn.execute(
        sa.insert(SLIPS).values(
            slip_id=slip_id, dispute_id=dispute_id, colour=colour, unit=unit, state="issued", changed_at=now
        )
    )
    _keep(conn, slip_id, "issued", note=note, by=by, now=now)
    return slip_id


def step(conn: sa.Connection, slip_id: str, state: str, *, note: str | None, by: str, now: int) -> None:
    """Take a slip to its next state.

    Raises
    ------
    KeyError
        If there is no such slip.
    SlipRefusedError
        If another state comes next, or none.
    """
    row = (
        conn.execute(sa.select(SLIPS).where(SLIPS.c.slip_id == slip_id).with_for_update())
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise KeyError(slip_id)
    following = next_of(row["state"])
    if following is None:
        raise SlipRefusedError("The slip is closed: no step follows.")
    if state != following:
        raise SlipRefusedError(f"The slip is {row['state']}: the next step is {following}.")
    conn.execute(sa.update(SLIPS).where(SLIPS.c.slip_id == slip_id).values(state=state, changed_at=now))
    _keep(conn, slip_id, state, note=note, by=by, now=now)


def standing(conn: sa.Connection, dispute_id: str, colour: str) -> str | None:
    """The slip of that colour that is open for a case."""
    query = sa.select(SLIPS.c.slip_id).where(
        SLIPS.c.dispute_id == dispute_id, SLIPS.c.colour == colour, SLIPS.c.state != STATES[-1]
    )
    return conn.execute(query).scalar()


def steps_of(conn: sa.Connection, slip_ids: Collection[str]) -> dict[str, list[Mapping[str, Any]]]:
    """The steps that slips have taken, each slip's first step first."""
    query = sa.select(SLIP_STEPS).where(SLIP_STEPS.c.slip_id.in_(slip_ids)).order_by(SLIP_STEPS.c.step_no)
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in slip_ids}
    for row in conn.execute(query).mappings():
        found[row["slip_id"]].append(dict(row))
    return found


def _keep(conn: sa.Connection, slip_id: str, state: str, *, note: str | None, by: str, now: int) -> None:
    conn.execute(sa.insert(SLIP_STEPS).values(slip_id=slip_id, state=state, note=note, by=by, at=now))
