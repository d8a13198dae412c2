"""What was known: the relations that features read, row for row what a snapshot holds.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# Of every version, until when it's the known one: the correction after it. The unique index on key and
# recorded_at answers this without reading a row.
SUPERSEDED = """(
    SELECT MIN(later.recorded_at) FROM {table} AS later
    WHERE {same} AND later.recorded_at > version.recorded_at
) AS superseded_at"""

# From when on a dispute is known to be with an authority, and left out of every count about others.
EXCLUDED = """(
    SELECT MIN(party.recorded_at) FROM parties AS party
    WHERE party.dispute_id = version.dispute_id AND party.relation = 'authority'
) AS excluded_at"""

CURRENT = {
    "grids": (
        "grid_id",
        "grid_name",
        "community_id",
        "community_name",
        "street_id",
        "street_name",
        "lon",
        "lat",
        "population",
        "boundary",
    ),
    "workers": ("worker_id", "grid_id", "role", "daily_visits", "absent_from", "absent_until"),
}
VERSIONED = {
    "persons": (("person_id",), ("person_id", "birth_year", "sex", "grid_id", "recorded_at")),
    "disputes": (
        ("dispute_id",),
        ("dispute_id", "opened_at", "recorded_at", "source", "kind", "grid_id", "text", "amount_cny"),
    ),
    "parties": (
        ("dispute_id", "person_id", "role"),
        ("dispute_id", "person_id", "role", "relation", "recorded_at"),
    ),
    "events": (("event_id",), ("event_id", "dispute_id", "at", "recorded_at", "kind", "text", "source")),
    "registry": (
        ("entry_id",),
        (
            "entry_id",
            "person_id",
            "dispute_id",
            "category",
            "entered_at",
            "recorded_at",
            "left_at",
            "left_recorded_at",
        ),
    ),
    "visits": (
        ("visit_id",),
        (
            "visit_id",
            "person_id",
            "worker_id",
            "at",
            "recorded_at",
            "contact",
            "finding",
            "text",
            "weapon_seen",
            "referred_to",
        ),
    ),
    "outcomes": (("outcome_id",), ("outcome_id", "dispute_id", "at", "recorded_at", "kind", "severity")),
    "annotations": (
        ("annotation_id",),
        ("annotation_id", "dispute_id", "cue", "present", "recorded_at", "start", "end"),
    ),
}


def upgrade() -> None:
    """Make them."""
    for table, columns in CURRENT.items():
        listed = ", ".join(f'version."{column}"' for column in columns)
        op.execute(
            f"CREATE VIEW known_{table} AS SELECT {listed} FROM {table} AS version "
            "WHERE version.replaced_at IS NULL"
        )
    for table, (key, columns) in VERSIONED.items():
        same = " AND ".join(f"later.{column} = version.{column}" for column in key)
        selected = [f'version."{column}"' for column in columns]
        selected.append(SUPERSEDED.format(table=table, same=same))
        if table == "disputes":
            selected.append(EXCLUDED)
        op.execute(f"CREATE VIEW known_{table} AS SELECT {', '.join(selected)} FROM {table} AS version")


def downgrade() -> None:
    """Take them away, with all that they hold."""
    for table in (*CURRENT, *VERSIONED):
        op.execute(f"DROP VIEW known_{table}")
