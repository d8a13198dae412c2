"""Routes about the log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from docket.times import to_micros
from serving import errors
from serving.access import Caller, Guarded
from serving.audit import service
from serving.audit.schemas import AuditPage
from serving.shapes import LONGEST_ID, PRINTABLE, Time
from serving.state import State, state_of

router = APIRouter(prefix="/v1", tags=["audit"], route_class=Guarded)
_Word = Annotated[str | None, Query(max_length=LONGEST_ID, pattern=PRINTABLE)]


@router.get(
    "/audit",
    response_model=AuditPage,
    summary="Who did what when to which case",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_audit(
    key: Caller,
    state: Annotated[State, Depends(state_of)],
    cursor: Annotated[
        str | None, Query(description="`next` of the page before.", max_length=20, pattern=PRINTABLE)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    case: _Word = None,
    actor: _Word = None,
    action: _Word = None,
    since: Annotated[Time | None, Query(description="RFC 3339; from then on.")] = None,
    until: Annotated[Time | None, Query(description="RFC 3339; before then.")] = None,
) -> dict[str, Any]:
    """The log, oldest first; a key with an area gets what concerns its cases. Asking is logged too."""
    return service.page(
        state,
        key,
        cursor=cursor,
        limit=limit,
        same={"case_id": case, "actor": actor, "action": action},
        since=_micros(since),
        until=_micros(until),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)
