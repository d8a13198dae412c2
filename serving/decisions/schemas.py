"""Requests and answers about what people decide about a case."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import LONGEST_ID, Colour, Time, Words


class DecisionIn(BaseModel):
    """Confirm a recommended colour, or override it with a reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.DECIDE]})

    assessment_id: Annotated[
        str, Field(min_length=1, max_length=LONGEST_ID, description="The assessment that the person saw.")
    ]
    colour: Colour = Field(description="The recommended one confirms; another overrides.")
    reason: Words | None = Field(default=None, description="Why; needed to override. Kept masked.")


class Decision(BaseModel):
    """What a person decided about a recommended colour."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DECIDED]})

    dispute_id: str
    assessment_id: str = Field(description="The assessment that was decided on.")
    recommended: Colour = Field(description="What it recommends.")
    colour: Colour = Field(description="What the person decided.")
    reason: str | None = Field(description="As kept: masked; null of a confirmation that gave none.")
    by: str = Field(description="The id of the key.")
    decided_at: str = Field(description="RFC 3339.")
    state: Literal["standing", "waiting", "refused"] = Field(
        default="standing",
        description="`waiting`: it would lower a red case, and another person has to agree; `refused`: that "
        "one didn't. Neither changes the colour.",
    )
    approved_by: str | None = Field(
        default=None, description="The key of the second person, where one was needed."
    )


class ApprovalIn(BaseModel):
    """What a second person says of lowering a red case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.APPROVE]})

    assessment_id: Annotated[
        str, Field(min_length=1, max_length=LONGEST_ID, description="The assessment that the person saw.")
    ]
    approve: Annotated[bool, Field(strict=True)] = Field(
        description="false refuses it, or takes one's own back."
    )
    reason: Words | None = Field(default=None, description="Why; needed to refuse. Kept masked.")


class WithdrawIn(BaseModel):
    """That a case is taken back: sent by mistake, or no dispute at all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.WITHDRAW]})

    reason: Words


class Withdrawn(BaseModel):
    """A case that was taken back; it counts in nothing that is reckoned after that moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WITHDRAWN]})

    dispute_id: str
    withdrawn_at: str = Field(description="RFC 3339.")
    reason: str = Field(description="As kept: masked.")


class UnitIn(BaseModel):
    """Which unit took the case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.UNIT]})

    unit: Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"\S")]
    taken_at: Time | None = Field(default=None, description="When; else now.")


class Unit(BaseModel):
    """Who has a case since when."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.UNIT]})

    unit: str
    taken_at: str = Field(description="RFC 3339.")
