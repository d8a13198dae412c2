"""Visit lists as they were first planned, with the propensity of each place.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "planned_visits",
        sa.Column("date", WORD, nullable=False),
        sa.Column("worker_id", WORD, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("rank", sa.BigInteger()),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("propensity", sa.Double(), nullable=False),
        sa.Column("model_version", WORD),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("date", "worker_id", "person_id", name="pk_planned_visits"),
    )


def downgrade() -> None:
    """Take it away, with all that it holds."""
    op.drop_table("planned_visits")
