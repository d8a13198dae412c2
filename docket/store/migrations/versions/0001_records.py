"""The records: every version of every row, and the originals of narratives.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "grids",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("grid_id", WORD, nullable=False),
        sa.Column("grid_name", WORD, nullable=False),
        sa.Column("community_id", WORD, nullable=False),
        sa.Column("community_name", WORD, nullable=False),
        sa.Column("street_id", WORD, nullable=False),
        sa.Column("street_name", WORD, nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("population", sa.BigInteger()),
        sa.Column("boundary", WORD),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("row_no", name="pk_grids"),
    )
    _index_current("grids", "grid_id")
    op.create_table(
        "workers",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("worker_id", WORD, nullable=False),
        sa.Column("grid_id", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("daily_visits", sa.BigInteger(), nullable=False),
        sa.Column("absent_from", sa.BigInteger()),
        sa.Column("absent_until", sa.BigInteger()),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("row_no", name="pk_workers"),
    )
    _index_current("workers", "worker_id")
    op.create_index("ix_workers_grid_id", "workers", ["grid_id"])
    op.create_table(
        "persons",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("birth_year", sa.BigInteger()),
        sa.Column("sex", WORD, nullable=False),
        sa.Column("grid_id", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_persons"),
    )
    op.create_index("ix_persons_person_id_recorded_at", "persons", ["person_id", "recorded_at"], unique=True)
    op.create_index("ix_persons_grid_id", "persons", ["grid_id"])
    op.create_table(
        "disputes",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("grid_id", WORD, nullable=False),
        sa.Column("text", WORD),
        sa.Column("amount_cny", sa.Double()),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_disputes"),
    )
    op.create_index(
        "ix_disputes_dispute_id_recorded_at", "disputes", ["dispute_id", "recorded_at"], unique=True
    )
    op.create_index("ix_disputes_grid_id", "disputes", ["grid_id"])
    op.create_table(
        "parties",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("relation", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_parties"),
    )
    op.create_index(
        "ix_parties_dispute_id_person_id_role_recorded_at",
        "parties",
        ["dispute_id", "person_id", "role", "recorded_at"],
        unique=True,
    )
    op.create_index("ix_parties_person_id", "parties", ["person_id"])
    op.create_table(
        "events",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("event_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("text", WORD),
        sa.Column("source", WORD),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_events"),
    )
    op.create_index("ix_events_event_id_recorded_at", "events", ["event_id", "recorded_at"], unique=True)
    op.create_index("ix_events_dispute_id", "events", ["dispute_id"])
    op.create_table(
        "registry",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("entry_id", WORD, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger()),
        sa.Column("left_recorded_at", sa.BigInteger()),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_registry"),
    )
    op.create_index("ix_registry_entry_id_recorded_at", "registry", ["entry_id", "recorded_at"], unique=True)
    op.create_index("ix_registry_dispute_id", "registry", ["dispute_id"])
    op.create_index("ix_registry_person_id", "registry", ["person_id"])
    op.create_table(
        "visits",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("visit_id", WORD, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("worker_id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.Boolean(), nullable=False),
        sa.Column("finding", WORD, nullable=False),
        sa.Column("text", WORD),
        sa.Column("weapon_seen", sa.Boolean()),
        sa.Column("referred_to", WORD),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_visits"),
    )
    op.create_index("ix_visits_visit_id_recorded_at", "visits", ["visit_id", "recorded_at"], unique=True)
    op.create_index("ix_visits_person_id", "visits", ["person_id"])
    op.create_index("ix_visits_worker_id", "visits", ["worker_id"])
    op.create_table(
        "outcomes",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("outcome_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_outcomes"),
    )
    op.create_index(
        "ix_outcomes_outcome_id_recorded_at", "outcomes", ["outcome_id", "recorded_at"], unique=True
    )
    op.create_index("ix_outcomes_dispute_id", "outcomes", ["dispute_id"])
    op.create_table(
        "annotations",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("annotation_id", WORD, nullable=False),
        sa.Column("dispute_id", WORD, nullable=False),
        sa.Column("cue", WORD, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger()),
        sa.Column("end", sa.BigInteger()),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_no", name="pk_annotations"),
    )
    op.create_index(
        "ix_annotations_annotation_id_recorded_at",
        "annotations",
        ["annotation_id", "recorded_at"],
        unique=True,
    )
    op.create_index("ix_annotations_dispute_id", "annotations", ["dispute_id"])
    op.create_table(
        "identities",
        sa.Column("row_no", SERIAL, nullable=False),
        sa.Column("person_id", WORD, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", sa.BigInteger(), nullable=False),
        sa.Column("via", WORD, nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("row_no", name="pk_identities"),
    )
    _index_current("identities", "person_id")
    op.create_table(
        "originals",
        sa.Column("table_name", WORD, nullable=False),
        sa.Column("row_id", WORD, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "row_id", "recorded_at", name="pk_originals"),
    )
    op.create_table(
        "store_facts",
        sa.Column("name", WORD, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_store_facts"),
    )


def _index_current(table: str, key: str) -> None:
    current = sa.text("replaced_at IS NULL")
    op.create_index(
        f"uq_{table}_current", table, [key], unique=True, sqlite_where=current, postgresql_where=current
    )


def downgrade() -> None:
    """Take them away, with all that they hold."""
    for table in (
        "store_facts",
        "originals",
        "identities",
        "annotations",
        "outcomes",
        "visits",
        "registry",
        "events",
        "parties",
        "disputes",
        "persons",
        "workers",
        "grids",
    ):
        op.drop_table(table)
