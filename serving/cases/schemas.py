"""Requests and answers about cases."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.decisions.schemas import Decision, Unit, Withdrawn
from serving.errors import ProblemBody
from serving.shapes import (
    LONGEST_TEXT,
    Colour,
    DisputeKind,
    DisputeRow,
    EventRow,
    Id,
    OutcomeRow,
    PartyRow,
    PersonRow,
    Time,
    VisitRow,
)

MOST_CASES = 1_000
MOST_ROWS = 500


class CaseIn(BaseModel):
    """An incoming case. Persons that the service knows may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CASE]})

    dispute: DisputeRow
    persons: list[PersonRow] = Field(default=[], max_length=MOST_ROWS)
    parties: list[PartyRow] = Field(default=[], max_length=MOST_ROWS)


class BatchIn(BaseModel):
    """Up to 1,000 cases; each is taken or refused on its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.BATCH]})

    cases: list[dict[str, Any]] = Field(
        max_length=MOST_CASES, description="Each as the body of `POST /v1/cases`."
    )


class HappenedIn(BaseModel):
    """Events and visits that have been recorded since."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.HAPPENED]})

    events: list[EventRow] = Field(default=[], max_length=MOST_ROWS)
    visits: list[VisitRow] = Field(default=[], max_length=MOST_ROWS)


class OutcomesIn(BaseModel):
    """Harm that came of a case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.OUTCOMES]})

    outcomes: list[OutcomeRow] = Field(min_length=1, max_length=MOST_ROWS)


class Changed(BaseModel):
    """What the dispute's record says otherwise from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    recorded_at: Time | None = Field(default=None, description="When the district learned of it; else now.")
    kind: DisputeKind | None = None
    grid_id: Id | None = None
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)] | None = Field(
        default=None, description="The narrative as it is told now, whole."
    )
    amount_cny: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class ChangeIn(BaseModel):
    """A later narrative or party: new rows beside those that stand."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CHANGE]})

    dispute: Changed = Field(default_factory=Changed)
    persons: list[PersonRow] = Field(default=[], max_length=MOST_ROWS)
    parties: list[PartyRow] = Field(default=[], max_length=MOST_ROWS)


class Risk(BaseModel):
    """One of twelve: a target within a horizon."""

    target: Literal["violence", "civil_to_criminal", "self_harm", "escalation"]
    horizon_days: Literal[30, 90, 180]
    risk: float = Field(ge=0, le=1, description="Calibrated probability.")
    low: float | None = Field(
        description="Lower end of an 80 % interval for the probability given the records; null if unknown."
    )
    high: float | None = Field(description="Upper end of the interval.")


class Reason(BaseModel):
    """Why, in plain Chinese; never a fact that isn't in the record."""

    kind: Literal["cue", "fact", "floor"]
    text: str
    cue: str | None = Field(description="Name of the cue; null for a fact.")
    start: int | None = Field(description="Code points into the narrative as submitted; null elsewhere.")
    end: int | None = Field(description="End of the span, exclusive.")


class Suggested(BaseModel):
    """A risk cue that no rule reads and the learned tagger does: a guess for staff to check or to label.

    Neither the risks nor the colour rest on it.
    """

    cue: str
    text: str = Field(description="In plain Chinese.")
    probability: float = Field(ge=0, le=1, description="That the clause speaks of it.")
    start: int | None = Field(description="Code points into the narrative as submitted; null elsewhere.")
    end: int | None = Field(description="End of the span, exclusive.")


class WouldChange(BaseModel):
    """What would lower the risk: something that people can do, or could have done.

    It is what the model would answer if the records were otherwise, no promise of an effect.
    """

    text: str = Field(description="In plain Chinese.")
    risk: float = Field(ge=0, le=1, description="Of escalation within 90 days, then.")
    colour: Colour = Field(description="The colour then.")


class Deadline(BaseModel):
    """What is due by when."""

    kind: Literal["respond", "classify", "review"]
    due_at: str = Field(description="RFC 3339.")


class CaseDeadline(Deadline):
    """A deadline of a case, and whether it was met."""

    met: bool


class Duplicate(BaseModel):
    """Another report that may be of the same dispute. A person decides."""

    dispute_id: str
    probability: float = Field(ge=0, le=1, description="That both are one dispute.")
    why: str = Field(description="What speaks for it, in plain Chinese.")


class AddedText(BaseModel):
    """A text that was recorded since."""

    source: Literal["narrative", "event", "visit"]
    recorded_at: str = Field(description="RFC 3339.")


class AddedCue(BaseModel):
    """A cue that no earlier text asserted."""

    cue: str
    text: str = Field(description="What staff call it, in plain Chinese.")


class Added(BaseModel):
    """What was written about the case since the assessment before this one."""

    since: str = Field(description="RFC 3339: the moment of that assessment.")
    texts: list[AddedText]
    cues: list[AddedCue]


class Assessment(BaseModel):
    """What the service recommends, and why. A person decides."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ASSESSMENT]})

    dispute_id: str
    assessment_id: str = Field(description="Hash of the content: the same answer has the same id.")
    as_of: str = Field(description="Nothing recorded later was read.")
    model_version: str | None
    policy_version: str
    degraded: bool = Field(description="No model was at hand: coloured by safety floors and cue rules alone.")
    colour: Colour
    floor: Literal["cue"] | None = Field(
        description="`cue`: red because of a stated danger, whatever the score."
    )
    risks: list[Risk] = Field(description="Twelve, or none if degraded.")
    reasons: list[Reason]
    suggested: list[Suggested] = Field(
        default=[], description="Cues that may be meant, the likeliest first; none if degraded."
    )
    would_change: list[WouldChange] = Field(
        default=[], description="At most two, the one that lowers the risk most first; none if degraded."
    )
    deadlines: list[Deadline]
    out_of_range: bool = Field(description="The case lies outside of what the model was trained on.")
    outside: list[Literal["table", "text"]] = Field(
        default=[], description="What of it does: what the records tell of it, or how it is written."
    )
    added: Added | None = Field(
        default=None, description="What was written since the assessment before; null at first."
    )
    duplicates: list[Duplicate] = Field(
        description="Reports that may be of the same dispute, the most probable first; at most five, none "
        "below 0.2, none outside of the key's area. They bear on nothing else here."
    )


class BatchResult(BaseModel):
    """What became of one case of a batch."""

    status: int = Field(description="As `POST /v1/cases` would have answered.")
    assessment: Assessment | None = None
    problem: ProblemBody | None = None


class BatchOut(BaseModel):
    """One result a case, in the order of the request."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH_ANSWER]})

    results: list[BatchResult]


class CaseOut(BaseModel):
    """A case as it is known now."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.KNOWN]})

    dispute: dict[str, Any] = Field(
        description="The dispute's row; `text` as submitted, for who may read it."
    )
    parties: list[dict[str, Any]]
    events: list[dict[str, Any]]
    assessment: dict[str, Any] | None = Field(description="The latest; null while none has been made.")
    deadlines: list[CaseDeadline] = Field(
        default=[], description="Of the latest assessment; none of a case that is closed or was taken back."
    )
    decisions: list[Decision] = Field(description="Every decision on its colours, the first first.")
    lowering: Decision | None = Field(
        default=None, description="What would lower the case from red and waits for a second person."
    )
    unit: Unit | None = Field(description="Which unit has it; null if none was named.")
    withdrawn: Withdrawn | None = Field(
        description="Since when and why it counts no more; all else is as it was until then."
    )
    duplicates: list[Duplicate] = Field(
        description="Reports that may be of the same dispute, as known now: later ones too."
    )
    merged_into: str | None = Field(
        description="The case that this one counts for since it was merged; all else is as it was until then."
    )
    merged: list[str] = Field(description="Cases that were merged into this one, in the key's area.")
