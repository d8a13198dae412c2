"""Cases that are stored and not scored: noted with what was stored, until an assessment by a model stands.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# What came in before and was never answered, or last answered by the rules alone, waits as well.
FILL = """
INSERT INTO unscored (dispute_id, since, due_at, revision, tries, degraded)
SELECT i.dispute_id, i.ingested_at, i.ingested_at, 1, 0, FALSE FROM intakes AS i
WHERE NOT EXISTS (SELECT 1 FROM assessments AS a WHERE a.dispute_id = i.dispute_id)
UNION ALL
SELECT a.dispute_id, a.created_at, a.created_at, 1, 0, TRUE FROM case_board AS b
JOIN assessments AS a ON a.assessment_id = b.assessment_id WHERE a.model_version IS NULL
"""


def upgrade() -> None:
    """Make it; cases that wait already are in it."""
    op.create_table(
        "unscored",
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_unscored"),
    )
    op.create_index("ix_unscored_since_dispute_id", "unscored", ["since", "dispute_id"])
    op.execute(FILL)


def downgrade() -> None:
    """Take it away: nobody waits any more."""
    op.drop_table("unscored")
