"""Routes about progress: they translate, `serving.progress.service` decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import CaseId, Here
from serving.progress import service
from serving.progress.schemas import TokenIn, TokenOut, TokensOut
from serving.shapes import LONGEST_ID, PRINTABLE

router = APIRouter(prefix="/v1/cases/{dispute_id}/progress", tags=["progress"], route_class=Guarded)
TokenId = Annotated[
    str, Path(description="The token's `token_id`.", min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE)
]
_CHANGES = errors.documented(errors.NotFound, errors.Conflict, errors.Unavailable)


@router.post(
    "", status_code=201, response_model=TokenOut, summary="Give a token to who reported", responses=_CHANGES
)
def post_token(dispute_id: CaseId, asked: TokenIn, key: Caller, state: Here) -> dict[str, Any]:
    """The page that it opens shows states and days. Each call makes another token."""
    return service.give(state, key, dispute_id, asked)


@router.get(
    "",
    response_model=TokensOut,
    summary="The tokens of a case and what their holders thought",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def get_tokens(dispute_id: CaseId, key: Caller, state: Here) -> dict[str, Any]:
    """The tokens themselves aren't kept."""
    return service.tokens(state, key, dispute_id)


@router.delete(
    "/{token_id}",
    response_model=TokensOut,
    summary="Revoke a token",
    responses=errors.documented(errors.NotFound, errors.Invalid, errors.Unavailable),
)
def delete_token(dispute_id: CaseId, token_id: TokenId, key: Caller, state: Here) -> dict[str, Any]:
    """It opens nothing from then on."""
    return service.revoke(state, key, dispute_id, token_id)
