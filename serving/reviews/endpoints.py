"""Routes of looking back: they translate, `serving.reviews.service` decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here, created, sent
from serving.repeats.service import IdempotencyKey, ask_of
from serving.reviews import service
from serving.reviews.schemas import Findings, FindingsIn, ReviewOut, ReviewsOut

router = APIRouter(prefix="/v1", tags=["reviews"], route_class=Guarded)
MOST_DAYS = 3_660
_CHANGES = errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable)


@router.get(
    "/cases/{dispute_id}/review",
    response_model=ReviewOut,
    summary="A case looked back at from its harm",
    responses={**errors.documented(errors.Invalid), **_CHANGES},
)
def get_review(dispute_id: CaseId, key: Caller, state: Here) -> dict[str, Any]:
    """What was known when, said then, and late; and what people found. 409 if no harm came of it."""
    return service.review(state, key, dispute_id)


@router.post(
    "/cases/{dispute_id}/review",
    status_code=201,
    response_model=Findings,
    summary="Say what was found",
    responses={**sent(Findings), **_CHANGES},
)
def post_findings(
    dispute_id: CaseId,
    asked: FindingsIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Each version is kept; the last one holds."""
    return created(service.find(state, key, ask_of(key, request, asked, idempotency_key), dispute_id, asked))


@router.get(
    "/reviews",
    response_model=ReviewsOut,
    summary="What cases of which harm came have in common",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_reviews(
    key: Caller, state: Here, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 365
) -> dict[str, Any]:
    """Harms, how their cases stood just before, which cues were missed and which doors were late."""
    return service.reviews(state, key, days)
