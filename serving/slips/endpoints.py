"""Routes about slips: they translate, `serving.slips.service` decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here, created, sent
from serving.repeats.service import IdempotencyKey, ask_of
from serving.shapes import LONGEST_ID, PRINTABLE
from serving.slips import service
from serving.slips.schemas import Slip, SlipColour, SlipIn, SlipsOut, SlipState, StepIn

router = APIRouter(prefix="/v1", tags=["slips"], route_class=Guarded)
MOST_LISTED = 200
SlipId = Annotated[
    str, Path(description="The slip's `slip_id`.", min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE)
]
_CHANGES = errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable)


@router.post(
    "/cases/{dispute_id}/slips",
    status_code=201,
    response_model=Slip,
    summary="Issue a slip",
    responses={**sent(Slip), **_CHANGES},
)
def post_slip(
    dispute_id: CaseId,
    asked: SlipIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give a case that a person decided to be yellow or red to a unit. 409 if nobody has decided."""
    return created(service.issue(state, key, ask_of(key, request, asked, idempotency_key), dispute_id, asked))


@router.get(
    "/slips",
    response_model=SlipsOut,
    summary="Slips as they stand",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_slips(
    key: Caller,
    state: Here,
    states: Annotated[list[SlipState] | None, Query(alias="state", description="Any of these.")] = None,
    colour: Annotated[SlipColour | None, Query(description="Of this colour only.")] = None,
    cursor: Annotated[
        str | None, Query(description="`next` of the page before.", max_length=1_000, pattern=PRINTABLE)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
) -> dict[str, Any]:
    """Those first that have stood longest as they are."""
    return service.listed(state, key, states=list(states or ()), colour=colour, cursor=cursor, limit=limit)


@router.get(
    "/slips/{slip_id}",
    response_model=Slip,
    summary="A slip and its steps",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def get_slip(slip_id: SlipId, key: Caller, state: Here) -> dict[str, Any]:
    """Who did what when."""
    return service.slip(state, key, slip_id)


@router.post(
    "/slips/{slip_id}/steps",
    status_code=201,
    response_model=Slip,
    summary="Take a slip to its next state",
    responses={**sent(Slip), **_CHANGES},
)
def post_step(
    slip_id: SlipId,
    asked: StepIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Issued, acknowledged, handled, reviewed, closed, in this order; 409 names the next one."""
    return created(service.step(state, key, ask_of(key, request, asked, idempotency_key), slip_id, asked))
