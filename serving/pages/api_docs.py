"""The page on which the API describes itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.pages.rendering import rendered

router = APIRouter()


@router.get("/docs", include_in_schema=False)
def get_docs(request: Request) -> HTMLResponse:
    """Every route of the API, to read and to try."""
    return rendered(request, "api_docs.html")
