"""Routes about visit lists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import created, sent
from serving.repeats.service import IdempotencyKey, ask_of
from serving.shapes import LONGEST_ID, PRINTABLE, Date
from serving.state import State, state_of
from serving.visits import moving, reporting, service
from serving.visits.schemas import Moved, MoveIn, VisitList, VisitsIn, VisitsOut

router = APIRouter(prefix="/v1", tags=["visits"], route_class=Guarded)


@router.get(
    "/visits",
    response_model=VisitList,
    summary="Whom to visit on a day",
    responses=errors.documented(
        errors.Unauthorised, errors.Forbidden, errors.NotFound, errors.Invalid, errors.Unavailable
    ),
)
def get_visits(
    key: Caller,
    state: Annotated[State, Depends(state_of)],
    date: Annotated[Date | None, Query(description="YYYY-MM-DD; else today.")] = None,
    worker: Annotated[
        str | None,
        Query(
            description="One worker; a worker's key reads its own list.",
            max_length=LONGEST_ID,
            pattern=PRINTABLE,
        ),
    ] = None,
) -> dict[str, Any]:
    """A worker's own list, or for the centre the lists of the workers in its area, in order of urgency."""
    return service.visits(state, key, date, worker)


@router.post(
    "/visits",
    status_code=201,
    response_model=VisitsOut,
    summary="Say what was found on visits",
    responses={**sent(VisitsOut), **errors.documented(errors.Conflict, errors.Unavailable)},
)
def post_visits(
    asked: VisitsIn,
    key: Caller,
    state: Annotated[State, Depends(state_of)],
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep what was found; the open cases and registry entries of the visited persons are assessed anew.

    All are taken or none. A worker's key tells of the worker's own visits to people of its community, and is
    told no score.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    return created(reporting.report(state, key, ask, asked))


@router.post(
    "/visits:move",
    status_code=201,
    response_model=Moved,
    summary="Give a worker's visits of today to another",
    responses={**sent(Moved), **errors.documented(errors.Conflict, errors.Unavailable)},
)
def post_move(
    asked: MoveIn,
    key: Caller,
    state: Annotated[State, Depends(state_of)],
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Some visits, or the whole list of who is away, go to a worker of the same community.

    Who is visited, and with which chance, stays as it was planned.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    return created(moving.move(state, key, ask, asked))
