"""Answers about the map."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples


class AreaCount(BaseModel):
    """What is told of an area in a period."""

    number: int = Field(description="The `id` of its feature in `/v1/map/areas`.")
    area: str = Field(description="Its id; empty for the district.")
    name: str
    within: str = Field(description="The area around it; empty where that isn't told.")
    count: int | None = Field(
        description="Disputes opened, what was merged once; null: hidden, or it would tell a small one."
    )
    population: int | None = Field(description="null where the records don't say.")
    rate: float | None = Field(description="Per 1,000 people, in the period; null without either number.")
    trend: Literal["up", "down", "same"] | None = Field(
        description="Against the period before, as far as chance lets one say; null where a count is hidden."
    )
    before: int | None = Field(description="The count of the period before; null: hidden.")
    ratio_low: float | None = Field(description="Of the two counts: lower end of an exact 95 % interval.")
    ratio_high: float | None = Field(description="Upper end; null: none can be said.")


class CourseCount(BaseModel):
    """A count of the course."""

    period: str
    count: int | None = Field(description="null: hidden.")


class Course(BaseModel):
    """An area over the periods."""

    area: str
    name: str
    counts: list[CourseCount]


class MapOut(BaseModel):
    """How many disputes were opened where, with small counts hidden."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MAP]})

    level: Literal["street", "community", "grid"]
    by: str = Field(description="What is counted: `all`, a kind, a colour as it stands, or `unscored`.")
    least: int = Field(description="The smallest count that is told, but for 0.")
    period: str
    since: str = Field(description="RFC 3339.")
    until: str = Field(description="RFC 3339; exclusive.")
    periods: list[str] = Field(description="Those that can be asked for: over, and all of one length.")
    whole: AreaCount | None = Field(description="The whole of the key's area.")
    areas: list[AreaCount]
    drawn: int = Field(description="Grids without a boundary of their own: their outline is a Voronoi cell.")
    course: Course | None


class MapAreas(BaseModel):
    """Outlines as GeoJSON (RFC 7946)."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MAP_AREAS]})

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
