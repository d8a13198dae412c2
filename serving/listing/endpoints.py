"""Routes that list: they translate, `serving.listing.service` decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from docket.times import to_micros
from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here
from serving.listing import service
from serving.listing.schemas import AssessmentsOut, CasesOut
from serving.shapes import LONGEST_AREA, PRINTABLE, Colour, Time

router = APIRouter(prefix="/v1", tags=["cases"], route_class=Guarded)
_Cursor = Annotated[
    str | None, Query(description="`next` of the page before.", max_length=1_000, pattern=PRINTABLE)
]


@router.get(
    "/cases",
    response_model=CasesOut,
    summary="Cases as they stand",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_cases(
    key: Caller,
    state: Here,
    colour: Annotated[Colour | None, Query(description="As it stands.")] = None,
    area: Annotated[
        str | None,
        Query(
            description="`street:ID`, `community:ID` or `grid:ID`.",
            max_length=LONGEST_AREA,
            pattern=PRINTABLE,
        ),
    ] = None,
    since: Annotated[Time | None, Query(description="RFC 3339: changed then or later.")] = None,
    cursor: _Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> dict[str, Any]:
    """Cases that the service has assessed, in the key's area, those first that changed first.

    A case that changes while pages are read comes again at the end. Whoever comes back later asks `since` a
    minute before the latest `changed_at` seen, as what is written at the same time may show a moment later.
    """
    return service.cases(
        state,
        key,
        colour=colour,
        area=area,
        since=None if since is None else to_micros(since),
        cursor=cursor,
        limit=limit,
    )


@router.get(
    "/cases/{dispute_id}/assessments",
    response_model=AssessmentsOut,
    summary="What was answered about a case",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def get_assessments(
    dispute_id: CaseId,
    key: Caller,
    state: Here,
    cursor: _Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Every assessment of the case as it was answered, in the order in which they were made."""
    return service.assessments(state, key, dispute_id, cursor=cursor, limit=limit)
