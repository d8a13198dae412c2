"""Routes about reports: they translate, `serving.reports.service` decides."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from docket.keys import Area, Key
from docket.times import local_day, now_micros
from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here
from serving.errors import NotFound
from serving.listing.service import area_of
from serving.reports import service
from serving.reports.periods import Kind, Period
from serving.reports.schemas import ReportOut
from serving.shapes import LONGEST_AREA, PRINTABLE, Date
from serving.state import State

router = APIRouter(prefix="/v1", tags=["reports"], route_class=Guarded)
AreaText = Annotated[
    str | None,
    Query(description="street:ID, community:ID or grid:ID.", max_length=LONGEST_AREA, pattern=PRINTABLE),
]


@router.get(
    "/reports",
    response_model=ReportOut,
    summary="The stability report of a day, week, month or year",
    responses=errors.documented(errors.Invalid, errors.NotFound, errors.Unavailable),
)
def get_report(
    key: Caller,
    state: Here,
    period: Annotated[Kind, Query(description="Of which length.")] = "day",
    date: Annotated[Date | None, Query(description="A day that it holds; else the last that ended.")] = None,
    area: AreaText = None,
) -> dict[str, Any]:
    """As it was written after the period's end, else made now from what is known now."""
    return service.report(state, key, wanted(period, date), reached(state, key, area))


def wanted(kind: Kind, day: date | None) -> Period:
    """The period of a day; of none, the last that has ended."""
    if day is not None:
        return Period.of(kind, day)
    return Period.of(kind, local_day(now_micros())).before()


def reached(state: State, key: Key, area: str | None) -> Area | None:
    """The area asked for, if the key reaches it; None: its own.

    Raises
    ------
    NotFound
        If it doesn't.
    Invalid
        If it isn't an area.
    """
    if not area:
        return None
    where = area_of(area)
    if not service.lies_within(state, where, key.area):
        raise NotFound("There is no such area in the key's.")
    return where
