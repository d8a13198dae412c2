"""Requests and what was answered; decisions, withdrawals, units; where each case stands now.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What was assessed before is listed too: the latest assessment of each case, which nobody had decided on.
FILL = """
INSERT INTO case_board (dispute_id, assessment_id, as_of, recommended, colour, decided, changed_at)
SELECT a.dispute_id, a.assessment_id, a.as_of, a.colour, a.colour, FALSE, a.created_at
FROM (
    SELECT dispute_id, assessment_id, as_of, colour, created_at, ROW_NUMBER() OVER (
        PARTITION BY dispute_id ORDER BY as_of DESC, created_at DESC, assessment_id DESC
    ) AS place
    FROM assessments
) AS a
WHERE a.place = 1
"""


def upgrade() -> None:
    """Make them; cases that were assessed before are on the board."""
    op.create_table(
        "requests",
        sa.Column("request_no", SERIAL, autoincrement=True, nullable=False),
        sa.Column("caller", WORD, nullable=False),
        sa.Column("idempotency_key", WORD),
        sa.Column("target", WORD, nullable=False),
        sa.Column("body_digest", WORD, nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("work", WORD, nullable=False),
        sa.Column("assessment_id", WORD),
        sa.Column("answer", sa.Text()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("request_no", name="pk_requests"),
    )
    op.create_index(
        "ix_requests_caller_idempotency_key", "requests", ["caller", "idempotency_key"], unique=True
    )
    op.create_index("ix_requests_target_body_digest", "requests", ["target", "body_digest"])
    op.create_table(
        "decisions",
        sa.Column("decision_no", SERIAL, autoincrement=True, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("assessment_id", WORD, nullable=False),
        sa.Column("recommended", WORD, nullable=False),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("by", WORD, nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("decision_no", name="pk_decisions"),
    )
    op.create_index("ix_decisions_dispute_id", "decisions", ["dispute_id"])
    op.create_table(
        "case_board",
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("assessment_id", WORD, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("recommended", WORD, nullable=False),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_case_board"),
    )
    op.create_index("ix_case_board_changed_at_dispute_id", "case_board", ["changed_at", "dispute_id"])
    op.create_index(
        "ix_case_board_colour_changed_at_dispute_id", "case_board", ["colour", "changed_at", "dispute_id"]
    )
    op.execute(FILL)
    op.create_table(
        "withdrawals",
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_withdrawals"),
    )
    op.create_table(
        "handlers",
        sa.Column("handler_no", SERIAL, autoincrement=True, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handler_no", name="pk_handlers"),
    )
    op.create_index("ix_handlers_dispute_id", "handlers", ["dispute_id"])


def downgrade() -> None:
    """Take them away, with all that they hold; withdrawn cases stay withdrawn."""
    for table in ("handlers", "withdrawals", "case_board", "decisions", "requests"):
        op.drop_table(table)
