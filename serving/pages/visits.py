"""A worker's day on the phone: whom to visit, why, and what was found by one tap."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from docket.times import now_micros, rfc3339
from serving.answering import Here
from serving.errors import Conflict, FieldError, Invalid
from serving.pages.access import Filled, Page, Who, filled
from serving.pages.rendering import rendered
from serving.repeats.service import ask_of
from serving.shapes import PRINTABLE
from serving.visits import reporting, service
from serving.visits.schemas import VisitsIn

router = APIRouter(prefix="/visits", route_class=Page)
MET: Final = ("calm", "tense", "worse")
NOT_MET: Final = "absent"
SAID: Final = {"1": "走访已记录，相关案件已重新评估。", "before": "这次走访此前已经记录，没有再记一次。"}


@router.get("")
def get_visits(
    request: Request,
    key: Who,
    state: Here,
    done: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
) -> Response:
    """Today's visits within capacity, the most urgent first, and those that are done."""
    told = service.round_of(state, key)
    return rendered(
        request,
        "visits.html",
        **told,
        ids=[f"v-{secrets.token_hex(12)}" for _ in told["left"]],
        said=SAID.get(done),
    )


@router.post("")
def post_visit(request: Request, form: Filled, key: Who, state: Here) -> Response:
    """Keep what was found."""
    found = form.get("found")
    if found not in (*MET, NOT_MET):
        raise Invalid([FieldError(field="finding", reason="missing value")])
    visit: dict[str, Any] = {
        "visit_id": form.get("visit_id", ""),
        "person_id": form.get("person_id", ""),
        "worker_id": key.worker_id,
        "at": rfc3339(now_micros()),
        "contact": found != NOT_MET,
        "finding": found if found in MET else "unknown",
        "text": form.get("text") or None,
        "weapon_seen": form.get("weapon_seen") == "yes",
        "referred_to": form.get("referred_to") or None,
    }
    asked = filled(VisitsIn, {"visits": [visit]})
    try:
        reporting.report(state, key, ask_of(key, request, asked, None), asked)
    except Conflict:  # tapped twice, or sent again from a page of before: the first stands
        return RedirectResponse("/visits?done=before", status_code=303)
    return RedirectResponse("/visits?done=1", status_code=303)
