"""Which transaction wrote a row of the other tables that are read about a person, as 0006.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("events", "registry", "visits")


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
