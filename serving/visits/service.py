"""Visit lists by the API: the same plan as `anlan visits`."""

from __future__ import annotations

from datetime import date as calendar_date
from typing import Any

import sqlalchemy as sa
import structlog

from docket import audit, caseload
from docket.keys import Key
from docket.store.planned import keep_plan
from docket.store.reading import identities
from docket.times import local_day, now_micros, parse_instant
from models.visit_list import planned_rows, visit_list
from serving.audit.service import viewed
from serving.errors import FieldError, Invalid, NotFound
from serving.logs import log_failure
from serving.state import State
from serving.visits import repository

_log = structlog.get_logger("anlan.visits")


def visits(state: State, key: Key, day: calendar_date | None, worker: str | None) -> dict[str, Any]:
    """The list of a day: a worker's own, or those of the workers in the key's area.

    Today's plan is kept with the propensity of each place, as it was first shown.

    Raises
    ------
    Invalid
        If a worker's key asks for another worker's list.
    NotFound
        If there is no such worker in the key's area.
    """
    if key.scope == "worker":
        if worker not in (None, key.worker_id):
            raise Invalid([FieldError(field="worker", reason="a worker's key reads its own list only")])
        worker = key.worker_id
    now = now_micros()
    today = local_day(now)
    day = today if day is None else day
    text = day.isoformat()
    start = parse_instant(text)
    current = state.models.current
    with state.store.snapshot() as conn:
        reached = _workers_of(conn, key)
        if worker is not None and worker not in reached:
            raise NotFound("There is no such worker in the key's area.")
        rows, places = visit_list(
            conn,
            None if current is None else current.scorer,
            day=text,
            day_start=start,
            as_of=start if day < today else now,
            worker=worker,
        )
    if day == today:
        version = None if current is None else current.version
        shown = [place for place in places if place.worker_id in reached]
        try:
            with state.store.begin() as conn:
                keep_plan(conn, text, planned_rows(shown, text, version, now))
        except sa.exc.SQLAlchemyError as error:
            log_failure(_log, "plan_not_kept", error)  # the list itself is at hand: nobody waits for the log
    visible = [row for row in rows if row["worker_id"] in reached]
    viewed(state, [row["dispute_id"] for row in visible], f"visits {text}")
    return {"date": text, "visits": visible}


def round_of(state: State, key: Key) -> dict[str, Any]:
    """A worker's day: what is left of today's list within capacity, and what was done.

    The plan is made anew as visits come in; who was visited today isn't sent for again, and what is
    left is no more than the day still holds.

    Returns
    -------
    dict
        `date`; `listed_at` (µs); `left` and `done`, rows of the list and visits; `capacity`; `people`, who
        they are, by person.
    """
    listed_at = now_micros()
    told = visits(state, key, None, None)
    start = parse_instant(told["date"])
    with state.store.snapshot() as conn:
        done = repository.paid_by(conn, str(key.worker_id), start, now_micros())
        capacity = repository.capacity(conn, str(key.worker_id))
        seen = {row["person_id"] for row in done}
        left = [row for row in told["visits"] if row["person_id"] not in seen]
        left = left[: max(capacity - len(seen), 0)]
        people = identities(conn, sorted({row["person_id"] for row in left} | seen))
    return {
        "date": told["date"],
        "listed_at": listed_at,
        "left": left,
        "done": done,
        "capacity": capacity,
        "people": people,
    }


def exported(state: State, key: Key) -> dict[str, Any]:
    """What `round_of` gives, to be taken away as a file."""
    told = round_of(state, key)
    with state.store.begin() as conn:
        audit.record(conn, "export", subject=f"visits {told['date']}", detail={"rows": len(told["left"])})
    return told


def _workers_of(conn: Any, key: Key) -> set[str]:
    staff = caseload.workers(conn)
    if not len(staff):
        return set()
    if key.area is not None:
        grids = caseload.grids(conn)
        inside = set(grids.loc[grids[key.area.column] == key.area.id, "grid_id"])
        staff = staff[staff["grid_id"].isin(inside)]
    return set(staff["worker_id"])
