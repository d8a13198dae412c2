"""Requests and answers of looking back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from features.cues import CUES
from serving import examples
from serving.shapes import Colour, Words

Door = Literal[
    "app_report",
    "app_voice",
    "police_110",
    "grid_worker",
    "walk_in",
    "hotline_12345",
    "transfer",
    "visit",
]
CUE_NAMES = frozenset(cue.name for cue in CUES)
Outcome = Literal["violence", "civil_to_criminal", "self_harm", "extreme_act"]


class FindingsIn(BaseModel):
    """What people found who looked back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.FINDINGS_IN]})

    cues: Annotated[list[str], Field(max_length=len(CUES))] = Field(
        default_factory=list, description="Cues that were missed: names of the catalogue."
    )
    doors: Annotated[list[Door], Field(max_length=8)] = Field(
        default_factory=list, description="By which door something came late; `visit` for what a visit found."
    )
    cause: Words = Field(description="Why it came to that. Kept masked.")
    todo: Words = Field(description="What is to be done, and by whom. Kept masked.")

    @field_validator("cues")
    @classmethod
    def _are_cues(cls, names: list[str]) -> list[str]:
        if set(names) - CUE_NAMES:
            raise ValueError("names a cue that is not in the catalogue")
        return sorted(set(names))


class Findings(BaseModel):
    """A version of the findings about a case."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FINDINGS]})

    dispute_id: str
    outcome_id: str
    cues: list[str]
    doors: list[Door]
    cause: str = Field(description="As kept: masked.")
    todo: str = Field(description="As kept: masked.")
    by: str = Field(description="The id of the key.")
    recorded_at: str = Field(description="RFC 3339.")


class Harm(BaseModel):
    """The harm that is looked back from: the first that came of the case."""

    outcome_id: str
    kind: Outcome
    severity: int
    at: str
    recorded_at: str


class Known(BaseModel):
    """Something before the harm, and when it was learned."""

    at: str
    recorded_at: str
    what: Literal["opened", "told", "event", "visit", "registry"]
    code: str | None
    door: Door | None = Field(description="By which door it came, where the record says so.")
    text: str | None = Field(description="What was written, prepared: masked.")
    known: bool = Field(description="Whether it had been learned before the harm.")
    cues: list[str] = Field(description="Cues that are asserted in it, by the rules.")


class Said(BaseModel):
    """An assessment that had been made before the harm."""

    assessment_id: str
    as_of: str
    created_at: str
    colour: Colour
    risk: float | None = Field(description="Of escalation within 90 days.")
    model_version: str | None
    reasons: list[str]
    replay: Literal["same", "differs", "unavailable"] | None = Field(
        description="Whether it came out the same when it was made again; null: it wasn't tried."
    )


class Clock(BaseModel):
    """A deadline before the harm."""

    kind: Literal["respond", "classify", "review"]
    due_at: str
    met_at: str | None = Field(description="When what meets it was recorded; null: not before the harm.")
    late: bool


class Climbed(BaseModel):
    """A step of the ladder that was sent before the harm."""

    deadline: Literal["respond", "classify", "review"]
    step: Literal["before", "due", "community", "street", "district"]
    sent_at: str
    answered_at: str | None


class Planned(BaseModel):
    """A place on a visit list before the harm."""

    date: str
    worker_id: str
    person_id: str
    visited: bool = Field(description="Whether that person was visited that day.")


class Today(BaseModel):
    """What the model in use now says of the case with what was known just before the harm."""

    colour: Colour
    risk: float | None
    model_version: str | None
    reasons: list[str]
    would_change: list[str]


class ReviewOut(BaseModel):
    """A case looked back at from its first harm."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CASE_REVIEW]})

    dispute_id: str
    kind: str
    harm: Harm
    known: list[Known] = Field(description="In the order in which it was learned.")
    said: list[Said] = Field(description="The first first.")
    would_change: list[str] = Field(description="What the last of them said would change its colour.")
    deadlines: list[Clock]
    urgings: list[Climbed]
    visits: list[Planned] = Field(description="Places on lists; those with `visited` false were missed.")
    late_cues: list[str] = Field(
        description="Cues in what was learned only after the harm, and in nothing before."
    )
    today: Today | None = Field(description="Null where nothing of the case was known before the harm.")
    findings: list[Findings] = Field(description="The first first; the last one holds.")


class Harmed(BaseModel):
    """A harm, and how its case stood just before."""

    dispute_id: str
    kind: str
    grid_name: str
    community_name: str
    outcome: Outcome
    severity: int
    at: str
    colour: Colour | None = Field(description="Of the last assessment before it; null: there was none.")
    hours_known: float | None = Field(
        description="From when the case was recorded to the harm; negative: after it."
    )
    urgings: int = Field(description="Steps of unmet deadlines that had been sent, reminders left out.")
    reviewed: bool


class DoorDelay(BaseModel):
    """How late what came by a door was learned, in cases of which harm came."""

    door: Door | Literal["unsaid"]
    rows: int
    hours: float = Field(description="Median from happening to being recorded.")
    after: int = Field(description="How many were learned only after the harm.")


class Counted(BaseModel):
    """How many findings name something."""

    code: str
    cases: int


class ReviewsOut(BaseModel):
    """Harms, and what was found about them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REVIEWS]})

    since: str
    harms: list[Harmed] = Field(description="The latest first.")
    reviewed: int
    cues: list[Counted] = Field(description="Cues that findings say were missed, the most frequent first.")
    doors: list[Counted] = Field(description="Doors that findings say were late, the most frequent first.")
    delays: list[DoorDelay] = Field(description="Reckoned from the records, whatever people found.")
    uncoloured: int = Field(description="Harms of cases that had no colour, or no assessment, just before.")
