"""What the service keeps besides the records: keys, intakes and answers.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", WORD, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("scope", WORD, nullable=False),
        sa.Column("area", WORD),
        sa.Column("worker_id", WORD),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_table(
        "intakes",
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("idempotency_key", WORD),
        sa.Column("body_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("assessment_id", WORD),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_intakes"),
    )
    op.create_index("ix_intakes_idempotency_key", "intakes", ["idempotency_key"], unique=True)
    op.create_table(
        "assessments",
        sa.Column("assessment_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("model_version", WORD),
        sa.Column("policy_version", WORD, nullable=False),
        sa.Column("colour", WORD, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("assessment_id", name="pk_assessments"),
    )
    op.create_index("ix_assessments_dispute_id_as_of", "assessments", ["dispute_id", "as_of"])


def downgrade() -> None:
    """Take them away, with all that they hold."""
    for table in (
        "assessments",
        "intakes",
        "api_keys",
    ):
        op.drop_table(table)
