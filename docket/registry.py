"""The risk-person registry (风险人员管理) beside its rows: who did what and why, objections, and the end.

Rows of `registry` are of the record contract and appended like any others. What stands here is what no
feature may read: words, who said them, and whether a guardian knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import sqlalchemy as sa

from docket.contract import BY_NAME
from docket.store.metadata import RECORDS
from docket.store.standing import OBJECTIONS, REGISTRY_NOTES
from docket.times import DAY

What = Literal["entered", "left", "corrected", "removed", "declined"]
Finding = Literal["kept", "corrected", "removed"]
ENTERING: Final[Mapping[str, str]] = {
    "divorce": "divorce",
    "domestic_violence": "domestic_violence",
    "neighbour": "neighbour_grudge",
}
"""Kinds of disputes whose parties are proposed, and the category that they are proposed under."""
AT_ONCE: Final = ("domestic_violence",)
"""Proposed as soon as the case is known; the others once mediation has ended, however it did."""
ENDS: Final = ("agreement", "mediation_failed", "closed")
CHILD: Final = 14
"""Years below which nobody is entered without a guardian who knows."""
PROPOSED_DAYS: Final = 180
"""How long after what makes it due somebody is proposed, and how long a no to it is remembered."""
GRACE: Final = 30 * DAY
"""How long after an entry is taken out of use its rows stay: whoever keeps something read from them has
noticed by then, and a mistake of the setting can be seen."""
_ROWS: Final = RECORDS["registry"]
_ID_BYTES: Final = 8
_NEWER: Final = _ROWS.alias("newer")
_LATEST_AND_HEARD: Final = (
    ~sa.exists().where(_NEWER.c.entry_id == _ROWS.c.entry_id, _NEWER.c.recorded_at > _ROWS.c.recorded_at),
    ~sa.exists().where(OBJECTIONS.c.entry_id == _ROWS.c.entry_id, OBJECTIONS.c.state != "answered"),
)
"""The latest version of an entry, if whoever objects to it was answered."""


ENTERED_BY: Final = "Somebody else than who entered or corrected the entry has to review it."


class ObjectionRefusedError(Exception):
    """An objection that can't be taken as asked; the message says why."""


def may_be_child(birth_year: int | None, year: int) -> bool:
    """Whether somebody may be under 14 in that year: of a year of birth, the last day of it counts."""
    return birth_year is not None and year - birth_year <= CHILD


def entry(conn: sa.Connection, entry_id: str, *, removed: bool = False) -> dict[str, Any] | None:
    """The latest version of an entry; None if there is none, or it was removed and that isn't asked for."""
    columns = [_ROWS.c[name] for name in BY_NAME["registry"].names]
    query = sa.select(*columns).where(_ROWS.c.entry_id == entry_id).order_by(_ROWS.c.recorded_at.desc())
    row = conn.execute(query.limit(1)).mappings().first()
    return None if row is None or (row["withdrawn"] and not removed) else dict(row)


def note(
    conn: sa.Connection,
    row: Mapping[str, Any],
    what: What,
    *,
    said: str | None,
    by: str,
    at: int,
    guardian: bool | None = None,
) -> None:
    """Note what was done about an entry, or about somebody who wasn't entered.

    Parameters
    ----------
    row
        `dispute_id`, `person_id`, and of an entry `entry_id` and `category`.
    said
        Why, prepared.
    """
    conn.execute(
        sa.insert(REGISTRY_NOTES).values(
            entry_id=row.get("entry_id"),
            dispute_id=row["dispute_id"],
            person_id=row["person_id"],
            what=what,
            category=row.get("category"),
            guardian=guardian,
            said=said,
            by=by,
            at=at,
        )
    )


def notes(conn: sa.Connection, entry_id: str) -> list[dict[str, Any]]:
    """What was done about an entry, the first first."""
    query = sa.select(REGISTRY_NOTES).where(REGISTRY_NOTES.c.entry_id == entry_id)
    return [dict(row) for row in conn.execute(query.order_by(REGISTRY_NOTES.c.note_no)).mappings()]


def declined(conn: sa.Connection, row: Mapping[str, Any], said: str) -> int | None:
    """When it was last noted that somebody isn't entered, in these words (µs); None: never."""
    kept = REGISTRY_NOTES.c
    query = sa.select(sa.func.max(kept.at)).where(
        kept.what == "declined",
        kept.dispute_id == row["dispute_id"],
        kept.person_id == row["person_id"],
        kept.said == said,
    )
    found = conn.execute(query).scalar_one()
    return None if found is None else int(found)


def entered_by(conn: sa.Connection, entry_id: str) -> set[str]:
    """Who entered or corrected it; nobody is known of an entry that came by a load."""
    kept = REGISTRY_NOTES.c
    query = sa.select(kept.by).where(kept.entry_id == entry_id, kept.what.in_(("entered", "corrected")))
    return set(conn.execute(query).scalars())


def object_to(conn: sa.Connection, entry_id: str, *, said: str, raised_at: int, by: str, now: int) -> str:
    """Record that the person objects to an entry; the objection's id.

    Parameters
    ----------
    said
        What, prepared.
    raised_at
        When the person said it (µs).

    Raises
    ------
    ObjectionRefusedError
        If one is open.
    """
    taken = OBJECTIONS.c
    waits = sa.select(taken.objection_id).where(taken.entry_id == entry_id, taken.state == "open")
    if conn.execute(waits).first() is not None:
        raise ObjectionRefusedError("An objection to this entry is open: review that one first.")
    objection_id = f"ob-{secrets.token_hex(_ID_BYTES)}"
    conn.execute(
        sa.insert(OBJECTIONS).values(
            objection_id=objection_id,
            entry_id=entry_id,
            said=said,
            raised_at=raised_at,
            by=by,
            recorded_at=now,
            state="open",
        )
    )
    return objection_id


def objection(conn: sa.Connection, objection_id: str) -> dict[str, Any] | None:
    """An objection as it stands, locked until the transaction ends."""
    query = sa.select(OBJECTIONS).where(OBJECTIONS.c.objection_id == objection_id).with_for_update()
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def objections(conn: sa.Connection, entry_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The objections to entries, the first first."""
    query = sa.select(OBJECTIONS).where(OBJECTIONS.c.entry_id.in_(entry_ids))
    order = query.order_by(OBJECTIONS.c.recorded_at, OBJECTIONS.c.objection_id)
    return [dict(row) for row in conn.execute(order).mappings()]


def review(
    conn: sa.Connection, found: Mapping[str, Any], *, finding: Finding, answer: str, by: str, now: int
) -> None:
    """Say what a review of an objection found.

    Raises
    ------
    ObjectionRefusedError
        If it was reviewed before, or by whoever entered or corrected the entry.
    """
    if found["state"] != "open":
        raise ObjectionRefusedError("The objection was reviewed before.")
    if by in entered_by(conn, found["entry_id"]):
        raise ObjectionRefusedError(ENTERED_BY)
    values = {"finding": finding, "answer": answer, "reviewed_by": by, "reviewed_at": now}
    _move(conn, found["objection_id"], "reviewed", values)


def answer(conn: sa.Connection, found: Mapping[str, Any], *, how: str, by: str, now: int) -> None:
    """Say that the person was told.

    Raises
    ------
    ObjectionRefusedError
        If it isn't reviewed yet, or was answered before.
    """
    if found["state"] != "reviewed":
        first = "Review the objection first." if found["state"] == "open" else "It was answered before."
        raise ObjectionRefusedError(first)
    _move(
        conn, found["objection_id"], "answered", {"answered_by": by, "answered_at": now, "answered_how": how}
    )


def _move(conn: sa.Connection, objection_id: str, state: str, values: Mapping[str, Any]) -> None:
    mine = sa.update(OBJECTIONS).where(OBJECTIONS.c.objection_id == objection_id)
    conn.execute(mine.values(state=state, **values))


def expired(conn: sa.Connection, *, before: int, most: int) -> list[dict[str, Any]]:
    """Entries that were left before a moment and stand still, and whose objections were all answered.

    Parameters
    ----------
    before
        µs: of the leaving, and of when it was learned.
    """
    columns = [_ROWS.c[name] for name in BY_NAME["registry"].names]
    query = sa.select(*columns).where(
        *_LATEST_AND_HEARD,
        _ROWS.c.withdrawn.is_not(True),
        _ROWS.c.left_at < before,
        sa.func.coalesce(_ROWS.c.left_recorded_at, _ROWS.c.left_at) < before,
    )
    found = conn.execute(query.order_by(_ROWS.c.left_at, _ROWS.c.entry_id).limit(most)).mappings()
    return [dict(row) for row in found]


def forget(conn: sa.Connection, entry_ids: Sequence[str]) -> None:
    """Delete what people said of entries, objections too."""
    for table in (REGISTRY_NOTES, OBJECTIONS):
        conn.execute(sa.delete(table).where(table.c.entry_id.in_(entry_ids)))


def forget_declined(conn: sa.Connection, *, now: int) -> None:
    """Delete that people weren't entered, once they wouldn't be proposed for the same any more."""
    kept = REGISTRY_NOTES.c
    old = (kept.what == "declined") & (kept.at < now - PROPOSED_DAYS * DAY)
    conn.execute(sa.delete(REGISTRY_NOTES).where(old))


def erase(conn: sa.Connection, *, before: int, most: int) -> list[tuple[str, str]]:
    """Delete every row of entries that were removed before a moment: ids of the entries and their disputes.

    Not of those to which an objection isn't answered.

    SQLite gives the number of a deleted last row to the next one, and whoever reads on from a number would
    miss that: the table's last row stays until another follows.
    """
    last = sa.select(sa.func.max(_ROWS.c.row_no)).scalar_subquery()
    gone = sa.select(_ROWS.c.entry_id, _ROWS.c.dispute_id).where(
        *_LATEST_AND_HEARD, _ROWS.c.withdrawn.is_(True), _ROWS.c.recorded_at < before, _ROWS.c.row_no < last
    )
    found = [(str(row[0]), str(row[1])) for row in conn.execute(gone.order_by(_ROWS.c.row_no).limit(most))]
    if found:
        names = [name for name, _ in found]
        forget(conn, names)
        conn.execute(sa.delete(_ROWS).where(_ROWS.c.entry_id.in_(names)))
    return found
