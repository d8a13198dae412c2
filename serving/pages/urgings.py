"""Urgings as a page: which deadlines nobody met, for the level that they have climbed to."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from docket.urging import LEVELS
from serving.answering import Here
from serving.pages.access import Filled, Once, Page, Who, filled
from serving.pages.rendering import rendered
from serving.repeats.service import ask_of
from serving.shapes import PRINTABLE
from serving.urgings import service
from serving.urgings.endpoints import UrgingNo
from serving.urgings.schemas import UrgingAnswerIn

router = APIRouter(prefix="/urgings", route_class=Page)
_LISTED: Final = 50
_Word = Annotated[str, Query(max_length=20, pattern=PRINTABLE)]


@router.get("")
def get_urgings(
    request: Request,
    key: Who,
    state: Here,
    level: _Word = "",
    show: _Word = "",
    done: _Word = "",
    cursor: Annotated[str, Query(max_length=1_000, pattern=PRINTABLE)] = "",
) -> Response:
    """What is open at the key's own level, or at another one in its area."""
    wanted = level if level in LEVELS else None
    told = service.listed(
        state, key, level=wanted, area=None, ended=show == "ended", cursor=cursor or None, limit=_LISTED
    )
    own = service.own_level(key)
    said = "回复已记录。期限仍以实际联系、办理为准。" if done == "answered" else None
    return rendered(
        request,
        "urgings.html",
        **told,
        own=own,
        levels=LEVELS[: LEVELS.index(own) + 1],
        show="ended" if show == "ended" else "",
        mine=key.key_id,
        said=said,
    )


@router.post("/{urging_no}/answer")
def post_answer(
    request: Request, urging_no: UrgingNo, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Say what is done about it."""
    level = form.get("level", "")
    asked = filled(UrgingAnswerIn, {name: value for name, value in form.items() if name != "level"})
    service.answer(state, key, ask_of(key, request, asked, once), urging_no, asked)
    there = f"level={level}&" if level in LEVELS else ""
    return RedirectResponse(f"/urgings?{there}done=answered", status_code=303)
