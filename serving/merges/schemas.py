"""Requests and answers about merging."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.cases.schemas import Assessment
from serving.shapes import LONGEST_ID, Words


class MergeIn(BaseModel):
    """That the case of the path is another one, reported twice."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.MERGE]})

    into: str = Field(
        min_length=1, max_length=LONGEST_ID, description="The case that it counts for from now on."
    )
    reason: Words


class UnmergeIn(BaseModel):
    """That the case of the path is one of its own after all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.UNMERGE]})

    reason: Words


class MergeOut(BaseModel):
    """What was recorded, and the assessment of the case that changed by it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MERGED]})

    merge_id: str
    dispute_id: str
    into_id: str
    probability: float | None = Field(description="That both are one, as proposed; null if never compared.")
    recorded_at: str = Field(description="RFC 3339: from then on they count as one.")
    undone_at: str | None = Field(description="RFC 3339: from then on they count as two again.")
    assessment: Assessment = Field(description="Of the case merged into; after parting, of the case parted.")
