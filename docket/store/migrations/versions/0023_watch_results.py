"""What the last watches found.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "watch_results",
        sa.Column("watch_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("alarms", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("watch_no", name="pk_watch_results"),
    )
    op.create_index("ix_watch_results_at", "watch_results", ["at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("watch_results")
