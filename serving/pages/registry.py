"""The registry as pages: who stands in it, who is proposed, an entry and its forms, and the search."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from docket.times import now_micros, rfc3339
from serving.answering import CaseId, Here
from serving.listing.service import area_of
from serving.pages.access import Filled, Form, Once, Page, Who, filled
from serving.pages.queue import choices
from serving.pages.rendering import rendered, way
from serving.pages.words import ANSWERED, CATEGORIES, FINDINGS_OF_REVIEW, PURPOSES, REGISTRY_SHOWN
from serving.registry import contesting, looking, service
from serving.registry.endpoints import EntryId, ObjectionId
from serving.registry.schemas import (
    AnsweredIn,
    CorrectIn,
    DeclineIn,
    EntryIn,
    LeaveIn,
    ObjectIn,
    ReviewIn,
    SearchIn,
)
from serving.repeats.service import ask_of
from serving.shapes import LONGEST_AREA, PRINTABLE

router = APIRouter(prefix="/registry", route_class=Page)
of_case = APIRouter(prefix="/cases/{dispute_id}/registry", route_class=Page)
_LISTED: Final = 50
DONE: Final = {
    "entered": "已列入，社区已收到通知，相关案件已重新评估。",
    "declined": "已记录，不再提示此人。",
    "left": "已移出，相关案件已重新评估。",
    "corrected": "已更正，相关案件已重新评估。",
    "objected": "异议已登记，须由列入者以外的人复核。",
    "reviewed": "复核结论已记录。请告知当事人。",
    "answered": "已记录答复，异议办结。",
}
_Word = Annotated[str, Query(max_length=20, pattern=PRINTABLE)]
_Cursor = Annotated[str, Query(max_length=1_000, pattern=PRINTABLE)]


@router.get("")
def get_registry(
    request: Request,
    key: Who,
    state: Here,
    area: Annotated[str, Query(max_length=LONGEST_AREA, pattern=PRINTABLE)] = "",
    category: _Word = "",
    show: _Word = "",
    cursor: _Cursor = "",
) -> Response:
    """Who stands in the registry, by area, with when each is to be visited."""
    asked = {
        "area": area,
        "category": category if category in CATEGORIES else "",
        "show": show if show in REGISTRY_SHOWN else "",
    }
    told = looking.listed(
        state,
        key,
        area=area_of(area) if area else None,
        category=asked["category"] or None,
        show=asked["show"] or "in_force",
        cursor=cursor or None,
        limit=_LISTED,
    )

    def link(**other: str) -> str:
        said = {name: value for name, value in {**asked, **other}.items() if value}
        return f"/registry?{urlencode(said)}" if said else "/registry"

    return rendered(
        request,
        "registry.html",
        **told,
        people=looking.names_of(state, [row["person_id"] for row in told["entries"]]),
        asked=asked,
        link=link,
        categories=CATEGORIES,
        shown=REGISTRY_SHOWN,
        areas=[] if key.scope == "worker" else choices(state, key, area),
    )


@router.get("/proposed")
def get_proposed(request: Request, key: Who, state: Here, cursor: _Cursor = "", done: _Word = "") -> Response:
    """Who should be looked at for an entry, however mediation ended."""
    told = looking.proposed(state, key, cursor=cursor or None, limit=_LISTED)
    return rendered(
        request,
        "registry_proposed.html",
        **told,
        people=looking.names_of(state, [row["person_id"] for row in told["proposed"]]),
        categories=CATEGORIES,
        now=rfc3339(now_micros()),
        said=DONE.get(done),
    )


@of_case.get("")
def get_of_case(request: Request, dispute_id: CaseId, key: Who, state: Here) -> Response:
    """The parties of a case, to be entered for whatever reason a person has."""
    rows = looking.parties(state, key, dispute_id)
    return rendered(
        request,
        "registry_case.html",
        dispute_id=dispute_id,
        parties=rows,
        people=looking.names_of(state, [row["person_id"] for row in rows]),
        categories=CATEGORIES,
        now=rfc3339(now_micros()),
    )


@router.post("/entries")
def post_entry(request: Request, form: Filled, once: Once, key: Who, state: Here) -> Response:
    """Enter somebody who was proposed."""
    person, dispute = form.get("person_id", ""), form.get("dispute_id", "")
    values: dict[str, Any] = {
        # The same for whoever taps at once: two colleagues don't enter somebody twice.
        "entry_id": looking.fresh_id(state, dispute, person),
        "person_id": person,
        "dispute_id": dispute,
        "category": form.get("category", ""),
        "entered_at": form.get("entered_at", ""),
        "reason": form.get("reason"),
        "guardian_informed": form.get("guardian_informed") == "yes",
    }
    asked = filled(EntryIn, values)
    service.enter(state, key, ask_of(key, request, asked, once), asked)
    if form.get("from") == "case":
        return _back(asked.entry_id, "entered")
    return RedirectResponse("/registry/proposed?done=entered", status_code=303)


@router.post("/declined")
def post_decline(request: Request, form: Filled, once: Once, key: Who, state: Here) -> Response:
    """Don't enter somebody who was proposed."""
    asked = filled(DeclineIn, form)
    looking.decline(state, key, ask_of(key, request, asked, once), asked)
    return RedirectResponse("/registry/proposed?done=declined", status_code=303)


@router.get("/search")
def get_search(request: Request, key: Who) -> Response:
    """Ask whom somebody looks for, and what for."""
    return rendered(request, "registry_search.html", purposes=PURPOSES, asked={}, entries=None, people={})


@router.post("/search")
def post_search(request: Request, form: Filled, key: Who, state: Here) -> Response:
    """What was found; nothing of it is in the address."""
    told = looking.search(state, key, filled(SearchIn, form))
    return rendered(
        request,
        "registry_search.html",
        purposes=PURPOSES,
        asked=form,
        **told,
        people=looking.names_of(state, [row["person_id"] for row in told["entries"]]),
    )


@router.get("/entries/{entry_id}")
def get_entry(request: Request, entry_id: EntryId, key: Who, state: Here, done: _Word = "") -> Response:
    """An entry: what was done about it, what its person objects to, and what can be done."""
    entry = looking.entry(state, key, entry_id)
    return rendered(
        request,
        "registry_entry.html",
        entry=entry,
        who=looking.names_of(state, [entry["person_id"]]).get(entry["person_id"], {}),
        mine=key.key_id,
        # Who entered or corrected it doesn't review it.
        may_review=key.key_id
        not in {one["by"] for one in entry["history"] if one["what"] in ("entered", "corrected")},
        categories=CATEGORIES,
        findings=FINDINGS_OF_REVIEW,
        answered=ANSWERED,
        said=DONE.get(done),
    )


def _back(entry_id: str, done: str) -> Response:
    return RedirectResponse(f"{way('/registry/entries/{}', entry_id)}?done={done}", status_code=303)


def _dated(form: Form, name: str) -> dict[str, str]:
    """A form's day as the moment that it begins; today's, as now."""
    day = form.get(name, "")
    now = rfc3339(now_micros())
    return {**form, name: "" if day in ("", now[:10]) else f"{day}T00:00:00+08:00"}


@router.post("/entries/{entry_id}/leave")
def post_leave(
    request: Request, entry_id: EntryId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Let the person leave, with the reason."""
    asked = filled(LeaveIn, {"reason": form.get("reason")})
    service.leave(state, key, ask_of(key, request, asked, once), entry_id, asked)
    return _back(entry_id, "left")


@router.post("/entries/{entry_id}/correction")
def post_correction(
    request: Request, entry_id: EntryId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Say what the entry should have said."""
    asked = filled(CorrectIn, form)
    service.correct(state, key, ask_of(key, request, asked, once), entry_id, asked)
    return _back(entry_id, "corrected")


@router.post("/entries/{entry_id}/objections")
def post_objection(
    request: Request, entry_id: EntryId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Record what the person objects to."""
    asked = filled(ObjectIn, _dated(form, "raised_at"))
    contesting.object_to(state, key, ask_of(key, request, asked, once), entry_id, asked)
    return _back(entry_id, "objected")


@router.post("/entries/{entry_id}/objections/{objection_id}/review")
def post_review(
    request: Request,
    entry_id: EntryId,
    objection_id: ObjectionId,
    form: Filled,
    once: Once,
    key: Who,
    state: Here,
) -> Response:
    """Say what the review found."""
    corrects = form.get("finding") == "corrected"
    asked = filled(ReviewIn, {**form, "category": form.get("category") if corrects else None})
    contesting.review(state, key, ask_of(key, request, asked, once), entry_id, objection_id, asked)
    return _back(entry_id, "reviewed")


@router.post("/entries/{entry_id}/objections/{objection_id}/answer")
def post_answer(
    request: Request,
    entry_id: EntryId,
    objection_id: ObjectionId,
    form: Filled,
    once: Once,
    key: Who,
    state: Here,
) -> Response:
    """Say how the person was told."""
    asked = filled(AnsweredIn, form)
    contesting.answer(state, key, ask_of(key, request, asked, once), entry_id, objection_id, asked)
    return _back(entry_id, "answered")
