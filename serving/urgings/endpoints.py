"""Routes about urgings: they translate, `serving.urgings.service` decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here, created, sent
from serving.listing.service import area_of
from serving.repeats.service import IdempotencyKey, ask_of
from serving.shapes import LONGEST_AREA, PRINTABLE
from serving.urgings import service
from serving.urgings.schemas import Level, Urging, UrgingAnswerIn, UrgingsOut

router = APIRouter(prefix="/v1", tags=["urgings"], route_class=Guarded)
MOST_LISTED = 200
_MOST = 2**62
UrgingNo = Annotated[int, Path(description="The urging's `urging_no`.", ge=1, le=_MOST)]


@router.get(
    "/urgings",
    response_model=UrgingsOut,
    summary="Deadlines that nobody met, by the level they have climbed to",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_urgings(
    key: Caller,
    state: Here,
    level: Annotated[Level | None, Query(description="Sent to this level; else the key's own.")] = None,
    area: Annotated[
        str | None,
        Query(description="street:ID, community:ID or grid:ID.", max_length=LONGEST_AREA, pattern=PRINTABLE),
    ] = None,
    ended: Annotated[bool, Query(description="Those that were met since, instead of the open ones.")] = False,
    cursor: Annotated[
        str | None, Query(description="`next` of the page before.", max_length=1_000, pattern=PRINTABLE)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
) -> dict[str, Any]:
    """The latest first."""
    where = None if area is None else area_of(area)
    return service.listed(state, key, level=level, area=where, ended=ended, cursor=cursor, limit=limit)


@router.post(
    "/urgings/{urging_no}/answer",
    status_code=201,
    response_model=Urging,
    summary="Answer an urging",
    responses={**sent(Urging), **errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable)},
)
def post_urging_answer(
    urging_no: UrgingNo,
    asked: UrgingAnswerIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Say once what is done about it; the deadline itself is met by what happens in the case."""
    return created(service.answer(state, key, ask_of(key, request, asked, idempotency_key), urging_no, asked))
