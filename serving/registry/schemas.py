"""Requests about the registry."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import Time


class LeaveIn(BaseModel):
    """That somebody leaves the registry."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.LEAVE]})

    left_at: Time | None = Field(default=None, description="When; else now.")
