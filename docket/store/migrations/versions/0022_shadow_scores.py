"""What a challenger says of cases that the champion has answered.

Revision ID: 0022
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "shadow_scores",
        sa.Column("assessment_id", WORD, nullable=False),
        sa.Column("model_version", WORD, nullable=False),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("risks", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("assessment_id", "model_version", name="pk_shadow_scores"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("shadow_scores")
