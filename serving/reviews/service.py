"""Reviews of cases of which harm came: one case in full, and what many have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import sqlalchemy as sa

from docket import audit, reviewing
from docket.keys import Key
from docket.store.locking import take_turns
from docket.text import prepare
from docket.times import DAY, HOUR, now_micros, parse_instant, rfc3339
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.placing import located
from serving.cases.service import Answer, seen
from serving.errors import Conflict
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.reviews import looking, repository
from serving.reviews.schemas import FindingsIn
from serving.state import State

NO_HARM = "No harm is recorded of the case: there is nothing to look back from."


def review(state: State, key: Key, dispute_id: str) -> dict[str, Any]:
    """A case looked back at from the first harm that came of it.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If no harm came of it.
    """
    now = now_micros()
    with state.store.snapshot() as conn:
        moment, _ = seen(conn, key, dispute_id, now)
        (dispute,) = cases.rows(conn, "disputes", dispute_id, moment)
        harm = _harm(conn, dispute_id, moment)
        at, opened = parse_instant(harm["at"]), parse_instant(dispute["opened_at"])
        persons = list(
            dict.fromkeys(row["person_id"] for row in cases.rows(conn, "parties", dispute_id, moment))
        )
        visits = _reached(conn, key, repository.visits(conn, persons, since=opened, until=at, now=moment))
        rows = repository.assessments(conn, dispute_id, at)
        items = looking.known(conn, dispute_id, visits, at, moment)
        told = looking.said(state, conn, rows)
        answer = {
            "dispute_id": dispute_id,
            "kind": dispute["kind"],
            "harm": harm,
            "known": items,
            "said": told,
            "would_change": looking.changes(rows[-1]) if rows else [],
            "deadlines": looking.deadlines(conn, dispute_id, rows, visits, at, moment),
            "urgings": looking.climbed(conn, dispute_id, at),
            "visits": looking.planned(conn, dispute_id, visits, at),
            "late_cues": looking.late_cues(items),
            "today": looking.today(state, conn, dispute_id, at),
            "findings": [_findings(row) for row in reviewing.versions(conn, dispute_id)],
        }
    viewed(state, [dispute_id], "review")
    return answer


def find(state: State, key: Key, ask: Ask, dispute_id: str, asked: FindingsIn) -> Answer:
    """Keep a version of the findings about a case.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If no harm came of it, it was merged, or the Idempotency-Key was used before.
    """
    now = now_micros()
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now, own=True)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            take_turns(conn, [f"review {dispute_id}"])
            harm = _harm(conn, dispute_id, cases.present(conn, dispute_id, now))
            told = {"cues": sorted(asked.cues), "doors": sorted(set(asked.doors))}
            told |= {"cause": prepare(asked.cause).text, "todo": prepare(asked.todo).text}
            before = reviewing.versions(conn, dispute_id)
            new = not before or any(before[-1][name] != value for name, value in told.items())
            if new:
                reviewing.keep(conn, dispute_id, harm["outcome_id"], told, by=key.key_id, now=now)
            kept = reviewing.versions(conn, dispute_id)[-1]
            taken = note(conn, ask, new=new, answer=_findings(kept))
            if new:
                detail = {name: told[name] for name in ("cues", "doors")}
                audit.record(conn, "review", case=dispute_id, subject=harm["outcome_id"], detail=detail)
    return answered(state, key, taken)


def reviews(state: State, key: Key, days: int) -> dict[str, Any]:
    """Harms of the last days in the key's area, how their cases stood, and what was found about them."""
    now = now_micros()
    since, areas = now - days * DAY, [] if key.area is None else [key.area]
    with state.store.snapshot() as conn:
        harms = repository.harmed(conn, areas=areas, since=since, now=now)
        delays = repository.delays(conn, areas=areas, since=since, now=now)
        done = {row["dispute_id"] for row in harms if row["review_no"] is not None}
        last = [reviewing.versions(conn, name)[-1] for name in sorted(done)]
    viewed(state, [row["dispute_id"] for row in harms], "reviews")
    return {
        "since": rfc3339(since),
        "harms": [_told(row) for row in harms],
        "reviewed": len(done),
        "cues": _counted(row["cues"] for row in last),
        "doors": _counted(row["doors"] for row in last),
        "delays": _delays(delays),
        "uncoloured": sum(row["colour"] in (None, "none") for row in harms),
    }


def _harm(conn: sa.Connection, dispute_id: str, as_of: int) -> dict[str, Any]:
    rows = cases.rows(conn, "outcomes", dispute_id, as_of)
    if not rows:
        raise Conflict(NO_HARM)
    first = min(rows, key=lambda row: (parse_instant(row["at"]), row["outcome_id"]))
    return {name: first[name] for name in ("outcome_id", "kind", "severity", "at", "recorded_at")}


def _reached(conn: sa.Connection, key: Key, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Visits in the key's area, by who went or by who was visited."""
    grids = {grid for row in rows for grid in (row["grid_id"], row["home"]) if grid is not None}
    inside = {grid for grid in grids if reaches(conn, key, grid)}
    return [row for row in rows if inside & {row["grid_id"], row["home"]}]


def _findings(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("dispute_id", "outcome_id", "cues", "doors", "cause", "todo", "by")
    return {**{name: row[name] for name in names}, "recorded_at": rfc3339(row["recorded_at"])}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = ("dispute_id", "kind", "grid_name", "community_name", "outcome", "severity", "colour")
    return {
        **{name: row[name] for name in plain},
        "at": rfc3339(row["at"]),
        "hours_known": (row["at"] - row["first_recorded"]) / HOUR,
        "urgings": int(row["urgings"]),
        "reviewed": row["review_no"] is not None,
    }


def _counted(found: Iterable[Sequence[str]]) -> list[dict[str, Any]]:
    counts = Counter(code for codes in found for code in codes)
    return [
        {"code": code, "cases": n} for code, n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _delays(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_door: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_door.setdefault(row["door"] or "unsaid", []).append(row)
    told = [
        {
            "door": door,
            "rows": len(mine),
            "hours": median((row["recorded_at"] - row["at"]) / HOUR for row in mine),
            "after": sum(row["recorded_at"] > row["harm"] for row in mine),
        }
        for door, mine in by_door.items()
    ]
    return sorted(told, key=lambda one: (-one["after"], -one["hours"], one["door"]))
