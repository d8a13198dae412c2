"""Requests and answers about slips."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import LONGEST_ID, Words

SlipState = Literal["issued", "acknowledged", "handled", "reviewed", "closed"]
SlipColour = Literal["yellow", "red"]


class SlipIn(BaseModel):
    """Whom a case is given to, and what is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ISSUE]})

    unit: Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"\S")]
    note: Words | None = Field(default=None, description="What is asked. Kept masked.")


class StepIn(BaseModel):
    """That a slip has come to its next state."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.STEP]})

    state: Literal["acknowledged", "handled", "reviewed", "closed"] = Field(description="The next one.")
    note: Words | None = Field(
        default=None, description="What was done or found; needed for `handled` and `reviewed`. Kept masked."
    )


class Step(BaseModel):
    """A state that a slip came to."""

    state: SlipState
    at: str = Field(description="RFC 3339.")
    by: str = Field(description="The id of the key.")
    note: str | None = Field(description="As kept: masked.")


class Slip(BaseModel):
    """A slip and its steps."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SLIP]})

    slip_id: str
    dispute_id: str
    colour: SlipColour = Field(description="Of the case when it was issued, as a person decided.")
    unit: str
    state: SlipState
    steps: list[Step] = Field(description="The first first.")


class ListedSlip(BaseModel):
    """A slip as it stands."""

    slip_id: str
    dispute_id: str
    kind: str
    grid_name: str
    community_name: str
    colour: SlipColour
    unit: str
    state: SlipState
    changed_at: str = Field(description="RFC 3339.")


class SlipsOut(BaseModel):
    """Some of the slips, those first that have stood longest as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SLIPS]})

    slips: list[ListedSlip]
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")
