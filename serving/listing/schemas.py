"""Answers that list cases and what was said of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.cases.schemas import Assessment
from serving.decisions.schemas import Unit
from serving.shapes import Colour


class AssessmentsOut(BaseModel):
    """Assessments of a case as they were answered."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ASSESSMENTS]})

    assessments: list[Assessment] = Field(description="In the order in which they were made.")
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")


class Listed(BaseModel):
    """A case as it stands; never a narrative."""

    dispute_id: str
    kind: str
    source: str
    grid_id: str
    opened_at: str
    colour: Colour = Field(description="What people go by: as decided, else as recommended.")
    recommended: Colour
    decided: bool = Field(description="Whether `colour` is a person's.")
    assessment_id: str = Field(description="The latest.")
    as_of: str = Field(description="Of the latest assessment.")
    unit: Unit | None
    changed_at: str = Field(description="RFC 3339: when colour, decision or assessment last changed.")


class CasesOut(BaseModel):
    """Some of the cases, those first that changed first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LISTED]})

    cases: list[Listed]
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")
