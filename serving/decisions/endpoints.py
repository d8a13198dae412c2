"""Routes about what people decide: they translate, `serving.decisions.service` decides."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here, created, replaced, sent
from serving.decisions import service
from serving.decisions.schemas import ApprovalIn, Decision, DecisionIn, Unit, UnitIn, WithdrawIn, Withdrawn
from serving.repeats.service import IdempotencyKey, ask_of

router = APIRouter(prefix="/v1", tags=["decisions"], route_class=Guarded)
_ERRORS = errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable)


@router.put(
    "/cases/{dispute_id}/decision",
    response_model=Decision,
    summary="Confirm or override a colour",
    responses={202: {"model": Decision, "description": "It waits for a second person."}, **_ERRORS},
)
def put_decision(
    dispute_id: CaseId,
    asked: DecisionIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep what a person decided beside what was recommended; an override says why.

    It is about the latest assessment: 409 if the case was assessed anew since. The decision stands until
    something more urgent is recommended than the person saw and chose; a falling score doesn't lower it.
    What would lower a red case is answered 202: it stays red until another key approves.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    answer = service.decide(state, key, ask, dispute_id, asked)
    status = 202 if service.waits(answer) else 200
    return Response(answer.text, status_code=status, media_type="application/json")


@router.put(
    "/cases/{dispute_id}/decision/approval",
    response_model=Decision,
    summary="Agree that a red case is lowered, or refuse it",
    responses=_ERRORS,
)
def put_approval(
    dispute_id: CaseId,
    asked: ApprovalIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Another key than the one that proposed it agrees, and the decision stands; or refuses, with a reason.

    403 if it is the same key; 409 if nothing waits, or the case was assessed anew since.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    return replaced(service.approve(state, key, ask, dispute_id, asked))


@router.put(
    "/cases/{dispute_id}/unit",
    response_model=Unit,
    summary="Say which unit took a case",
    responses=_ERRORS,
)
def put_unit(
    dispute_id: CaseId,
    asked: UnitIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep which unit has the case from when on; those before it are kept too."""
    ask = ask_of(key, request, asked, idempotency_key)
    return replaced(service.take_on(state, key, ask, dispute_id, asked))


@router.post(
    "/cases/{dispute_id}/withdraw",
    status_code=201,
    response_model=Withdrawn,
    summary="Take a case back",
    responses={**sent(Withdrawn), **_ERRORS},
)
def post_withdraw(
    dispute_id: CaseId,
    asked: WithdrawIn,
    key: Caller,
    state: Here,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """From now on the case, its parties and its events count in nothing; what was told before stands.

    409 if harm came of it, if it stands in the registry, or if another case was merged into it.
    """
    ask = ask_of(key, request, asked, idempotency_key)
    return created(service.withdraw(state, key, ask, dispute_id, asked))
