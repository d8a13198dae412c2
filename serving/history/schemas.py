"""Answers about the course of a case and its people."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import Colour


class Happened(BaseModel):
    """Something in the course of a case."""

    at: str = Field(description="RFC 3339: when it happened; of an assessment, as of when.")
    what: Literal[
        "opened",
        "event",
        "visit",
        "outcome",
        "assessment",
        "decision",
        "lowering",
        "registry",
        "unit",
        "slip",
        "urging",
    ]
    code: str | None = Field(description="Its kind, finding, category or state, where it has one.")
    colour: Colour | None = Field(description="Of an assessment, a decision or a slip.")
    text: str | None = Field(description="What was written, prepared: masked.")
    by: str | None = Field(description="The key, worker or unit.")
    about: str | None = Field(description="The person visited or entered, the assessment, the slip.")
    detail: dict[str, Any] = Field(description="What else is known of it, by name.")


class Other(BaseModel):
    """Another dispute of a person, in the key's area."""

    dispute_id: str
    kind: str
    role: str
    opened_at: str
    colour: Colour | None = Field(description="As it stands; null while it was never assessed.")
    harms: int = Field(description="How many harms came of it.")


class Entry(BaseModel):
    """A registry entry of a person."""

    entry_id: str
    category: str
    entered_at: str
    left_at: str | None


class Person(BaseModel):
    """A party, and what they have behind them."""

    person_id: str
    name: str | None = Field(description="Where the centre has it; it stands encrypted.")
    roles: list[str]
    birth_year: int | None
    sex: str | None
    disputes: list[Other] = Field(description="The latest first, none outside of the key's area.")
    entries: list[Entry]
    visits: int
    last_visit_at: str | None


class HistoryOut(BaseModel):
    """How a case came to where it stands, and its people."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HISTORY]})

    course: list[Happened] = Field(description="The first first; assessments where the colour changes.")
    people: list[Person]
    pair: list[str] = Field(description="Other disputes that two or more of its parties were in together.")
