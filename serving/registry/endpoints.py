"""Routes about the registry: they translate, the services beside decide."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here, created, sent
from serving.cases.schemas import Assessment
from serving.listing.service import area_of
from serving.registry import contesting, looking, service
from serving.registry.schemas import (
    AnsweredIn,
    Category,
    CorrectIn,
    Declined,
    DeclineIn,
    EntriesOut,
    EntryIn,
    EntryOut,
    Found,
    LeaveIn,
    ObjectIn,
    Objection,
    ProposedOut,
    ReviewIn,
    SearchIn,
)
from serving.repeats.service import IdempotencyKey, ask_of
from serving.shapes import LONGEST_AREA, LONGEST_ID, PRINTABLE

router = APIRouter(prefix="/v1", tags=["registry"], route_class=Guarded)
MOST_LISTED = 200
EntryId = Annotated[
    str,
    Path(description="The entry's `entry_id`.", min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE),
]
ObjectionId = Annotated[
    str,
    Path(
        description="The objection's `objection_id`.", min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE
    ),
]
_Cursor = Annotated[
    str | None, Query(description="`next` of the page before.", max_length=1_000, pattern=PRINTABLE)
]
_Limit = Annotated[int, Query(ge=1, le=MOST_LISTED)]
_CHANGES = errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable)
_READS = errors.documented(errors.Invalid, errors.Unavailable)


@router.post(
    "/registry",
    status_code=201,
    response_model=Assessment,
    summary="Put somebody into the registry",
    responses={**sent(Assessment), **errors.documented(errors.Conflict, errors.Unavailable)},
)
def post_entry(
    entry: EntryIn, key: Caller, state: Here, request: Request, idempotency_key: IdempotencyKey = None
) -> Response:
    """A party of a case enters the risk-person registry, and the case is assessed anew."""
    ask = ask_of(key, request, entry, idempotency_key)
    return created(service.enter(state, key, ask, entry))


@router.get("/registry", response_model=EntriesOut, summary="Who stands in the registry", responses=_READS)
def get_entries(
    key: Caller,
    state: Here,
    area: Annotated[
        str | None,
        Query(
            description="Of people who live there only: street:ID, community:ID or grid:ID.",
            max_length=LONGEST_AREA,
            pattern=PRINTABLE,
        ),
    ] = None,
    category: Annotated[Category | None, Query(description="Of this category only.")] = None,
    show: Annotated[Literal["in_force", "left", "contested", "all"], Query()] = "in_force",
    cursor: _Cursor = None,
    limit: _Limit = 50,
) -> dict[str, Any]:
    """The last that were entered first; a worker's key sees the people of the worker's own community."""
    return looking.listed(
        state,
        key,
        area=None if area is None else area_of(area),
        category=category,
        show=show,
        cursor=cursor,
        limit=limit,
    )


@router.get(
    "/registry/{entry_id}",
    response_model=EntryOut,
    summary="An entry and its history",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def get_entry(entry_id: EntryId, key: Caller, state: Here) -> dict[str, Any]:
    """What was done about it by whom and why, and what its person objects to."""
    return looking.entry(state, key, entry_id)


@router.patch(
    "/registry/{entry_id}",
    response_model=Assessment,
    summary="Correct an entry",
    responses=_CHANGES,
)
def patch_entry(
    entry_id: EntryId,
    asked: CorrectIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """What it said stays known of the time before; the person's open cases are assessed anew."""
    ask = ask_of(key, request, asked, idempotency_key)
    return Response(service.correct(state, key, ask, entry_id, asked).text, media_type="application/json")


@router.post(
    "/registry/{entry_id}/leave",
    status_code=201,
    response_model=Assessment,
    summary="Let somebody leave the registry",
    responses={**sent(Assessment), **_CHANGES},
)
def post_leave(
    entry_id: EntryId,
    asked: LeaveIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The entry counts no more from then on, and the case is assessed anew."""
    ask = ask_of(key, request, asked, idempotency_key)
    return created(service.leave(state, key, ask, entry_id, asked))


@router.get(
    "/registry:proposed", response_model=ProposedOut, summary="Who should be looked at", responses=_READS
)
def get_proposed(key: Caller, state: Here, cursor: _Cursor = None, limit: _Limit = 50) -> dict[str, Any]:
    """Parties of domestic violence; of divorces and neighbours' disputes once mediation ended, however."""
    return looking.proposed(state, key, cursor=cursor, limit=limit)


@router.post(
    "/registry:decline",
    status_code=201,
    response_model=Declined,
    summary="Don't enter who was proposed",
    responses={**sent(Declined), **errors.documented(errors.Conflict, errors.Unavailable)},
)
def post_decline(
    asked: DeclineIn, key: Caller, state: Here, request: Request, idempotency_key: IdempotencyKey = None
) -> Response:
    """With the reason; the person isn't proposed for this case again."""
    return created(looking.decline(state, key, ask_of(key, request, asked, idempotency_key), asked))


@router.post(
    "/registry:search",
    response_model=Found,
    summary="Look for somebody, for a purpose",
    responses=errors.documented(errors.Conflict, errors.Unavailable),
)
def post_search(asked: SearchIn, key: Caller, state: Here) -> dict[str, Any]:
    """Entries of a person or a case; who looked for what purpose is in the log with each that was found."""
    return looking.search(state, key, asked)


@router.post(
    "/registry/{entry_id}/objections",
    status_code=201,
    response_model=Objection,
    summary="Record that the person objects",
    responses={**sent(Objection), **_CHANGES},
)
def post_objection(
    entry_id: EntryId,
    asked: ObjectIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """409 while another one is open."""
    ask = ask_of(key, request, asked, idempotency_key)
    return created(contesting.object_to(state, key, ask, entry_id, asked))


@router.post(
    "/registry/{entry_id}/objections/{objection_id}/review",
    status_code=201,
    response_model=Objection,
    summary="Review an objection",
    responses={**sent(Objection), **_CHANGES},
)
def post_review(
    entry_id: EntryId,
    objection_id: ObjectionId,
    asked: ReviewIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """By another key than entered or corrected the entry (else 409); what changes is assessed anew."""
    ask = ask_of(key, request, asked, idempotency_key)
    return created(contesting.review(state, key, ask, entry_id, objection_id, asked))


@router.post(
    "/registry/{entry_id}/objections/{objection_id}/answer",
    status_code=201,
    response_model=Objection,
    summary="Say that the person was told",
    responses={**sent(Objection), **_CHANGES},
)
def post_answer(
    entry_id: EntryId,
    objection_id: ObjectionId,
    asked: AnsweredIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The objection ends with it."""
    ask = ask_of(key, request, asked, idempotency_key)
    return created(contesting.answer(state, key, ask, entry_id, objection_id, asked))
