"""One case, one analysis as pages: a case looked back at, with a form, and what many have in common."""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from features.cues import BY_NAME, CUES
from serving.answering import CaseId, Here
from serving.pages.access import Filled, Form, Once, Page, Who, filled
from serving.pages.rendering import rendered, way
from serving.repeats.service import ask_of
from serving.reviews import service
from serving.reviews.endpoints import MOST_DAYS
from serving.reviews.schemas import Door, FindingsIn
from serving.shapes import PRINTABLE

router = APIRouter(route_class=Page)
DOORS: Final[tuple[str, ...]] = get_args(Door)
TITLES: Final = {cue.name: cue.title for cue in CUES}


@router.get("/reviews")
def get_reviews(
    request: Request, key: Who, state: Here, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 365
) -> Response:
    """Harms, how their cases stood, and what was found about them."""
    told = service.reviews(state, key, days)
    return rendered(request, "reviews.html", **told, days=days, titles=TITLES)


@router.get("/cases/{dispute_id}/review")
def get_review(
    request: Request,
    dispute_id: CaseId,
    key: Who,
    state: Here,
    done: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
) -> Response:
    """A case looked back at; it prints on A4."""
    told = service.review(state, key, dispute_id)
    last = told["findings"][-1] if told["findings"] else None
    seen = {cue for one in told["known"] for cue in one["cues"]}
    near = [cue for cue in TITLES if cue in {*seen, *(last["cues"] if last else ())}]
    return rendered(
        request,
        "review.html",
        **told,
        last=last,
        titles=TITLES,
        near=near,
        far=[cue for cue in TITLES if cue not in near],
        doors=DOORS,
        mine=key.key_id,
        saved=done == "saved",
    )


@router.post("/cases/{dispute_id}/review")
def post_review(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Keep what was found."""
    asked = filled(FindingsIn, _asked(form))
    service.find(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return RedirectResponse(f"{way('/cases/{}/review', dispute_id)}?done=saved", status_code=303)


def _asked(form: Form) -> dict[str, Any]:
    """What the form's boxes and fields say."""
    ticked = {name for name, value in form.items() if value == "yes"}
    rest = {name: value for name, value in form.items() if not name.startswith(("cue-", "door-"))}
    cues = [name.removeprefix("cue-") for name in ticked if name.removeprefix("cue-") in BY_NAME]
    doors = [name.removeprefix("door-") for name in ticked if name.removeprefix("door-") in DOORS]
    return {**rest, "cues": sorted(cues), "doors": sorted(doors)}
