"""Slips as pages: what stands where, and each one's steps."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from docket.slips import STATES, TOLD, next_of
from serving.answering import Here
from serving.pages.access import Filled, Once, Page, Who, filled
from serving.pages.rendering import rendered, way
from serving.pages.words import SLIP_STATES
from serving.repeats.service import ask_of
from serving.shapes import PRINTABLE
from serving.slips import service
from serving.slips.endpoints import SlipId
from serving.slips.schemas import StepIn

router = APIRouter(prefix="/slips", route_class=Page)
_LISTED: Final = 50


@router.get("")
def get_slips(
    request: Request,
    key: Who,
    state: Here,
    show: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
    cursor: Annotated[str, Query(max_length=1_000, pattern=PRINTABLE)] = "",
) -> Response:
    """Slips that aren't closed, or those of one state, the ones first that have stood longest."""
    states: list[str] = [show] if show in SLIP_STATES else [*STATES[:-1]]
    told = service.listed(state, key, states=states, colour=None, cursor=cursor or None, limit=_LISTED)
    return rendered(
        request, "slips.html", **told, show=show if show in SLIP_STATES else "", states=SLIP_STATES
    )


@router.get("/{slip_id}")
def get_slip(
    request: Request,
    slip_id: SlipId,
    key: Who,
    state: Here,
    done: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
) -> Response:
    """A slip: who took which step when, and the next one."""
    slip = service.slip(state, key, slip_id)
    following = next_of(slip["state"])
    return rendered(
        request,
        "slip.html",
        slip=slip,
        states=STATES,
        following=following,
        told=following in TOLD,
        mine=key.key_id,
        said="已记录。" if done else None,
    )


@router.post("/{slip_id}/steps")
def post_step(request: Request, slip_id: SlipId, form: Filled, once: Once, key: Who, state: Here) -> Response:
    """Take the slip to its next state."""
    asked = filled(StepIn, form)
    service.step(state, key, ask_of(key, request, asked, once), slip_id, asked)
    return RedirectResponse(f"{way('/slips/{}', slip_id)}?done=1", status_code=303)
