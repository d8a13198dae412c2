"""Tables of what people do at their desks: sessions, lowerings, slips, urgings, reviews, visits moved."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from docket.store.metadata import METADATA, MOMENT, SERIAL, WORD

SESSIONS: Final = sa.Table(
    "sessions",
    METADATA,
    sa.Column("digest", WORD, primary_key=True),
    sa.Column("key_id", WORD, nullable=False, index=True),
    sa.Column("started_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False, index=True),
    sa.Column("ended_at", MOMENT),
    sa.Column("held", WORD),
)
"""Who is logged in to the pages, by which key (`docket.sessions`); `held` says what somebody may do whom the
identity provider let in, and no key."""

_WAITS: Final = sa.text("state = 'waiting'")
LOWERINGS: Final = sa.Table(
    "lowerings",
    METADATA,
    sa.Column("lowering_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("assessment_id", WORD, nullable=False),
    sa.Column("recommended", WORD, nullable=False),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", WORD, nullable=False),
    sa.Column("proposed_at", MOMENT, nullable=False),
    sa.Column("opened_at", MOMENT),
    sa.Column("state", WORD, nullable=False),
    sa.Column("ended_at", MOMENT),
    sa.Column("ended_by", WORD),
    sa.Column("end_reason", sa.Text),
    sa.Index("uq_lowerings_waiting", "dispute_id", unique=True, sqlite_where=_WAITS, postgresql_where=_WAITS),
)
"""Red cases that one person would lower and another has to agree to (docs/adr/0052)."""

_OPEN: Final = sa.text("state <> 'closed'")
SLIPS: Final = sa.Table(
    "slips",
    METADATA,
    sa.Column("slip_id", WORD, primary_key=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("unit", WORD, nullable=False),
    sa.Column("state", WORD, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Index(None, "state", "changed_at", "slip_id"),
    sa.Index(
        "uq_slips_open", "dispute_id", "colour", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    ),
)
"""What the centre asks a unit to do about a case (`docket.slips`)."""

SLIP_STEPS: Final = sa.Table(
    "slip_steps",
    METADATA,
    sa.Column("step_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("slip_id", WORD, nullable=False, index=True),
    sa.Column("state", WORD, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("by", WORD, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
)
"""Each step that a slip took: who, when, and what they said, masked."""

_UNSENT: Final = sa.text("sent_at IS NULL")
URGINGS: Final = sa.Table(
    "urgings",
    METADATA,
    sa.Column("urging_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("dispute_id", WORD, nullable=False),
    sa.Column("deadline", WORD, nullable=False),
    sa.Column("deadline_at", MOMENT, nullable=False),
    sa.Column("step", WORD, nullable=False),
    sa.Column("level", WORD, nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
    sa.Column("sent_at", MOMENT),
    sa.Column("colour", WORD),
    sa.Column("ended_at", MOMENT),
    sa.Column("answered_at", MOMENT),
    sa.Column("answered_by", WORD),
    sa.Column("answer", sa.Text),
    sa.Index(None, "dispute_id", "deadline", "deadline_at", "step", unique=True),
    sa.Index(None, "level", "sent_at", "urging_no"),
    sa.Index("ix_urgings_waiting", "due_at", "dispute_id", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
)
"""Each step by which a deadline climbs (`docket.urging`): when it was planned (`recorded_at`), when it is
due, when it was sent and of which colour the case was, when its deadline was met or counted no more, and
what the level concerned answered, masked."""

REVIEWS: Final = sa.Table(
    "case_reviews",
    METADATA,
    sa.Column("review_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("outcome_id", WORD, nullable=False),
    sa.Column("cues", sa.Text, nullable=False),
    sa.Column("doors", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("todo", sa.Text, nullable=False),
    sa.Column("by", WORD, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
)
"""What people found who looked back at a case of which harm came (`docket.reviewing`), masked."""

REPORTS: Final = sa.Table(
    "reports",
    METADATA,
    sa.Column("period", WORD, primary_key=True),
    sa.Column("begin", WORD, primary_key=True),
    sa.Column("area", WORD, primary_key=True),
    sa.Column("recorded_at", MOMENT, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)
"""Stability reports as they were written (`serving.reports`): one of each period and area."""

VISIT_MOVES: Final = sa.Table(
    "visit_moves",
    METADATA,
    sa.Column("move_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("date", WORD, nullable=False, index=True),
    sa.Column("worker_id", WORD, nullable=False),
    sa.Column("person_id", WORD),
    sa.Column("to_worker_id", WORD, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", WORD, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
)
"""Visits of a day that another worker pays than the one they were planned for (`docket.store.moved`): one
person's, or without one the whole list."""
