"""Requests and answers about the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.cases.schemas import Assessment
from serving.shapes import LONGEST_ID, PRINTABLE, Colour, RegistryRow, Time, Words

if TYPE_CHECKING:
    Category = str
else:
    from docket.contract.enumerations import REGISTRY_CATEGORIES

    Category = Literal[REGISTRY_CATEGORIES]
Finding = Literal["kept", "corrected", "removed"]
Purpose = Literal["mediation", "visit", "emergency", "objection", "handover"]
How = Literal["in_person", "phone", "letter"]
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE)]


class EntryIn(RegistryRow):
    """Somebody who enters the registry, and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ENTRY]})

    guardian_informed: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="A guardian knows of the entry: needed for whoever may be under 14."
    )
    reason: Words | None = None


class LeaveIn(BaseModel):
    """That somebody leaves the registry."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.LEAVE]})

    left_at: Time | None = Field(default=None, description="When; else now.")
    reason: Words


class DeclineIn(BaseModel):
    """That a party who was proposed isn't entered."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.DECLINE]})

    dispute_id: _Name
    person_id: _Name
    reason: Words


class Declined(BaseModel):
    """Who isn't entered."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DECLINED]})

    dispute_id: str
    person_id: str
    declined_at: str = Field(description="RFC 3339.")


class CorrectIn(BaseModel):
    """What an entry says otherwise from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CORRECT]})

    category: Category | None = None
    entered_at: Time | None = None
    reason: Words


class ObjectIn(BaseModel):
    """That the person objects to the entry."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.OBJECT]})

    said: Words = Field(description="What the person says. Kept masked.")
    raised_at: Time | None = Field(default=None, description="When; else now.")


class ReviewIn(BaseModel):
    """What a review of an objection found, and what the person is told."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.REVIEW]})

    finding: Finding
    category: Category | None = Field(default=None, description="Needed for `corrected`: the right one.")
    answer: Words = Field(description="What the person is told. Kept masked.")


class AnsweredIn(BaseModel):
    """That the person was told what the review found."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ANSWER]})

    how: How


class Objection(BaseModel):
    """An objection as it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OBJECTION]})

    objection_id: str
    entry_id: str
    state: Literal["open", "reviewed", "answered"]
    said: str = Field(description="As kept: masked.")
    raised_at: str = Field(description="RFC 3339.")
    by: str = Field(description="The id of the key that recorded it.")
    finding: Finding | None
    answer: str | None = Field(description="As kept: masked.")
    reviewed_by: str | None
    reviewed_at: str | None
    answered_by: str | None
    answered_at: str | None
    answered_how: How | None
    assessment: Assessment | None = Field(
        default=None, description="Of the case anew, where the review changed the entry."
    )


class ListedEntry(BaseModel):
    """An entry as it stands."""

    entry_id: str
    person_id: str
    dispute_id: str
    category: Category
    entered_at: str = Field(description="RFC 3339.")
    left_at: str | None
    grid_id: str = Field(description="Where the person lives.")
    grid_name: str
    community_name: str
    colour: Colour | None = Field(description="Of the worst open matter; null of who has left.")
    cadence_days: int | None = Field(description="A visit is due so many days after the last that met them.")
    due_at: str | None = Field(description="RFC 3339: the next visit.")
    overdue: bool
    last_visit_at: str | None
    contested: bool = Field(description="An objection isn't answered.")
    removed: bool = Field(description="It was taken out; shown until whoever objected was answered.")


class EntriesOut(BaseModel):
    """Some of the entries, the last that were entered first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTRIES]})

    entries: list[ListedEntry]
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")


class Done(BaseModel):
    """Something that was done about an entry."""

    what: Literal["entered", "left", "corrected", "removed"]
    category: Category | None
    guardian_informed: bool | None
    reason: str | None = Field(description="As kept: masked.")
    by: str = Field(description="The id of the key.")
    at: str = Field(description="RFC 3339.")


class EntryOut(ListedEntry):
    """An entry, what was done about it, and what its person objects to."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTRY_KNOWN]})

    history: list[Done] = Field(description="The first first; of an entry that came by a load, nothing.")
    objections: list[Objection] = Field(description="The first first.")


class Proposed(BaseModel):
    """A party who should be looked at for an entry."""

    dispute_id: str
    person_id: str
    kind: str
    category: Category
    role: Literal["applicant", "respondent"]
    since: str = Field(description="RFC 3339: of what makes it due.")
    grid_name: str
    community_name: str
    guardian_needed: bool = Field(description="The person may be under 14.")


class ProposedOut(BaseModel):
    """Some of those who are proposed, the ones first who have waited longest."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PROPOSED]})

    proposed: list[Proposed]
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")


class SearchIn(BaseModel):
    """Whom somebody looks for, and what for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.SEARCH]})

    purpose: Purpose = Field(description="Kept in the log with every entry that is found.")
    person_id: _Name | None = None
    dispute_id: _Name | None = None
    name: _Name | None = Field(default=None, description="As in `identities`, whole.")


class Found(BaseModel):
    """What a search found."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FOUND]})

    entries: list[ListedEntry]
