"""The model in use."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from serving.access import Caller, Guarded
from serving.errors import NotFound, Unauthorised, documented
from serving.state import State, state_of

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=Guarded)


class CurrentModel(BaseModel):
    """The model version in use."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"version": "models:/anlan/3", "policy_version": "colours-1f2e3d4c5b6a",
         "trained_until": "2026-03-01T00:00:00+08:00", "data_digest": "9b1e…",
         "info": {"disputes": 8000}, "card": "# Model card…"}]})  # fmt: skip

    version: str = Field(examples=["models:/anlan/3"])
    policy_version: str = Field(description="Of the colour policy that came with the model.")
    trained_until: str | None = Field(description="Nothing recorded at or after this was seen.")
    data_digest: str | None = Field(description="SHA-256 of the records that it was trained on.")
    info: dict[str, Any] = Field(description="Further facts of the training, as the model card states them.")
    card: str = Field(description="The model card, Markdown; empty where the version was saved without one.")


@router.get("/current", summary="The model in use", responses=documented(Unauthorised, NotFound))
def current_model(key: Caller, state: Annotated[State, Depends(state_of)]) -> CurrentModel:
    """Version, data cut and colour policy of the model that answers now; 404 while there is none."""
    del key
    standing = state.models.standing
    current = standing.current
    if current is None:
        raise NotFound(f"No model is in use: {standing.trouble}.")
    info = dict(current.scorer.info)
    return CurrentModel(
        version=current.version,
        policy_version=current.scorer.policy.version,
        trained_until=info.get("trained_until"),
        data_digest=info.get("data_digest"),
        info=info,
        card=current.scorer.card,
    )
