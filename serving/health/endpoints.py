"""Whether the service lives, is ready, and how it fares. No key is needed and nothing personal is shown."""

from __future__ import annotations

from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from serving.state import State, state_of

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the service can do all it is there for; `model` and `store` say what is amiss."""

    ready: bool
    model: str = Field(description="The version in use; where there is none, why.")
    store: str
    trouble: str | None = Field(
        description="What is amiss with the version that should be in use while an older one answers: it was "
        "refused, say, or the registry is gone."
    )


@router.get("/healthz", summary="The process lives")
async def healthz() -> Health:
    """Answers as long as the process does."""
    return Health()


@router.get(
    "/readyz",
    summary="The service is ready",
    responses={
        503: {
            "model": Readiness,
            "description": "No model, or no store.",
        }
    },
)
def readyz(response: Response, state: Annotated[State, Depends(state_of)]) -> Readiness:
    """Ready with a model and a store. Without a model cases are still taken, and answered `degraded`.

    A new champion that is broken is refused: the service stays ready with the old one, and says why.
    """
    standing = state.models.standing
    current = standing.current
    store = "ok"
    try:
        with state.store.snapshot() as conn:
            conn.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError as error:
        store = f"can't be reached ({type(error).__name__})"
    ready = current is not None and store == "ok"
    response.status_code = 200 if ready else 503
    if current is None:
        return Readiness(ready=ready, model=standing.trouble or "", store=store, trouble=None)
    return Readiness(ready=ready, model=current.version, store=store, trouble=standing.trouble)


@router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
async def metrics(state: Annotated[State, Depends(state_of)]) -> Response:
    """Prometheus' text format."""
    return Response(state.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
