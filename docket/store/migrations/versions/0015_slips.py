"""Slips, and each step that one took.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "slips",
        sa.Column("slip_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slip_id", name="pk_slips"),
    )
    op.create_index("ix_slips_dispute_id", "slips", ["dispute_id"])
    op.create_index("ix_slips_state_changed_at_slip_id", "slips", ["state", "changed_at", "slip_id"])
    still = sa.text("state <> 'closed'")
    op.create_index(
        "uq_slips_open",
        "slips",
        ["dispute_id", "colour"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
    op.create_table(
        "slip_steps",
        sa.Column("step_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("slip_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("step_no", name="pk_slip_steps"),
    )
    op.create_index("ix_slip_steps_slip_id", "slip_steps", ["slip_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("slip_steps")
    op.drop_table("slips")
