"""Routes about cases: they translate, `serving.cases.service` decides."""

from __future__ import annotations

import json
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import ValidationError

from docket.keys import Key
from serving import errors
from serving.access import Caller, Guarded
from serving.bodies import text_errors
from serving.cases import reporting, service
from serving.cases.schemas import Assessment, BatchIn, BatchOut, CaseIn, CaseOut, HappenedIn
from serving.handling import log_failure, problem_of
from serving.merges import service as merges
from serving.shapes import LONGEST_ID, field_errors
from serving.state import State, state_of

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
CaseId = Annotated[str, Path(description="The case's `dispute_id`.", min_length=1, max_length=LONGEST_ID)]
Here = Annotated[State, Depends(state_of)]
_REPEAT: dict[int | str, dict[str, Any]] = {
    200: {"model": Assessment, "description": "A repeat: the bytes of the first answer."}
}


def _json(answer: service.Answer) -> Response:
    return Response(answer.text, status_code=201 if answer.new else 200, media_type="application/json")


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
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=LONGEST_ID)] = None,
) -> Response:
    """Store a case, then assess it as of its `recorded_at`.

    The answer holds twelve risks, a recommended colour, reasons and deadlines. The same case again answers
    200 with the bytes of the first answer; another body under the same `dispute_id` or `Idempotency-Key`
    answers 409. Without a model the case is stored all the same and answered `degraded`.
    """
    return _json(merges.submit(state, key, case, idempotency_key))


@router.post(
    "/cases:batch",
    response_model=BatchOut,
    summary="Send in up to 1,000 cases",
    responses=errors.documented(*_COMMON),
)
def post_batch(batch: BatchIn, key: Caller, state: Here, request: Request) -> Response:
    """Each case is taken or refused on its own, in order, as `POST /v1/cases` would."""
    request_id = getattr(request.state, "request_id", None)
    results = [_one(state, key, body, place, request_id) for place, body in enumerate(batch.cases)]
    return Response('{"results":[' + ",".join(results) + "]}", media_type="application/json")


def _one(state: State, key: Key, body: dict[str, Any], place: int, request_id: str | None) -> str:
    """One case of a batch: an answer stands as the bytes that were kept."""
    try:
        unstorable = text_errors(body, ("cases", place))
        if unstorable:
            raise errors.Invalid(unstorable)
        case = CaseIn.model_validate(body)
        answer = merges.submit(state, key, case, None)
    except ValidationError as error:
        found = field_errors(error.errors(include_url=False, include_input=False), ("cases", place))
        problem: errors.Problem = errors.Invalid(found)
    except errors.Problem as error:
        problem = error
    except Exception as error:  # noqa: BLE001 - see below
        # One case's failure is not the others'.
        log_failure(_log, "case_of_batch_failed", error)
        problem = problem_of(error)
    else:
        return f'{{"status":{201 if answer.new else 200},"assessment":{answer.text}}}'
    told = json.dumps(problem.body(request_id), ensure_ascii=False)
    return f'{{"status":{problem.status},"problem":{told}}}'


@router.post(
    "/cases/{dispute_id}/events",
    status_code=201,
    response_model=Assessment,
    summary="Report what happened in a case",
    responses={**_REPEAT, **errors.documented(errors.NotFound, *_COMMON)},
)
def post_events(dispute_id: CaseId, happened: HappenedIn, key: Caller, state: Here) -> Response:
    """Store events and visits, then assess the case anew as of the latest `recorded_at` among them.

    Rows that the store holds already are no error: if all are, the answer is the one that was given. What
    happened in a case that was merged is stored with the case that it was merged into, whose assessment is
    answered; 403 if that one lies outside of the key's area.
    """
    return _json(reporting.report(state, key, dispute_id, happened))


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
