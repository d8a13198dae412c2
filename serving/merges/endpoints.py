"""Routes about merging: they translate, `serving.merges.service` decides."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here, replaced
from serving.merges import service
from serving.merges.schemas import MergeIn, MergeOut, UnmergeIn
from serving.repeats.service import IdempotencyKey, ask_of

router = APIRouter(prefix="/v1", tags=["cases"], route_class=Guarded)
_RESPONSES = errors.documented(
    errors.Malformed,
    errors.Unauthorised,
    errors.Forbidden,
    errors.NotFound,
    errors.MergeRefused,
    errors.Invalid,
    errors.Unavailable,
)


@router.post(
    "/cases/{dispute_id}/merge",
    response_model=MergeOut,
    summary="Say that a case is another one, reported twice",
    responses=_RESPONSES,
)
def post_merge(
    dispute_id: CaseId,
    asked: MergeIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """From now on the case counts as part of `into`, in every feature and list; what was told before stands.

    Its parties, events, outcomes and registry entries go over, and its report becomes a `repeat_report`
    through its own door. It can be parted again.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    return replaced(service.join(state, key, ask, dispute_id, asked))


@router.post(
    "/cases/{dispute_id}/unmerge",
    response_model=MergeOut,
    summary="Say that a merged case is one of its own after all",
    responses=_RESPONSES,
)
def post_unmerge(
    dispute_id: CaseId,
    asked: UnmergeIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """From now on both count again. What came in for the other case meanwhile stays there."""
    ask = ask_of(key, request, asked, idempotency_key)
    return replaced(service.part(state, key, ask, dispute_id, asked))
