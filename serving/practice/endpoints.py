"""Routes about how people decide."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here
from serving.practice import service
from serving.practice.schemas import PracticeOut

router = APIRouter(prefix="/v1", tags=["decisions"], route_class=Guarded)
MOST_DAYS = 3_650


@router.get(
    "/practice",
    response_model=PracticeOut,
    summary="How people use what is recommended",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_practice(
    key: Caller,
    state: Here,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="How far back.")] = 30,
) -> dict[str, Any]:
    """How often the recommended colour was taken unchanged, with an interval, and how long people looked."""
    return service.practice(state, key, days)
