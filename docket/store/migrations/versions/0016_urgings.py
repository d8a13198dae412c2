"""Urgings: the steps by which a deadline climbs. What waited in the outbox for a deadline is planned there
now.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them; the service plans the steps of the cases that are there within an hour of its start."""
    op.create_table(
        "urgings",
        sa.Column("urging_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("deadline", WORD, nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("step", WORD, nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("colour", WORD),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answered_by", WORD),
        sa.Column("answer", sa.Text()),
        sa.PrimaryKeyConstraint("urging_no", name="pk_urgings"),
    )
    keys = ["dispute_id", "deadline", "deadline_at", "step"]
    op.create_index("ix_urgings_dispute_id_deadline_deadline_at_step", "urgings", keys, unique=True)
    op.create_index("ix_urgings_level_sent_at_urging_no", "urgings", ["level", "sent_at", "urging_no"])
    waiting = sa.text("sent_at IS NULL")
    op.create_index(
        "ix_urgings_waiting",
        "urgings",
        ["due_at", "dispute_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    # Not told yet: the step that is planned instead tells it, and would be taken for a repeat.
    op.execute(
        "DELETE FROM outbox WHERE event = 'deadline' AND attempts = 0 AND state IN ('pending', 'withdrawn')"
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("urgings")
