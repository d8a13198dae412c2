"""Entries of the registry can be withdrawn; what was said of them, and objections.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = (
    "entry_id",
    "person_id",
    "dispute_id",
    "category",
    "entered_at",
    "recorded_at",
    "left_at",
    "left_recorded_at",
)
# As in 0005: a withdrawn version ends the one before it like any other, and is then left out itself.
SUPERSEDED = """(
    SELECT MIN(later.recorded_at) FROM registry AS later
    WHERE later.entry_id = version.entry_id AND later.recorded_at > version.recorded_at
) AS superseded_at"""
STANDS = " WHERE version.withdrawn IS NOT TRUE"


def upgrade() -> None:
    """Make them; what stands in the store stays as it is."""
    op.execute("DROP VIEW known_registry")
    op.add_column("registry", sa.Column("withdrawn", sa.Boolean()))
    _show(STANDS)
    op.create_table(
        "registry_notes",
        sa.Column("note_no", SERIAL, nullable=False, autoincrement=True),
        sa.Column("entry_id", WORD),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("what", WORD, nullable=False),
        sa.Column("category", WORD),
        sa.Column("guardian", sa.Boolean()),
        sa.Column("said", sa.Text()),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("note_no", name="pk_registry_notes"),
    )
    op.create_index("ix_registry_notes_entry_id", "registry_notes", ["entry_id"])
    op.create_index("ix_registry_notes_dispute_id_person_id", "registry_notes", ["dispute_id", "person_id"])
    op.create_table(
        "objections",
        sa.Column("objection_id", WORD, nullable=False),
        sa.Column("entry_id", WORD, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("finding", WORD),
        sa.Column("answer", sa.Text()),
        sa.Column("reviewed_by", WORD),
        sa.Column("reviewed_at", sa.BigInteger()),
        sa.Column("answered_by", WORD),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answered_how", WORD),
        sa.PrimaryKeyConstraint("objection_id", name="pk_objections"),
    )
    op.create_index("ix_objections_entry_id", "objections", ["entry_id"])
    still = sa.text("state = 'open'")
    op.create_index(
        "uq_objections_open",
        "objections",
        ["entry_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )


def _show(stands: str) -> None:
    selected = ", ".join([*(f'version."{column}"' for column in COLUMNS), SUPERSEDED])
    op.execute(f"CREATE VIEW known_registry AS SELECT {selected} FROM registry AS version{stands}")


def downgrade() -> None:
    """Take them away. An entry that was withdrawn is there again: erase those before."""
    op.drop_table("objections")
    op.drop_table("registry_notes")
    op.execute("DROP VIEW known_registry")
    op.drop_column("registry", "withdrawn")
    _show("")
