"""Routes about merging: they translate, `serving.merges.service` decides."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here
from serving.merges import service
from serving.merges.schemas import MergeIn, MergeOut, UnmergeIn

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
def post_merge(dispute_id: CaseId, asked: MergeIn, key: Caller, state: Here) -> dict[str, Any]:
    """From now on the case counts as part of `into`, in every feature and list; what was told before stands.

    Its parties, events, outcomes and registry entries go over, and its report becomes a `repeat_report`
    through its own door. It can be parted again.
    """
    return service.join(state, key, dispute_id, asked)


@router.post(
    "/cases/{dispute_id}/unmerge",
    response_model=MergeOut,
    summary="Say that a merged case is one of its own after all",
    responses=_RESPONSES,
)
def post_unmerge(dispute_id: CaseId, asked: UnmergeIn, key: Caller, state: Here) -> dict[str, Any]:
    """From now on both count again. What came in for the other case meanwhile stays there."""
    return service.part(state, key, dispute_id, asked)
