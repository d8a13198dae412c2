"""Routes about the course of a case."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here
from serving.history import service
from serving.history.schemas import HistoryOut

router = APIRouter(prefix="/v1", tags=["cases"], route_class=Guarded)


@router.get(
    "/cases/{dispute_id}/history",
    response_model=HistoryOut,
    summary="How a case came to where it stands",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def get_history(dispute_id: CaseId, key: Caller, state: Here) -> dict[str, Any]:
    """Events, visits, outcomes, changes of colour, decisions and slips in order; its people, and the pair."""
    return service.history(state, key, dispute_id)
