"""Answers about visit lists."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


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

    date: str
    visits: list[Visit] = Field(description="By worker, in order of rank.")
