"""Answers about the queue."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import Colour


class Queued(BaseModel):
    """An open case as it stands; never a narrative."""

    dispute_id: str
    kind: str
    source: str
    grid_id: str
    grid_name: str
    community_name: str
    opened_at: str = Field(description="RFC 3339.")
    colour: Colour = Field(description="What people go by: as decided, else as recommended.")
    recommended: Colour
    decided: bool = Field(description="Whether `colour` is a person's.")
    waiting: bool = Field(
        description="Whether somebody would lower it from red and a second person has to agree."
    )
    assessment_id: str = Field(description="The latest.")
    due: Literal["respond", "classify", "review"] | None = Field(
        description="Which deadline comes first, of those that aren't met; null if there is none."
    )
    due_at: str | None = Field(description="When; RFC 3339.")
    overdue: bool = Field(description="Whether that has passed.")


class Counted(BaseModel):
    """Open cases of a colour."""

    cases: int
    overdue: int
    undecided: int = Field(description="About whose colour no person has decided.")


class QueueOut(BaseModel):
    """Some of the open cases, the most urgent first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.QUEUE]})

    cases: list[Queued] = Field(description="By colour, red first, then by the deadline that comes first.")
    counts: dict[Colour, Counted] = Field(description="Of the asked kind and area, whatever the colour.")
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")
