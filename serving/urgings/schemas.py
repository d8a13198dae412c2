"""Requests and answers about urgings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import Colour, Words

Level = Literal["grid", "community", "street", "district"]
Step = Literal["before", "due", "community", "street", "district"]


class UrgingAnswerIn(BaseModel):
    """What is done about a deadline that wasn't met."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.URGING_ANSWER]})

    note: Words = Field(description="Kept masked.")


class Urging(BaseModel):
    """A step that a deadline has climbed."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.URGING]})

    urging_no: int
    dispute_id: str
    kind: str
    grid_name: str
    community_name: str
    colour: Colour = Field(description="What people went by when it was sent.")
    deadline: Literal["respond", "classify", "review"]
    deadline_at: str = Field(description="RFC 3339.")
    step: Step = Field(description="A reminder before it, the deadline itself, or the level it climbed to.")
    level: Level = Field(description="Who is urged.")
    sent_at: str = Field(description="RFC 3339, by the database's clock.")
    reached: Level = Field(description="How far the deadline has climbed by now.")
    ended_at: str | None = Field(
        description="When the deadline was met or counted no more; null while it is open."
    )
    answer: str | None = Field(description="What the level said, as kept: masked.")
    answered_at: str | None
    answered_by: str | None = Field(description="The id of the key.")


class UrgingsOut(BaseModel):
    """What a level was urged about, the latest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.URGINGS]})

    level: Level
    urgings: list[Urging]
    open: dict[Level, int] = Field(description="How many are open at each level, in the key's area.")
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")
