"""Routes about the queue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving import errors
from serving.access import Caller, Guarded
from serving.answering import Here
from serving.queue import service
from serving.queue.schemas import QueueOut
from serving.queue.service import Wanted
from serving.shapes import LONGEST_AREA, PRINTABLE, Colour, DisputeKind

router = APIRouter(prefix="/v1", tags=["cases"], route_class=Guarded)
MOST_LISTED = 200


@router.get(
    "/queue",
    response_model=QueueOut,
    summary="Which cases come next",
    responses=errors.documented(errors.Invalid, errors.Unavailable),
)
def get_queue(
    key: Caller,
    state: Here,
    colour: Annotated[Colour | None, Query(description="Of this colour only.")] = None,
    kind: Annotated[DisputeKind | None, Query(description="Of this kind only.")] = None,
    area: Annotated[
        str | None,
        Query(description="street:ID, community:ID or grid:ID.", max_length=LONGEST_AREA, pattern=PRINTABLE),
    ] = None,
    overdue: Annotated[bool, Query(description="Only what is overdue.")] = False,
    undecided: Annotated[bool, Query(description="Only what no person has decided.")] = False,
    cursor: Annotated[
        str | None, Query(description="`next` of the page before.", max_length=1_000, pattern=PRINTABLE)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
) -> dict[str, Any]:
    """Open cases by colour and by the deadline that comes first, with counts by colour."""
    wanted = Wanted(colour, kind, area, overdue, undecided)
    return service.queue(state, key, wanted, cursor=cursor, limit=limit)
