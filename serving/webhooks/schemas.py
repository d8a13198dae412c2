"""What a webhook says: ids, colours, versions and times; no narrative, identity or risk."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.cases.schemas import Deadline

Colour = Literal["none", "blue", "yellow", "red"]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ColourData(_Said):
    """An assessment gave a colour, or changed it."""

    dispute_id: str
    assessment_id: str
    as_of: str = Field(description="RFC 3339; of two, the later holds.")
    colour: Colour
    previous: Colour | None = Field(description="The colour until then; null at the first assessment.")
    degraded: bool = Field(description="Coloured by safety floors and cue rules alone.")
    model_version: str | None
    policy_version: str
    deadlines: list[Deadline]


class DecisionData(_Said):
    """A person confirmed the colour or set another."""

    dispute_id: str
    decision_id: str
    assessment_id: str | None = Field(description="The assessment that was decided on.")
    decided_at: str = Field(description="RFC 3339.")
    colour: Colour = Field(description="What holds from now on.")
    recommended: Colour | None = Field(description="What the assessment recommended.")


class DeadlineData(_Said):
    """A deadline comes near, has come and isn't met, or has climbed to the next level."""

    dispute_id: str
    assessment_id: str
    kind: Literal["respond", "classify", "review"]
    phase: Literal["before", "due", "late"]
    level: Literal["grid", "community", "street", "district"] = Field(description="Who is urged.")
    due_at: str = Field(description="RFC 3339.")
    colour: Colour


class ColourMessage(_Said):
    """The body of `colour`."""

    type: Literal["colour"] = "colour"
    timestamp: str = Field(description="RFC 3339: when it happened.")
    data: ColourData


class DecisionMessage(_Said):
    """The body of `decision`."""

    type: Literal["decision"] = "decision"
    timestamp: str = Field(description="RFC 3339: when it happened.")
    data: DecisionData


class DeadlineMessage(_Said):
    """The body of `deadline`."""

    type: Literal["deadline"] = "deadline"
    timestamp: str = Field(description="RFC 3339: the moment that it was planned for.")
    data: DeadlineData


class SlipData(_Said):
    """A slip was issued, or came to its next state."""

    dispute_id: str
    slip_id: str
    colour: Literal["yellow", "red"]
    unit: str
    state: Literal["issued", "acknowledged", "handled", "reviewed", "closed"]
    at: str = Field(description="RFC 3339: of the step.")


class RegistryData(_Said):
    """Somebody was entered in the registry, left it, or an entry was corrected or removed."""

    dispute_id: str
    entry_id: str
    person_id: str = Field(description="The pseudonym.")
    grid_id: str = Field(description="Where the person lives.")
    category: Literal["divorce", "domestic_violence", "neighbour_grudge", "other"]
    state: Literal["entered", "left", "corrected", "removed"]
    at: str = Field(description="RFC 3339: when it was recorded.")


class RegistryMessage(_Said):
    """The body of `registry`."""

    type: Literal["registry"] = "registry"
    timestamp: str = Field(description="RFC 3339: when it happened.")
    data: RegistryData


class SlipMessage(_Said):
    """The body of `slip`."""

    type: Literal["slip"] = "slip"
    timestamp: str = Field(description="RFC 3339: when it happened.")
    data: SlipData
