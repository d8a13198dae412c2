"""Routes about cases: they translate, `serving.cases.service` decides."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here, created, replaced, sent
from serving.cases import changing, reporting, service, taking
from serving.cases.schemas import (
    Assessment,
    BatchIn,
    BatchOut,
    CaseIn,
    CaseOut,
    ChangeIn,
    HappenedIn,
    OutcomesIn,
)
from serving.merges import service as merges
from serving.repeats.service import IdempotencyKey, ask_of, once

_log = structlog.get_logger("anlan.cases")
router = APIRouter(prefix="/v1", tags=["cases"], route_class=Guarded)

_COMMON = (
    errors.Malformed,
    errors.Unauthorised,
    errors.Forbidden,
    errors.Conflict,
    errors.TooLarge,
    errors.Invalid,
    errors.Unavailable,
)
_REPEAT = sent(Assessment)


@router.post(
    "/cases",
    status_code=201,
    response_model=Assessment,
    summary="Send in a case",
    responses={**_REPEAT, **errors.documented(*_COMMON)},
)
def post_case(
    case: CaseIn,
    key: Caller,
    state: Here,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store a case, then assess it as of its `recorded_at`.

    The answer holds twelve risks, a recommended colour, reasons and deadlines. The same case again answers
    200 with the bytes of the first answer; another body under the same `dispute_id` or `Idempotency-Key`
    answers 409. Without a model the case is stored all the same and answered `degraded`.
    """
    return created(merges.submit(state, key, case, idempotency_key))


@router.post(
    "/cases:batch",
    response_model=BatchOut,
    summary="Send in up to 1,000 cases",
    responses=errors.documented(*_COMMON),
)
def post_batch(
    batch: BatchIn, key: Caller, state: Here, request: Request, idempotency_key: IdempotencyKey = None
) -> Response:
    """Each case is taken or refused on its own, in order, as `POST /v1/cases` would.

    A repeat of the whole by its Idempotency-Key answers the same bytes, unless a case had failed (5xx). Where
    the store is lost on the way, the rest is 503, and `Retry-After` says when to send the batch again.
    """
    request_id = getattr(request.state, "request_id", None)
    headers: dict[str, str] = {}

    def make() -> tuple[str, bool]:
        results = taking.take(state, key, batch.cases, request_id)
        headers.clear()
        for result in results:
            headers.update(result.headers)
        done = all(result.status < 500 for result in results)
        return '{"results":[' + ",".join(result.text for result in results) + "]}", done

    ask = ask_of(key, request, batch, idempotency_key)
    return Response(once(state, ask, make), media_type="application/json", headers=headers)


@router.post(
    "/cases/{dispute_id}/events",
    status_code=201,
    response_model=Assessment,
    summary="Report what happened in a case",
    responses={**_REPEAT, **errors.documented(errors.NotFound, *_COMMON)},
)
def post_events(
    dispute_id: CaseId,
    happened: HappenedIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store events and visits, then assess the case anew.

    They may come in any order: the assessment is as of the latest that is known of the case, with all that
    was known then. Rows that the store holds already are no error: if all are, the answer is the one that was
    given. A correction says a `recorded_at` later than the row it corrects; without one another body is 409.
    What happened in a case that was merged is stored with the case that it was merged into, whose assessment
    is answered; 403 if that one lies outside of the key's area.
    """
    ask = ask_of(key, request, happened, idempotency_key)
    return created(reporting.report(state, key, ask, dispute_id, happened))


@router.post(
    "/cases/{dispute_id}/outcomes",
    status_code=201,
    response_model=Assessment,
    summary="Report harm that came of a case",
    responses={**_REPEAT, **errors.documented(errors.NotFound, *_COMMON)},
)
def post_outcomes(
    dispute_id: CaseId,
    came: OutcomesIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store outcomes, which labels are made of, then assess the case anew; repeats as for events."""
    ask = ask_of(key, request, came, idempotency_key)
    return created(reporting.harm(state, key, ask, dispute_id, came))


@router.patch(
    "/cases/{dispute_id}",
    response_model=Assessment,
    summary="Say what a case's record says otherwise now",
    responses=errors.documented(errors.NotFound, *_COMMON),
)
def patch_case(
    dispute_id: CaseId,
    asked: ChangeIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A later narrative, kind, grid, amount, person or party: new rows beside the old, and a new assessment.

    What the record says already changes nothing, and the answer is the one that was given.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    return replaced(changing.change(state, key, ask, dispute_id, asked))


@router.get(
    "/cases/{dispute_id}",
    response_model=CaseOut,
    summary="A case as it is known now",
    responses=errors.documented(
        errors.Unauthorised, errors.Forbidden, errors.NotFound, errors.Invalid, errors.Unavailable
    ),
)
def get_case(dispute_id: CaseId, key: Caller, state: Here) -> dict[str, Any]:
    """The rows as known now, the narrative as submitted, and the latest assessment."""
    return service.case(state, key, dispute_id)
