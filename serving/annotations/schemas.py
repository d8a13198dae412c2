"""Requests and answers about labels."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.cases.schemas import MOST_ROWS
from serving.shapes import AnnotationRow


class AnnotationsIn(BaseModel):
    """Staff's labels on a narrative (标签): what the tagger learns from."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ANNOTATE]})

    annotations: list[AnnotationRow] = Field(min_length=1, max_length=MOST_ROWS)


class AnnotationsOut(BaseModel):
    """What was kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ANNOTATED]})

    annotations: list[str] = Field(description="Ids, as sent.")
