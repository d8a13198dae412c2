"""Tokens for whoever reported, what they thought of it, and sessions that no key began.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "progress_tokens",
        sa.Column("token_id", WORD, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token_id", name="pk_progress_tokens"),
    )
    op.create_index("ix_progress_tokens_digest", "progress_tokens", ["digest"], unique=True)
    op.create_index("ix_progress_tokens_dispute_id", "progress_tokens", ["dispute_id"])
    op.create_index("ix_progress_tokens_expires_at", "progress_tokens", ["expires_at"])
    op.create_table(
        "ratings",
        sa.Column("token_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("stars", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("rated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name="pk_ratings"),
    )
    op.create_index("ix_ratings_dispute_id", "ratings", ["dispute_id"])
    op.add_column("sessions", sa.Column("held", WORD))


def downgrade() -> None:
    """Take them away; whoever came by no key is logged out."""
    op.execute("DELETE FROM sessions WHERE held IS NOT NULL")
    op.drop_column("sessions", "held")
    op.drop_table("ratings")
    op.drop_table("progress_tokens")
