"""How a case came to where it stands, and what its people have behind them, as known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from docket import urging
from docket.keys import Key
from docket.store.reading import identities
from docket.times import now_micros, parse_instant, rfc3339
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.service import seen
from serving.decisions import repository as decided
from serving.history import repository
from serving.slips import repository as slips
from serving.state import State

_PAIR = 2


def history(state: State, key: Key, dispute_id: str) -> dict[str, Any]:
    """The course of a case and the history of its people; one that ended as known until then.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    """
    with state.store.snapshot() as conn:
        shown = told(conn, key, dispute_id, now_micros())
    viewed(state, [dispute_id], "history")
    return shown


def told(conn: sa.Connection, key: Key, dispute_id: str, now: int) -> dict[str, Any]:
    """`history` on one state of the store; whoever shows it logs the view."""
    moment, _ = seen(conn, key, dispute_id, now)
    parties = cases.rows(conn, "parties", dispute_id, moment)
    persons = list(dict.fromkeys(row["person_id"] for row in parties))
    others = _reached(conn, key, repository.others(conn, persons, dispute_id, moment))
    # Of other matters what lies in the key's area; a visit does by who went or by who was visited.
    entries = _reached(conn, key, repository.entries(conn, persons, moment))
    visits = _reached(conn, key, repository.visits(conn, persons, moment))
    return {
        "course": _course(conn, dispute_id, moment, visits, entries),
        "people": _people(conn, parties, persons, others, entries, visits),
        "pair": _pair(others),
    }


def _reached(conn: sa.Connection, key: Key, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    grids = {row.get(name) for row in rows for name in ("grid_id", "home")}
    inside = {grid for grid in grids if grid is not None and reaches(conn, key, grid)}
    return [row for row in rows if inside & {row["grid_id"], row.get("home")}]


def _people(
    conn: sa.Connection,
    parties: Sequence[Mapping[str, Any]],
    persons: Sequence[str],
    others: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    visits: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    known = cases.known_persons(conn, persons)
    names = identities(conn, persons)
    people = []
    for person in persons:
        facts = known.get(person, {})
        cared = [row["at"] for row in visits if row["person_id"] == person]
        people.append(
            {
                "person_id": person,
                "name": names.get(person, {}).get("name"),
                "roles": [row["role"] for row in parties if row["person_id"] == person],
                "birth_year": facts.get("birth_year"),
                "sex": facts.get("sex"),
                "disputes": [
                    {
                        **{name: row[name] for name in ("dispute_id", "kind", "role", "colour")},
                        "opened_at": rfc3339(row["opened_at"]),
                        "harms": int(row["harms"]),
                    }
                    for row in others
                    if row["person_id"] == person
                ],
                "entries": [
                    {
                        "entry_id": row["entry_id"],
                        "category": row["category"],
                        "entered_at": rfc3339(row["entered_at"]),
                        "left_at": _time(row["left_at"]),
                    }
                    for row in entries
                    if row["person_id"] == person
                ],
                "visits": len(cared),
                "last_visit_at": _time(max(cared, default=None)),
            }
        )
    return people


def _pair(others: Sequence[Mapping[str, Any]]) -> list[str]:
    """Disputes that two or more of the parties were in."""
    who: dict[str, set[str]] = {}
    for row in others:
        who.setdefault(row["dispute_id"], set()).add(row["person_id"])
    return [name for name, persons in who.items() if len(persons) >= _PAIR]


def _course(
    conn: sa.Connection,
    dispute_id: str,
    as_of: int,
    visits: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """All that happened, in the order in which it did."""
    (dispute,) = cases.rows(conn, "disputes", dispute_id, as_of)
    opened = dispute["opened_at"]
    found = [_item(opened, "opened", code=dispute["source"])]
    for row in cases.rows(conn, "events", dispute_id, as_of):
        source = {"source": row["source"]} if row["source"] else {}
        found.append(_item(row["at"], "event", code=row["kind"], text=row["text"], detail=source))
    for visit in visits:
        if visit["at"] < parse_instant(opened):
            continue
        detail = {name: visit[name] for name in ("contact", "weapon_seen", "referred_to")}
        detail["contact"] = bool(detail["contact"])
        item = {"code": visit["finding"], "text": visit["text"], "by": visit["worker_id"]}
        found.append(_item(visit["at"], "visit", about=visit["person_id"], detail=detail, **item))
    for row in cases.rows(conn, "outcomes", dispute_id, as_of):
        found.append(_item(row["at"], "outcome", code=row["kind"], detail={"severity": row["severity"]}))
    for entry in entries:
        if entry["dispute_id"] == dispute_id:
            found.append(
                _item(entry["entered_at"], "registry", code=entry["category"], about=entry["person_id"])
            )
    return sorted([*found, *_handling(conn, dispute_id)], key=lambda item: parse_instant(item["at"]))


def _handling(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """What the service and the centre made of it: changes of colour, decisions, units, slips."""
    found, before = [], None
    for row in repository.colours(conn, dispute_id):
        if row["colour"] != before:
            detail = {"model": row["model_version"], "before": before}
            found.append(
                _item(
                    row["as_of"],
                    "assessment",
                    colour=row["colour"],
                    about=row["assessment_id"],
                    detail=detail,
                )
            )
        before = row["colour"]
    for made in decided.decisions(conn, dispute_id):
        detail = {"recommended": made["recommended"], "approved_by": made["approved_by"]}
        item = {"colour": made["colour"], "text": made["reason"], "by": made["by"], "detail": detail}
        found.append(_item(made["decided_at"], "decision", about=made["assessment_id"], **item))
    for row in repository.lowerings(conn, dispute_id):
        detail = {"ended_by": row["ended_by"], "end_reason": row["end_reason"]}
        item = {"code": row["state"], "colour": row["colour"], "text": row["reason"], "by": row["by"]}
        found.append(_item(row["proposed_at"], "lowering", about=row["assessment_id"], detail=detail, **item))
    for row in repository.units(conn, dispute_id):
        found.append(_item(row["taken_at"], "unit", text=row["unit"], by=row["by"]))
    for slip in slips.of_case(conn, dispute_id):
        for step in slip["steps"]:
            item = {"code": step["state"], "text": step["note"], "by": step["by"], "colour": slip["colour"]}
            found.append(_item(step["at"], "slip", about=slip["slip_id"], **item))
    for row in urging.of_case(conn, dispute_id):
        if row["sent_at"] is None:
            continue
        detail = {"deadline": row["deadline"], "due_at": rfc3339(row["deadline_at"]), "level": row["level"]}
        detail |= {"ended_at": _time(row["ended_at"]), "answered_at": _time(row["answered_at"])}
        item = {"code": row["step"], "colour": row["colour"], "text": row["answer"], "by": row["answered_by"]}
        found.append(_item(row["sent_at"], "urging", about=str(row["urging_no"]), detail=detail, **item))
    return found


def _item(at: str | int, what: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "code": None,
        "colour": None,
        "text": None,
        "by": None,
        "about": None,
        "detail": {},
    }
    return {"at": at if isinstance(at, str) else rfc3339(at), "what": what, **empty, **more}


def _time(moment: Any) -> str | None:
    return None if moment is None else rfc3339(int(moment))
