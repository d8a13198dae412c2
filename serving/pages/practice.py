"""How people use what is recommended, as a page for the centre."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from serving.answering import Here
from serving.pages.access import Page, Who
from serving.pages.rendering import rendered
from serving.practice import service
from serving.practice.endpoints import MOST_DAYS

router = APIRouter(prefix="/practice", route_class=Page)


@router.get("")
def get_practice(
    request: Request, key: Who, state: Here, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30
) -> Response:
    """How often a recommendation was taken unchanged, and how long people looked first."""
    return rendered(request, "practice.html", days=days, **service.practice(state, key, days))
