"""Looking at the registry: lists by area, an entry, who is proposed, and searching for a purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from docket import audit, registry
from docket.keys import Area, Key
from docket.registry import ENTERING
from docket.store.reading import identities
from docket.text import prepare
from docket.times import local_day, now_micros, rfc3339
from models.visit_list import due_of
from models.visits import CADENCE_DAYS
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.service import Answer, seen
from serving.errors import FieldError, Forbidden, Invalid, NotFound
from serving.listing.cursors import cursor_of, parts_of
from serving.registry import repository
from serving.registry.contesting import told as told_objection
from serving.registry.schemas import DeclineIn, SearchIn
from serving.registry.service import NO_ENTRY
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State

_NEWEST: Final = (2**62, chr(0x10FFFF))
_OLDEST: Final = (-1, "", "")
_ID_DIGITS: Final = 16
_SHOWN: Final = (
    "entry_id", "person_id", "dispute_id", "category", "grid_id", "grid_name", "community_name"
)  # fmt: skip


def listed(
    state: State,
    key: Key,
    *,
    area: Area | None = None,
    category: str | None = None,
    show: str = "in_force",
    cursor: str | None = None,
    limit: int,
) -> dict[str, Any]:
    """Entries in the key's area, the last that were entered first, with when each is to be visited.

    Parameters
    ----------
    area
        Only of people who live there.
    show
        `in_force`, `left`, `contested` or `all`.

    Raises
    ------
    Invalid
        If the cursor isn't one that was given.
    """
    before = _NEWEST if cursor is None else parts_of(cursor, (int, str))
    now = now_micros()
    with state.store.snapshot() as conn:
        rows = repository.entries(
            conn,
            repository.reach_of(conn, key),
            as_of=now,
            area=area,
            category=category,
            left={"in_force": False, "left": True}.get(show),
            contested=show == "contested",
            before=before,
            limit=limit + 1,
        )
        shown = _told(state, conn, rows[:limit], now)
    viewed(state, [row["dispute_id"] for row in shown], "registry")
    last = rows[limit - 1] if len(rows) > limit else None
    return {
        "entries": shown,
        "next": None if last is None else cursor_of((last["entered_at"], last["entry_id"])),
    }


def entry(state: State, key: Key, entry_id: str) -> dict[str, Any]:
    """An entry, what was done about it, and what its person objects to.

    Raises
    ------
    NotFound
        If there is none that the key may read.
    """
    now = now_micros()
    with state.store.snapshot() as conn:
        row = repository.entry(conn, repository.reach_of(conn, key), entry_id, now)
        if row is None:
            raise NotFound(NO_ENTRY)
        (shown,) = _told(state, conn, [row], now)
        answer = {
            **shown,
            "history": [
                {
                    **{name: one[name] for name in ("what", "category", "by")},
                    "guardian_informed": one["guardian"],
                    "reason": one["said"],
                    "at": rfc3339(one["at"]),
                }
                for one in registry.notes(conn, entry_id)
            ],
            "objections": [told_objection(one) for one in registry.objections(conn, [entry_id])],
        }
    viewed(state, [row["dispute_id"]], entry_id)
    return answer


def proposed(state: State, key: Key, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Parties of cases in the key's area who should be looked at for an entry, however mediation ended.

    Raises
    ------
    Invalid
        If the cursor isn't one that was given.
    """
    after = _OLDEST if cursor is None else parts_of(cursor, (int, str, str))
    now = now_micros()
    year = local_day(now).year
    with state.store.snapshot() as conn:
        reach = repository.reach_of(conn, key)
        rows = repository.proposed(conn, reach, as_of=now, after=after, limit=limit + 1)
    shown = rows[:limit]
    viewed(state, [row["dispute_id"] for row in shown], "registry proposed")
    last = shown[-1] if len(rows) > limit else None
    names = ("dispute_id", "person_id", "kind", "role", "grid_name", "community_name")
    return {
        "proposed": [
            {
                **{name: row[name] for name in names},
                "category": ENTERING[row["kind"]],
                "since": rfc3339(row["since"]),
                "guardian_needed": registry.may_be_child(row["birth_year"], year),
            }
            for row in shown
        ],
        "next": None
        if last is None
        else cursor_of(tuple(last[name] for name in ("since", "dispute_id", "person_id"))),
    }


def parties(state: State, key: Key, dispute_id: str) -> list[dict[str, Any]]:
    """The parties of a case as somebody might enter them, each with the entry that stands.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    """
    now = now_micros()
    with state.store.snapshot() as conn:
        moment, _ = seen(conn, key, dispute_id, now)
        (case,) = cases.rows(conn, "disputes", dispute_id, moment)
        roles: dict[str, str] = {}
        for row in cases.rows(conn, "parties", dispute_id, moment):
            if row["relation"] != "authority":
                roles[row["person_id"]] = max(row["role"], roles.get(row["person_id"], ""))
        known = cases.known_persons(conn, list(roles))
        here = {
            row["person_id"]: row["entry_id"]
            for row in repository.of_dispute(conn, dispute_id, now)
            if row["left_at"] is None
        }
    viewed(state, [dispute_id], "registry")
    year = local_day(now).year
    return [
        {
            "dispute_id": dispute_id,
            "person_id": person,
            "kind": case["kind"],
            "category": ENTERING.get(case["kind"], "other"),
            "role": role,
            "guardian_needed": registry.may_be_child(known.get(person, {}).get("birth_year"), year),
            "entry_id": here.get(person),
        }
        for person, role in roles.items()
    ]


def fresh_id(state: State, dispute_id: str, person_id: str) -> str:
    """The id of a new entry: the same for whoever is about to enter somebody for a case at this moment."""
    with state.store.snapshot() as conn:
        turn = repository.ended(conn, dispute_id, person_id, now_micros())
    digest = hashlib.sha256(f"{dispute_id}\n{person_id}\n{turn}".encode()).hexdigest()
    return f"r-{digest[:_ID_DIGITS]}"


def decline(state: State, key: Key, ask: Ask, asked: DeclineIn) -> Answer:
    """Note that a party isn't entered, and why; nobody proposes the same again.

    Raises
    ------
    Forbidden
        If the key has an area and there is no such case in it.
    Invalid
        If the person is no party of it.
    """
    now = now_micros()
    with state.store.begin() as conn:
        known = cases.dispute(conn, asked.dispute_id, cases.present(conn, asked.dispute_id, now))
        if known is None or not reaches(conn, key, known.grid_id):
            if key.area is not None:
                raise Forbidden("The dispute's grid lies outside of the key's area.")
            raise Invalid([FieldError(field="dispute_id", reason="dangling reference")])
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            if asked.person_id not in cases.parties_of(conn, asked.dispute_id):
                raise Invalid([FieldError(field="person_id", reason="not a party to the case")])
            row = {"dispute_id": asked.dispute_id, "person_id": asked.person_id}
            said = prepare(asked.reason).text
            before = registry.declined(conn, row, said)
            at = now if before is None else before
            taken = note(conn, ask, new=before is None, answer={**row, "declined_at": rfc3339(at)})
            if before is None:
                registry.note(conn, row, "declined", said=said, by=key.key_id, at=now)
                audit.record(conn, "registry", case=asked.dispute_id, detail={"what": "declined"})
    return answered(state, key, taken)


def search(state: State, key: Key, asked: SearchIn) -> dict[str, Any]:
    """Entries of whoever is looked for, in the key's area; the purpose is in the log with each.

    Raises
    ------
    Invalid
        If nobody is named.
    """
    if asked.person_id is None and asked.dispute_id is None and asked.name is None:
        raise Invalid([FieldError(field="person_id", reason="missing value", expected="whom to look for")])
    now = now_micros()
    with state.store.snapshot() as conn:
        reach = repository.reach_of(conn, key)
        rows = repository.named(conn, reach, as_of=now, person=asked.person_id, dispute=asked.dispute_id)
        if asked.name is not None:
            called = asked.name.strip()
            known = identities(conn, sorted({row["person_id"] for row in rows}))
            rows = [row for row in rows if known.get(row["person_id"], {}).get("name") == called]
        shown = _told(state, conn, rows, now)
    why = {"purpose": asked.purpose}
    seen = [audit.Event("search", row["dispute_id"], row["entry_id"], why) for row in shown]
    with state.store.begin() as conn:
        audit.record_all(conn, seen or [audit.Event("search", detail=why)])
    return {"entries": shown}


def names_of(state: State, people: Collection[str]) -> Mapping[str, dict[str, Any]]:
    """Who people are, for a page that was let see them."""
    with state.store.snapshot() as conn:
        return identities(conn, sorted(set(people)))


def _told(
    state: State, conn: sa.Connection, rows: Sequence[dict[str, Any]], now: int
) -> list[dict[str, Any]]:
    """Entries as answered, with what sets their visits: the worst open matter of each person."""
    here = [row for row in rows if row["left_at"] is None and not row["removed"]]
    current = state.models.current
    due = due_of(
        conn,
        None if current is None else current.scorer,
        people={row["person_id"] for row in here},
        as_of=now,
    )
    heard = registry.objections(conn, [row["entry_id"] for row in rows])
    waits = {one["entry_id"] for one in heard if one["state"] != "answered"}
    told = []
    for row in rows:
        visit = due.loc[row["person_id"]] if row in here and row["person_id"] in due.index else None
        last = None if visit is None or visit["last_visit_at"] != visit["last_visit_at"] else visit
        told.append(
            {
                **{name: row[name] for name in _SHOWN},
                "entered_at": rfc3339(row["entered_at"]),
                "left_at": None if row["left_at"] is None else rfc3339(row["left_at"]),
                "removed": bool(row["removed"]),
                "colour": None if visit is None else str(visit["colour"]),
                "cadence_days": None if visit is None else CADENCE_DAYS[str(visit["colour"])],
                "due_at": None if visit is None else rfc3339(int(visit["due_at"])),
                "overdue": visit is not None and bool(visit["overdue"]),
                "last_visit_at": None if last is None else rfc3339(int(last["last_visit_at"])),
                "contested": row["entry_id"] in waits,
            }
        )
    return told
