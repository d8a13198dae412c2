"""Visits that another worker pays than the one they were planned for; the registry by when people entered.

Revision ID: 0025
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "visit_moves",
        sa.Column("move_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("date", WORD, nullable=False),
        sa.Column("worker_id", WORD, nullable=False),
        sa.Column("person_id", WORD),
        sa.Column("to_worker_id", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("move_no", name="pk_visit_moves"),
    )
    op.create_index("ix_visit_moves_date", "visit_moves", ["date"])
    op.create_index("ix_registry_entered_at_entry_id", "registry", ["entered_at", "entry_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_registry_entered_at_entry_id", table_name="registry")
    op.drop_table("visit_moves")
