"""Answers about how people decide."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import Colour


class Practice(BaseModel):
    """What became of recommended colours."""

    decisions: int
    unchanged: int = Field(description="The recommended colour was taken as it was.")
    raised: int
    lowered: int
    share: float | None = Field(description="Unchanged, of all; null where there is none.")
    low: float | None = Field(description="Lower end of an exact 95 % interval for the share.")
    high: float | None = Field(description="Upper end of the interval.")
    timed: int = Field(description="Decisions of which it is known when the person opened the case.")
    seconds: float | None = Field(
        description="Median, from opening the case to deciding; null where none is known."
    )
    quick: int = Field(description="Of those timed, made in less than ten seconds.")


class ColourPractice(Practice):
    """What became of one recommended colour."""

    recommended: Colour


class PracticeOut(BaseModel):
    """How people used what was recommended: always agreeing, or deciding at a glance, is a warning."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PRACTICE]})

    since: str = Field(description="RFC 3339.")
    until: str = Field(description="RFC 3339.")
    all: Practice | None = Field(description="Whatever was recommended; null where nothing was decided.")
    by_colour: list[ColourPractice] = Field(
        description="Red first; colours on which nothing was decided are left out."
    )
