"""How far a case is: the page that a token opens, and the page on which the centre gives tokens."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Final

import segno
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from serving.answering import CaseId, Here
from serving.errors import NotFound, TooMany
from serving.pages.access import Filled, Page, Who, filled, form_of, secure
from serving.pages.failing import failed
from serving.pages.rendering import rendered, way
from serving.pages.words import STARS
from serving.progress import service
from serving.progress.endpoints import TokenId
from serving.progress.schemas import RatingIn, TokenIn
from serving.progress.service import STEPS
from serving.shapes import PRINTABLE
from serving.state import State

doors = APIRouter(include_in_schema=False)
"""Where a token is the key."""
router = APIRouter(prefix="/cases/{dispute_id}/progress", route_class=Page)
_LONGEST: Final = 100
Token = Annotated[str, Path(max_length=_LONGEST, pattern=PRINTABLE)]
_Word = Annotated[str, Query(max_length=20, pattern=PRINTABLE)]


@doors.get("/progress")
def get_door(request: Request) -> Response:
    """Ask for a token that is on paper."""
    return rendered(request, "progress_door.html", wrong=False)


@doors.post("/progress")
async def post_door(request: Request) -> Response:
    """Lead to the page of a token: not by an address with a query, which is kept in more places."""
    try:
        form = await form_of(request)
    except Exception as error:  # noqa: BLE001 - a person is told of it as a page
        return failed(request, error)
    token = form.get("token", "").strip()[:_LONGEST]
    return RedirectResponse(way("/progress/{}", token) if token else "/progress", status_code=303)


@doors.get("/progress/{token}")
def get_progress(request: Request, token: Token, state: Here, done: _Word = "") -> Response:
    """States and days of the case that a token is for."""
    return _opened(
        request,
        state,
        lambda: rendered(
            request,
            "progress.html",
            **service.look(state, token),
            at=way("/progress/{}", token),
            steps=STEPS,
            stars=STARS,
            said="评价已记录，谢谢。" if done else None,
        ),
    )


@doors.post("/progress/{token}")
async def post_rating(request: Request, token: Token, state: Here) -> Response:
    """Keep what the holder thinks. The token is what no other site knows: the form needs nothing else."""
    try:
        form = await form_of(request)
    except Exception as error:  # noqa: BLE001 - a person is told of it as a page
        return failed(request, error)

    def kept() -> Response:
        said = {name: form.get(name, "") for name in ("stars", "comment")}
        service.rate(state, token, filled(RatingIn, said))
        return RedirectResponse(f"{way('/progress/{}', token)}?done=1", status_code=303)

    return await run_in_threadpool(_opened, request, state, kept)


def _opened(request: Request, state: State, make: Callable[[], Response]) -> Response:
    """What a token opens; of one that opens nothing the same page, whether it was one once or never."""
    try:
        # Counted by address: who tries tokens has none.
        wait = state.looks.take(request.client.host if request.client else "unknown")
        if wait:
            raise TooMany(math.ceil(wait))
        return make()
    except NotFound:
        return rendered(request, "progress_door.html", status=NotFound.status, wrong=True)
    except Exception as error:  # noqa: BLE001 - a person is told of it as a page
        return failed(request, error)


@router.get("")
def get_tokens(request: Request, dispute_id: CaseId, key: Who, state: Here, done: _Word = "") -> Response:
    """The tokens of a case and what their holders thought."""
    return _tokens(request, state, key, dispute_id, made=None, done=done)


@router.post("")
def post_token(request: Request, dispute_id: CaseId, key: Who, state: Here, form: Filled) -> Response:
    """Give a token: shown now, as letters and as a square to be photographed, and never again."""
    made = service.give(state, key, dispute_id, TokenIn())
    scheme = "https" if secure(request) else request.url.scheme
    address = f"{scheme}://{request.url.netloc}{made['path']}"
    square = segno.make(address, micro=False, error="m")
    shown = {**made, "address": address, "square": square.svg_data_uri(scale=5, border=4)}
    return _tokens(request, state, key, dispute_id, made=shown)


@router.post("/{token_id}/revoke")
def post_revoke(
    request: Request, dispute_id: CaseId, token_id: TokenId, key: Who, state: Here, form: Filled
) -> Response:
    """Let a token open nothing any more."""
    service.revoke(state, key, dispute_id, token_id)
    return RedirectResponse(f"{way('/cases/{}/progress', dispute_id)}?done=1", status_code=303)


def _tokens(
    request: Request, state: State, key: Any, dispute_id: str, *, made: dict[str, Any] | None, done: str = ""
) -> Response:
    return rendered(
        request,
        "progress_tokens.html",
        **service.tokens(state, key, dispute_id),
        dispute_id=dispute_id,
        made=made,
        mine=key.key_id,
        said="查询码已作废。" if done else None,
    )
