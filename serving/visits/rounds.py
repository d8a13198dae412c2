"""Workers' days: what is left of today's lists within capacity, who goes, and what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from docket import audit, caseload
from docket.keys import Area, Key
from docket.store.moved import Move, moves_of
from docket.store.planned import planned_for
from docket.store.reading import identities
from docket.times import local_day, now_micros, parse_instant, rfc3339
from models.visit_list import absent
from serving.audit.service import viewed
from serving.errors import NotFound
from serving.state import State
from serving.visits import repository, service


def rounds(state: State, key: Key, area: Area | None) -> dict[str, Any]:
    """The days of the workers of an area, so far as the key reaches.

    Returns
    -------
    dict
        As `_rounds`.
    """
    with state.store.snapshot() as conn:
        inside = service.workers_of(conn, key)
        if area is not None:
            there = caseload.grids(conn)
            grids = set(there.loc[there[area.column] == area.id, "grid_id"])
            inside = {name: row for name, row in inside.items() if row["grid_id"] in grids}
    return _rounds(state, inside)


def round_of(state: State, key: Key) -> dict[str, Any]:
    """A worker's day: what is left of today's list, what others do of it, and what was done.

    Returns
    -------
    dict
        `date`; `listed_at` (µs); `people`, who they are, by person; and of `_rounds` the worker's own.

    Raises
    ------
    NotFound
        If there is no such worker any more.
    """
    name = str(key.worker_id)
    with state.store.snapshot() as conn:
        reached = service.workers_of(conn, key)
    if name not in reached:
        raise NotFound(service.NO_WORKER)
    told = _rounds(state, {name: reached[name]})
    (mine,) = told.pop("rounds")
    return {**told, **mine}


def exported(state: State, key: Key) -> dict[str, Any]:
    """What `round_of` gives, to be taken away as a file."""
    told = round_of(state, key)
    with state.store.begin() as conn:
        audit.record(conn, "export", subject=f"visits {told['date']}", detail={"rows": len(told["left"])})
    return told


def _rounds(state: State, workers: Mapping[str, Mapping[Any, Any]]) -> dict[str, Any]:
    """The days of workers, as `docket.caseload.workers` tells of them.

    The plan is made anew as visits come in; who was visited today isn't sent for again. A day holds as many
    visits as whoever they were planned for has time for, whoever pays them.

    Returns
    -------
    dict
        `date`; `listed_at` (µs); `people`, who they are, by person; `rounds`, by worker: `worker_id`, `role`,
        `capacity`, `absent`, `covered` (by which move the whole list is another's), `left`, rows of the list;
        `given`, whom others visit; `done`, visits.
    """
    listed_at = now_micros()
    day = local_day(listed_at)
    start = parse_instant(day.isoformat())
    rows, places = service.planned(state, day, list(workers))
    with state.store.snapshot() as conn:
        now = now_micros()
        moves = moves_of(conn, day.isoformat(), now)
        # Nobody's visits are shared or moved beyond a community.
        here = {row["community_id"] for row in workers.values()}
        staff = caseload.workers(conn).to_dict("records")
        capacity = {row["worker_id"]: row["daily_visits"] for row in staff if row["community_id"] in here}
        done = repository.paid_by(conn, capacity, start, now)
        spent = _spent(conn, day.isoformat(), done)
        seen = {visit["person_id"] for visit in done}
        room = {name: most - spent[name] for name, most in capacity.items()}
        fits: dict[str, str] = {}
        for place in places:
            if place.rank is not None and place.person_id not in seen and room.get(place.worker_id, 0) > 0:
                room[place.worker_id] -= 1
                fits[place.person_id] = place.worker_id
        left = [row for row in rows if row["person_id"] in fits]
        found = []
        for name, row in workers.items():
            given = [
                {
                    "person_id": person,
                    "to_worker_id": moves.goes(name, person),
                    "because": moves.why(name, person),
                }
                for person, planned in fits.items()
                if planned == name and moves.goes(name, person) != name
            ]
            found.append(
                {
                    "worker_id": name,
                    "role": row["role"],
                    "capacity": int(row["daily_visits"]),
                    "absent": absent(row, start),
                    "covered": _told(moves.of_list(name)),
                    "left": [one for one in left if one["worker_id"] == name],
                    "given": given,
                    "done": [visit for visit in done if visit["worker_id"] == name],
                }
            )
        named = {one["person_id"] for told in found for one in (*told["left"], *told["given"], *told["done"])}
        people = identities(conn, sorted(named))
    viewed(state, [row["dispute_id"] for row in left], f"visits {day}")
    return {"date": day.isoformat(), "listed_at": listed_at, "people": people, "rounds": found}


def _spent(conn: sa.Connection, day: str, done: Collection[Mapping[str, Any]]) -> Counter[str]:
    """How many of today's visits are of whose day: theirs for whom they were planned, whoever paid them."""
    if not done:
        return Counter()
    people = sorted({visit["person_id"] for visit in done})
    planned = planned_for(conn, day, people)
    homes = repository.grids_of(conn, people)
    teams = caseload.visitor_of_grid(caseload.workers(conn), caseload.grids(conn))
    owner = {}
    for visit in done:
        person, paid_by = visit["person_id"], visit["worker_id"]
        team = teams.get(homes.get(person, ""), [])
        # What came onto a list since the plan was kept is in no kept plan: it is of those who walk there.
        of_grid = paid_by if paid_by in team or not team else team[0]
        owner[person] = planned.get(person, of_grid)
    return Counter(owner.values())


def _told(move: Move | None) -> dict[str, str] | None:
    if move is None:
        return None
    return {"to_worker_id": move.to_worker_id, "reason": move.reason, "at": rfc3339(move.recorded_at)}
