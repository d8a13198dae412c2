"""Visit lists by the API: the same plan as `anlan visits`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date as calendar_date
from typing import Any

import sqlalchemy as sa
import structlog

from docket import caseload
from docket.keys import Key
from docket.store.planned import keep_plan
from docket.times import local_day, now_micros, parse_instant
from models.visit_list import planned_rows, visit_list
from models.visits import Place
from serving.audit.service import viewed
from serving.errors import FieldError, Invalid, NotFound
from serving.logs import log_failure
from serving.state import State

NO_WORKER = "There is no such worker in the key's area."
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
    day = local_day(now_micros()) if day is None else day
    with state.store.snapshot() as conn:
        reached = workers_of(conn, key)
    if worker is not None and worker not in reached:
        raise NotFound(NO_WORKER)
    rows, _ = planned(state, day, reached if worker is None else {worker})
    viewed(state, [row["dispute_id"] for row in rows], f"visits {day}")
    return {"date": day.isoformat(), "visits": rows}


def planned(
    state: State, day: calendar_date, workers: Collection[str]
) -> tuple[list[dict[str, Any]], list[Place]]:
    """The lists of some workers and the plans behind them (`models.visit_list`); today's plans are kept."""
    now, text = now_micros(), day.isoformat()
    today, start, current = local_day(now), parse_instant(text), state.models.current
    with state.store.snapshot() as conn:
        rows, places = visit_list(
            conn,
            None if current is None else current.scorer,
            day=text,
            day_start=start,
            as_of=start if day < today else now,
            workers=workers,
        )
    if day == today:
        version = None if current is None else current.version
        try:
            with state.store.begin() as conn:
                keep_plan(conn, text, planned_rows(places, text, version, now))
        except sa.exc.SQLAlchemyError as error:
            log_failure(_log, "plan_not_kept", error)  # the list itself is at hand: nobody waits for the log
    return rows, places


def workers_of(conn: sa.Connection, key: Key) -> dict[str, dict[Any, Any]]:
    """The workers in a key's area, as `docket.caseload.workers` tells of them."""
    staff = caseload.workers(conn)
    if not len(staff):
        return {}
    if key.area is not None:
        grids = caseload.grids(conn)
        inside = set(grids.loc[grids[key.area.column] == key.area.id, "grid_id"])
        staff = staff[staff["grid_id"].isin(inside)]
    return {str(row["worker_id"]): {**row} for row in staff.to_dict("records")}
