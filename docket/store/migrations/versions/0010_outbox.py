"""Webhooks: who is told of what, and what is still to be told.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "webhooks",
        sa.Column("endpoint_id", WORD, nullable=False),
        sa.Column("url", WORD, nullable=False),
        sa.Column("events", WORD, nullable=False),
        sa.Column("area", WORD),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger()),
        sa.Column("removed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("endpoint_id", name="pk_webhooks"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", SERIAL, nullable=False, autoincrement=True),
        sa.Column("delivery_id", WORD, nullable=False),
        sa.Column("endpoint_id", WORD, nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("case_id", WORD, nullable=False),
        sa.Column("about", WORD, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease", WORD),
        sa.Column("leased_until", sa.BigInteger()),
        sa.Column("last_error", WORD),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
    )
    op.create_index("ix_outbox_delivery_id", "outbox", ["delivery_id"], unique=True)
    op.create_index("ix_outbox_endpoint_id_about", "outbox", ["endpoint_id", "about"], unique=True)
    op.create_index("ix_outbox_state_endpoint_id_next_at", "outbox", ["state", "endpoint_id", "next_at"])
    op.create_index("ix_outbox_case_id_state", "outbox", ["case_id", "state"])


def downgrade() -> None:
    """Take them away, with all that they hold."""
    op.drop_table("outbox")
    op.drop_table("webhooks")
