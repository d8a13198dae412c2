"""Routes about the registry: they translate, `serving.registry.service` decides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here, created, sent
from serving.cases.schemas import Assessment
from serving.registry import service
from serving.registry.schemas import LeaveIn
from serving.repeats.service import IdempotencyKey, ask_of
from serving.shapes import LONGEST_ID, PRINTABLE, RegistryRow

router = APIRouter(prefix="/v1", tags=["registry"], route_class=Guarded)
EntryId = Annotated[
    str,
    Path(description="The entry's `entry_id`.", min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE),
]


@router.post(
    "/registry",
    status_code=201,
    response_model=Assessment,
    summary="Put somebody into the registry",
    responses={**sent(Assessment), **errors.documented(errors.Conflict, errors.Unavailable)},
)
def post_entry(
    entry: RegistryRow, key: Caller, state: Here, request: Request, idempotency_key: IdempotencyKey = None
) -> Response:
    """A party of a case enters the risk-person registry, and the case is assessed anew."""
    ask = ask_of(key, request, entry, idempotency_key)
    return created(service.enter(state, key, ask, entry))


@router.post(
    "/registry/{entry_id}/leave",
    status_code=201,
    response_model=Assessment,
    summary="Let somebody leave the registry",
    responses={
        **sent(Assessment),
        **errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable),
    },
)
def post_leave(
    entry_id: EntryId,
    asked: LeaveIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The entry counts no more from then on, and the case is assessed anew."""
    ask = ask_of(key, request, asked, idempotency_key)
    return created(service.leave(state, key, ask, entry_id, asked))
