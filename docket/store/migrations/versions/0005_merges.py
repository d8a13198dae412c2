"""Rows that are withdrawn, and which disputes were merged into which.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# As in 0002: until when a version is the known one. A withdrawn version ends the one before it like any
# other, and is then left out itself.
SUPERSEDED = """(
    SELECT MIN(later.recorded_at) FROM {table} AS later
    WHERE {same} AND later.recorded_at > version.recorded_at
) AS superseded_at"""
EXCLUDED = """(
    SELECT MIN(party.recorded_at) FROM parties AS party
    WHERE party.dispute_id = version.dispute_id AND party.relation = 'authority'{counted}
) AS excluded_at"""
COUNTED = " AND party.withdrawn IS NOT TRUE"
STANDS = " WHERE version.withdrawn IS NOT TRUE"

TABLES = {
    "disputes": (
        ("dispute_id",),
        ("dispute_id", "opened_at", "recorded_at", "source", "kind", "grid_id", "text", "amount_cny"),
    ),
    "parties": (
        ("dispute_id", "person_id", "role"),
        ("dispute_id", "person_id", "role", "relation", "recorded_at"),
    ),
    "events": (("event_id",), ("event_id", "dispute_id", "at", "recorded_at", "kind", "text", "source")),
}


def upgrade() -> None:
    """Make them; what stands in the store stays as it is."""
    for table in TABLES:
        op.execute(f"DROP VIEW known_{table}")
        op.add_column(table, sa.Column("withdrawn", sa.Boolean()))
    for table in TABLES:
        _show(table, stands=STANDS, counted=COUNTED)
    op.create_table(
        "merges",
        sa.Column("merge_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("into_id", WORD, nullable=False),
        sa.Column("probability", sa.Double()),
        sa.Column("by", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sa.Column("undone_by", WORD),
        sa.Column("undone_reason", sa.Text()),
        sa.PrimaryKeyConstraint("merge_id", name="pk_merges"),
    )
    standing = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_merges_standing",
        "merges",
        ["dispute_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("ix_merges_dispute_id", "merges", ["dispute_id"])
    op.create_index("ix_merges_into_id", "merges", ["into_id"])


def _show(table: str, *, stands: str, counted: str) -> None:
    key, columns = TABLES[table]
    same = " AND ".join(f"later.{column} = version.{column}" for column in key)
    selected = [f'version."{column}"' for column in columns]
    selected.append(SUPERSEDED.format(table=table, same=same))
    if table == "disputes":
        selected.append(EXCLUDED.format(counted=counted))
    op.execute(f"CREATE VIEW known_{table} AS SELECT {', '.join(selected)} FROM {table} AS version{stands}")


def downgrade() -> None:
    """Take them away. What was withdrawn is there again, which nobody meant: undo every merge before."""
    op.drop_table("merges")
    for table in TABLES:
        op.execute(f"DROP VIEW known_{table}")
    for table in TABLES:
        op.drop_column(table, "withdrawn")
        _show(table, stands="", counted="")
