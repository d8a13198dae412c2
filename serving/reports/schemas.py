"""Answers about reports: counts, rates and their intervals; no name of anybody."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import Colour


class Changed(BaseModel):
    """A count beside what is usual."""

    what: Literal["cases", "harms", "kind", "outcome"]
    code: str | None = Field(description="Which kind of dispute or of harm.")
    count: int
    usual: float | None = Field(
        description="Of the earlier periods that the records cover, for as many days."
    )
    ratio: float | None = Field(description="Count over usual.")
    low: float | None = Field(description="95 % interval of the ratio.")
    high: float | None
    news: bool = Field(
        description="Whether it is more than chance, five in a hundred such lines being wrong."
    )


class Counted(BaseModel):
    """How often something was."""

    code: str
    count: int


class Hot(BaseModel):
    """A grid whose rate of cases is above that of the whole area."""

    grid_id: str
    grid_name: str
    community_name: str
    count: int
    expected: float = Field(description="If all grids were alike.")
    ratio: float = Field(description="Its rate over the whole's, what is small drawn towards 1.")
    low: float = Field(description="90 % interval.")
    high: float
    sure: float = Field(description="Probability that the rate is above the whole's.")


class Heats(BaseModel):
    """Hot spots."""

    begin: str
    end: str
    by: Literal["population", "earlier"] = Field(
        description="What is expected of a grid: by its people, or by its share of the cases before."
    )
    grids: int
    hottest: list[Hot] = Field(description="Those that are surely (95 %) above; ten at most.")


class OpenCases(BaseModel):
    """Open cases of a colour."""

    colour: Colour
    cases: int
    overdue: int
    undecided: int


class Standing(BaseModel):
    """What is open when the report is made."""

    by_colour: list[OpenCases]
    overdue: dict[Literal["respond", "classify", "review"], int]


class RedSlip(BaseModel):
    """A red slip that isn't closed."""

    slip_id: str
    dispute_id: str
    unit: str
    state: Literal["issued", "acknowledged", "handled", "reviewed"]
    kind: str
    grid_name: str
    community_name: str
    issued_at: str
    days: float = Field(description="Since it was issued.")


class RedSlips(BaseModel):
    """Red slips of the period, and how they go."""

    issued: int
    closed: int
    open: int
    hours_to_acknowledge: float | None = Field(description="Median, of those issued in the period.")
    slips: list[RedSlip]


class Share(BaseModel):
    """A share with its exact 95 % interval."""

    hits: int
    n: int
    share: float | None
    low: float | None
    high: float | None


class Court(BaseModel):
    """万人成讼率: disputes that went to court for the first time, by 10,000 people and year."""

    filed: int
    population: int | None = Field(description="Null where a grid doesn't say: then there is no rate.")
    rate: float | None
    low: float | None
    high: float | None


class Indicators(BaseModel):
    """What a district is measured by, by its own records."""

    court: Court
    mediation: Share = Field(
        description="诉前调解成功率: agreements of all ends of mediation before a filing in court."
    )
    respond: Share = Field(description="Cases responded to within 30 minutes, of those whose time had come.")
    classify: Share = Field(description="Cases classified and handled within 24 hours, likewise.")
    visits: Share = Field(description="Places on visit lists that were visited that day.")
    visits_paid: int


class Round(Indicators):
    """The same of a part of the area."""

    area: str
    name: str
    cases: int
    open: int
    red: int
    overdue: int


class ReportOut(BaseModel):
    """A stability report."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REPORT]})

    period: Literal["day", "week", "month", "year"]
    begin: str = Field(description="Its first day.")
    end: str = Field(description="The day after its last.")
    area: str | None = Field(description="Null: the district.")
    area_name: str | None
    as_of: str = Field(description="RFC 3339: what was known then is in it.")
    written: bool = Field(
        description="Whether it was written when the period had ended; else it is made now."
    )
    complete: bool = Field(description="Whether the period had ended.")
    changes: list[Changed]
    doors: list[Counted] = Field(description="By which doors the cases came.")
    hot: Heats
    open: Standing
    urged: dict[Literal["grid", "community", "street", "district"], int]
    red_slips: RedSlips
    indicators: Indicators
    rounds: list[Round] = Field(description="Side by side: streets, communities or grids.")
