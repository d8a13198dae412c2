"""Answers about visit lists."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import LONGEST_ID, PRINTABLE, VisitRow, Words

MOST_VISITS = 100
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE)]


class Visit(BaseModel):
    """One place on a list; never a score, nothing that the other party reported."""

    date: str
    worker_id: str
    rank: int
    person_id: str
    dispute_id: str
    colour: Literal["none", "blue", "yellow", "red"]
    due_at: str
    overdue: bool
    reasons: str
    last_visit_at: str | None
    last_finding: str | None
    look_out_for: str
    do_not_say: str
    moved_from: str | None = Field(description="For whom it was planned, if another worker goes; else null.")
    moved_because: str | None = Field(description="Why another goes, as kept: masked.")


class VisitList(BaseModel):
    """Whom to visit, in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.VISIT_LIST]})

    date: str
    visits: list[Visit] = Field(description="By worker, in order of rank.")


class VisitsIn(BaseModel):
    """What workers found on visits."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.VISITS]})

    visits: list[VisitRow] = Field(min_length=1, max_length=MOST_VISITS)


class VisitsOut(BaseModel):
    """What was kept, and which cases were assessed anew by it; no score."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.VISITED]})

    visits: list[str] = Field(description="Ids, as sent.")
    cases: list[str] = Field(description="Cases that are assessed anew.")


class MoveIn(BaseModel):
    """Whose visits of today another worker pays, and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.MOVE]})

    worker_id: _Name = Field(description="On whose list they are.")
    to_worker_id: _Name = Field(
        description="Of the same community. The same worker: who is back takes the own list again."
    )
    people: Annotated[list[_Name], Field(min_length=1, max_length=MOST_VISITS)] | None = Field(
        default=None,
        description="Whom the other one visits; else the whole list, with what comes onto it later today.",
    )
    reason: Words


class Moved(BaseModel):
    """Who goes now; whether somebody is visited stays as it was planned."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MOVED]})

    date: str
    worker_id: str
    to_worker_id: str
    people: list[str] | None = Field(description="Null: the whole list.")
    reason: str = Field(description="As kept: masked.")
    by: str = Field(description="The id of the key.")
    at: str = Field(description="RFC 3339.")
