"""Answers about visit lists."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import VisitRow

MOST_VISITS = 100


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
