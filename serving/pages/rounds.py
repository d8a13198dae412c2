"""A community's visits of today as a page: who walks where, and who goes instead of somebody who is away."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from serving.answering import Here
from serving.errors import FieldError, Invalid
from serving.listing.service import area_of
from serving.pages.access import Filled, Form, Once, Page, Who, filled
from serving.pages.queue import by_street
from serving.pages.rendering import rendered
from serving.queue.service import parts
from serving.repeats.service import ask_of
from serving.shapes import LONGEST_AREA, PRINTABLE
from serving.visits import moving, rounds
from serving.visits.schemas import MoveIn

router = APIRouter(prefix="/rounds", route_class=Page)
_PERSON: Final = "person-"
DONE: Final = {"moved": "已改派，接手人的名单已更新。", "back": "已恢复，由本人走访。"}


@router.get("")
def get_rounds(
    request: Request,
    key: Who,
    state: Here,
    area: Annotated[str, Query(max_length=LONGEST_AREA, pattern=PRINTABLE)] = "",
    done: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
) -> Response:
    """The lists of a community's workers and what is done of them; the first community's if none is named."""
    streets = by_street(parts(state, key)[0]).values()
    communities = [(name, [*within.items()]) for name, within in streets]
    first = next((value for _, within in communities for value, _ in within), "")
    chosen = area or first
    told = rounds.rounds(state, key, area_of(chosen) if chosen else None)
    return rendered(
        request,
        "rounds.html",
        **told,
        communities=communities,
        chosen=chosen,
        fit=[one for one in told["rounds"] if not one["absent"] and one["covered"] is None],
        said=DONE.get(done),
    )


@router.post("")
def post_move(request: Request, form: Filled, once: Once, key: Who, state: Here) -> Response:
    """Give the visits that are ticked, or the whole list, to another worker; or take a list back."""
    asked = _asked(form)
    moving.move(state, key, ask_of(key, request, asked, once), asked)
    done = "back" if asked.to_worker_id == asked.worker_id else "moved"
    return RedirectResponse(
        f"/rounds?{urlencode({'area': form.get('area', ''), 'done': done})}", status_code=303
    )


def _asked(form: Form) -> MoveIn:
    people = [value for name, value in form.items() if name.startswith(_PERSON)]
    whole = form.get("all") == "yes"
    if not whole and not people:
        raise Invalid([FieldError(field="people", reason="missing value")])
    values: dict[str, Any] = {name: form.get(name) for name in ("worker_id", "to_worker_id", "reason")}
    return filled(MoveIn, {**values, "people": None if whole else people})
