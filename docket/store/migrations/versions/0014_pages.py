"""What the pages need: sessions, the queue's order, who opened and approved, and red cases to be lowered.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEVER = 2**62
URGENCY = {"red": 0, "yellow": 1, "blue": 2, "none": 3}
SETTLED = {"mediation_failed", "agreement", "closed"}
MET_BY = {
    "respond": {"contacted", "mediation_session", "counselling"} | SETTLED,
    "classify": {"mediation_session", "counselling", "legal_aid", "handover"} | SETTLED,
}
BOARD = sa.table(
    "case_board",
    *(sa.column(name) for name in ("dispute_id", "assessment_id", "colour", "urgency", "due_at", "due_kind")),
    sa.column("closed"),
)
EVENTS = """
SELECT e.dispute_id, e.kind, MAX(e."at") FROM known_events AS e
JOIN case_board AS b ON b.dispute_id = e.dispute_id
WHERE e.superseded_at IS NULL GROUP BY e.dispute_id, e.kind
"""
VISITED = """
SELECT DISTINCT p.dispute_id FROM known_visits AS v
JOIN known_parties AS p ON p.person_id = v.person_id AND p.superseded_at IS NULL
JOIN case_board AS b ON b.dispute_id = p.dispute_id
WHERE v.superseded_at IS NULL AND v.contact
    AND v."at" >= (SELECT MIN(d.recorded_at) FROM known_disputes AS d WHERE d.dispute_id = p.dispute_id)
"""
ANSWERS = """
SELECT b.dispute_id, b.colour, a.answer FROM case_board AS b
JOIN assessments AS a ON a.assessment_id = b.assessment_id
"""


def upgrade() -> None:
    """Make them; the cases on the board get their place in the queue."""
    op.create_table(
        "sessions",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("key_id", WORD, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_key_id", "sessions", ["key_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "lowerings",
        sa.Column("lowering_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("assessment_id", WORD, nullable=False),
        sa.Column("recommended", WORD, nullable=False),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("state", WORD, nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", WORD),
        sa.Column("end_reason", sa.Text()),
        sa.PrimaryKeyConstraint("lowering_no", name="pk_lowerings"),
    )
    op.create_index("ix_lowerings_dispute_id", "lowerings", ["dispute_id"])
    waits = sa.text("state = 'waiting'")
    op.create_index(
        "uq_lowerings_waiting",
        "lowerings",
        ["dispute_id"],
        unique=True,
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.add_column("decisions", sa.Column("opened_at", sa.BigInteger()))
    op.add_column("decisions", sa.Column("approved_by", WORD))
    places = (
        ("urgency", sa.BigInteger(), "3"),
        ("due_at", sa.BigInteger(), str(NEVER)),
        ("closed", sa.Boolean(), sa.false()),
    )
    for name, kind, default in places:
        op.add_column("case_board", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("case_board", sa.Column("due_kind", WORD))
    op.create_index(
        "ix_case_board_closed_urgency_due_at_dispute_id",
        "case_board",
        ["closed", "urgency", "due_at", "dispute_id"],
    )
    _fill(op.get_bind())


def _fill(conn: sa.Connection) -> None:
    happened: dict[str, dict[str, int]] = {}
    for dispute_id, kind, at in conn.execute(sa.text(EVENTS)):
        happened.setdefault(dispute_id, {})[kind] = at
    visited = set(conn.execute(sa.text(VISITED)).scalars())
    for dispute_id, colour, answer in conn.execute(sa.text(ANSWERS)).all():
        kinds = happened.get(dispute_id, {})
        met = {name for name, events in MET_BY.items() if events & kinds.keys()}
        if dispute_id in visited:
            met.add("respond")
        closed = "closed" in kinds and kinds["closed"] >= kinds.get("reopened", 0)
        due = (
            []
            if closed
            else [
                (_micros(one["due_at"]), one["kind"])
                for one in json.loads(answer)["deadlines"]
                if one["kind"] not in met
            ]
        )
        first: tuple[int, Any] = min(due, default=(NEVER, None))
        place = {"urgency": URGENCY[colour], "due_at": first[0], "due_kind": first[1], "closed": closed}
        conn.execute(sa.update(BOARD).where(BOARD.c.dispute_id == dispute_id).values(**place))


def _micros(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(microseconds=1)


def downgrade() -> None:
    """Take them away: everybody is logged out, and what waits for a second person waits no more."""
    op.drop_index("ix_case_board_closed_urgency_due_at_dispute_id", "case_board")
    for name in ("due_kind", "closed", "due_at", "urgency"):
        op.drop_column("case_board", name)
    for name in ("approved_by", "opened_at"):
        op.drop_column("decisions", name)
    op.drop_table("lowerings")
    op.drop_table("sessions")
