"""A case as a page, and the forms on it: each asks the service that the API asks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from docket.times import now_micros
from features.cues import CUES
from serving.annotations import service as labels
from serving.annotations.schemas import AnnotationsIn
from serving.answering import CaseId, Here
from serving.audit.service import viewed
from serving.cases import service as cases
from serving.cases.repository import grid_names
from serving.decisions import service as decisions
from serving.decisions.schemas import ApprovalIn, DecisionIn
from serving.errors import FieldError, Invalid
from serving.history import service as histories
from serving.merges import service as merges
from serving.merges.schemas import MergeIn, UnmergeIn
from serving.pages.access import Filled, Form, Once, Page, Who, filled
from serving.pages.marking import marked, numbered
from serving.pages.rendering import area, rendered, way
from serving.pages.words import COLOURS
from serving.queue.board import goes_by
from serving.repeats.service import ask_of
from serving.shapes import PRINTABLE
from serving.slips import service as slips
from serving.slips.repository import of_case as slips_of
from serving.slips.schemas import SlipIn
from serving.urgings import service as urgings

router = APIRouter(prefix="/cases/{dispute_id}", route_class=Page)
DONE: Final = {
    "decided": "决定已记录。",
    "waiting": "已提交，须由另一人同意后才降色；在此之前仍为红色。",
    "approved": "已同意，颜色已改。",
    "refused": "已退回，颜色不变。",
    "tagged": "标签已记录，用于改进识别，不改变本案评估。",
    "merged": "已并入，另一案已重新评估。",
    "parted": "已拆分，拆出的案件已重新评估。",
    "issued": "单据已下发。",
}
_HORIZONS: Final = (30, 90, 180)


@router.get("")
def get_case(
    request: Request,
    dispute_id: CaseId,
    key: Who,
    state: Here,
    done: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
) -> Response:
    """All that is known of a case, what is recommended and why, and what people decided."""
    with state.store.snapshot() as conn:  # one for all: what the page shows is of one moment
        now = now_micros()
        case = cases.told(conn, key, dispute_id, now)
        history = histories.told(conn, key, dispute_id, now)
        stands = goes_by(conn, dispute_id)
        where = grid_names(conn, case["dispute"]["grid_id"])
        issued, following = slips_of(conn, dispute_id), urgings.following(conn, dispute_id)
    viewed(state, [dispute_id], None, "history")
    assessment = case["assessment"]
    story = numbered([] if assessment is None else assessment["reasons"])
    # Spans are places in the narrative that was read: of a later one they mean nothing.
    current = assessment is not None and case["dispute"]["recorded_at"] <= assessment["as_of"]
    return rendered(
        request,
        "case.html",
        case=case,
        where=area(*where),
        assessment=assessment,
        reasons=story,
        story=marked(case["dispute"]["text"], story if current else []),
        current=current,
        history=history,
        slips=issued,
        stands=None if stands is None else dict(zip(("colour", "decided"), stands, strict=True)),
        next_steps=following,
        risks=_by_target(assessment),
        horizons=_HORIZONS,
        colours=list(COLOURS),
        cues=[(cue.name, cue.title) for cue in CUES],
        mine=key.key_id,
        fresh=secrets.token_hex(8),
        said=DONE.get(done),
    )


def _by_target(assessment: dict[str, Any] | None) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for risk in [] if assessment is None else assessment["risks"]:
        found.setdefault(risk["target"], {})[risk["horizon_days"]] = risk
    return dict(sorted(found.items(), key=lambda item: item[0] != "escalation"))


def _back(dispute_id: str, done: str) -> Response:
    return RedirectResponse(f"{way('/cases/{}', dispute_id)}?done={done}", status_code=303)


@router.post("/decision")
def post_decision(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Confirm, raise or lower."""
    asked = filled(DecisionIn, form)
    answer = decisions.decide(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return _back(dispute_id, "waiting" if decisions.waits(answer) else "decided")


@router.post("/approval")
def post_approval(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Agree that a red case is lowered, or refuse it."""
    said = form.get("approve")
    asked = filled(ApprovalIn, {**form, "approve": said == "yes"})
    decisions.approve(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return _back(dispute_id, "approved" if asked.approve else "refused")


@router.post("/annotations")
def post_annotation(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Say that a cue is, or isn't, in the narrative."""
    label = {
        "annotation_id": form.get("annotation_id", ""),
        "cue": form.get("cue", ""),
        "present": form.get("present") == "yes",
        **_span(form, lambda: cases.case(state, key, dispute_id)["dispute"]["text"]),
    }
    if label["cue"] not in {cue.name for cue in CUES}:
        raise Invalid([FieldError(field="cue", reason="missing value")])
    asked = filled(AnnotationsIn, {"annotations": [label]})
    labels.label(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return _back(dispute_id, "tagged")


def _span(form: Form, narrative: Callable[[], str]) -> dict[str, int | str]:
    """Where a label stands: as given, or where the quoted words are first found."""
    if form.get("start", "").isdecimal() and form.get("end", "").isdecimal():
        return {"start": form["start"], "end": form["end"]}
    quote = form.get("quote", "").strip()
    if not quote:
        return {}
    start = narrative().find(quote)
    if start < 0:
        raise Invalid([FieldError(field="quote", reason="not in the narrative")])
    return {"start": start, "end": start + len(quote)}


@router.post("/merge")
def post_merge(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Say that this case is another one, reported twice."""
    asked = filled(MergeIn, form)
    merges.join(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return _back(asked.into, "merged")


@router.post("/unmerge")
def post_unmerge(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Say that this case is one of its own after all."""
    asked = filled(UnmergeIn, form)
    merges.part(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return _back(dispute_id, "parted")


@router.post("/slips")
def post_slip(
    request: Request, dispute_id: CaseId, form: Filled, once: Once, key: Who, state: Here
) -> Response:
    """Give the case to a unit."""
    asked = filled(SlipIn, form)
    slips.issue(state, key, ask_of(key, request, asked, once), dispute_id, asked)
    return _back(dispute_id, "issued")
