"""Which transaction wrote a row: for readers that keep what they read and ask what came since.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("disputes", "parties", "outcomes")


def upgrade() -> None:
    """Add the column; only rows that come from now on bear it."""
    for table in TABLES:
        op.add_column(table, sa.Column("written_by", sa.BigInteger()))
        op.create_index(f"ix_{table}_written_by", table, ["written_by"])
        if op.get_bind().dialect.name == "postgresql":
            # Set after the column is there, or every row would be written anew.
            writer = "(pg_current_xact_id()::text::bigint)"
            op.execute(f"ALTER TABLE {table} ALTER COLUMN written_by SET DEFAULT {writer}")


def downgrade() -> None:
    """Take it away."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_written_by", table)
        op.drop_column(table, "written_by")
