"""Routes about labels: they translate, `serving.annotations.service` decides."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.annotations import service
from serving.annotations.schemas import AnnotationsIn, AnnotationsOut
from serving.answering import CaseId, Here, created, sent
from serving.repeats.service import IdempotencyKey, ask_of

router = APIRouter(prefix="/v1", tags=["cases"], route_class=Guarded)


@router.post(
    "/cases/{dispute_id}/annotations",
    status_code=201,
    response_model=AnnotationsOut,
    summary="Label a narrative",
    responses={
        **sent(AnnotationsOut),
        **errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable),
    },
)
def post_annotations(
    dispute_id: CaseId,
    asked: AnnotationsIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Say that a cue is, or isn't, in the narrative; the tagger learns from it. No score changes."""
    ask = ask_of(key, request, asked, idempotency_key)
    return created(service.label(state, key, ask, dispute_id, asked))
