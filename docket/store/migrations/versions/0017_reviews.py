"""Findings about cases of which harm came, and stability reports.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "case_reviews",
        sa.Column("review_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("outcome_id", WORD, nullable=False),
        sa.Column("cues", sa.Text(), nullable=False),
        sa.Column("doors", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("review_no", name="pk_case_reviews"),
    )
    op.create_index("ix_case_reviews_dispute_id", "case_reviews", ["dispute_id"])
    op.create_table(
        "reports",
        sa.Column("period", WORD, nullable=False),
        sa.Column("begin", WORD, nullable=False),
        sa.Column("area", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", "begin", "area", name="pk_reports"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("reports")
    op.drop_table("case_reviews")
