"""What an assessment's snapshot saw: rows that were on their way weren't in it, whatever moment they bear.

Revision ID: 0013
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; of assessments from before it isn't known."""
    op.add_column("assessments", sa.Column("seen", WORD))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("assessments", "seen")
