"""The store's SQL tables, made by the migrations; those of the records follow from the contract."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from docket.contract import CONTRACT, Column, Kind, Table

CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA: Final = sa.MetaData(naming_convention=CONVENTION)

WORD: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that orders by code point on every database, as it does in Python and Arrow."""

MOMENT: Final = sa.BigInteger()
"""Microseconds since the epoch."""

WRITTEN_BY: Final = frozenset({"disputes", "parties", "events", "registry", "visits", "outcomes"})
"""Tables whose rows say which transaction wrote them, on PostgreSQL by the column's default there: whoever
keeps something read from them asks what came since. Null for rows from before the column, and on SQLite,
where row numbers tell as much."""
SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TYPES: Final[dict[Kind, sa.types.TypeEngine[Any]]] = {
    Kind.TEXT: WORD,
    Kind.NARRATIVE: WORD,
    Kind.TIME: MOMENT,
    Kind.INTEGER: sa.BigInteger(),
    Kind.NUMBER: sa.Double(),
    Kind.BOOLEAN: sa.Boolean(),
}


def _record_table(table: Table) -> sa.Table:
    """The versions of a table's rows: contract columns, and what the store itself knows of each."""
    bookkeeping: list[sa.Column[Any]] = [
        sa.Column("row_digest", WORD, nullable=False),
        sa.Column("ingested_at", MOMENT, nullable=False),
        sa.Column("via", WORD, nullable=False),
    ]
    if table.name in WRITTEN_BY:
        bookkeeping.append(sa.Column("written_by", sa.BigInteger()))
    if table.versioned:
        bookkeeping.append(sa.Column("learned_at", MOMENT, nullable=False))
    else:
        bookkeeping.append(sa.Column("replaced_at", MOMENT))
    made = sa.Table(
        table.name,
        METADATA,
        sa.Column("row_no", SERIAL, primary_key=True, autoincrement=True),
        *_contents(table),
        *bookkeeping,
    )
    _index(made, table)
    return made


def _contents(table: Table) -> list[sa.Column[Any]]:
    if table.sealed:
        keys: list[sa.Column[Any]] = [sa.Column(name, WORD, nullable=False) for name in table.key]
        return [*keys, sa.Column("sealed", sa.LargeBinary, nullable=False)]
    return [sa.Column(c.name, _TYPES[c.kind], nullable=_may_be_null(c)) for c in table.columns]


def _may_be_null(column: Column) -> bool:
    # Of a narrative that says only what must not be read, nothing is left.
    return column.nullable or column.kind is Kind.NARRATIVE


def _index(made: sa.Table, table: Table) -> None:
    if table.versioned:
        sa.Index(None, *(made.c[name] for name in (*table.key, "recorded_at")), unique=True)
    else:
        current = made.c.replaced_at.is_(None)
        name = f"uq_{table.name}_current"
        keys = (made.c[key] for key in table.key)
        sa.Index(name, *keys, unique=True, sqlite_where=current, postgresql_where=current)
    if table.name in WRITTEN_BY:
        sa.Index(None, made.c.written_by)
    if table.name == "registry":  # read a page at a time, the last that were entered first
        sa.Index(None, made.c.entered_at, made.c.entry_id)
    for column in table.columns:
        if column.refers is not None and column.name != table.key[0]:
            sa.Index(None, made.c[column.name])


RECORDS: Final = {table.name: _record_table(table) for table in CONTRACT}
"""The SQL table of each table of the contract."""

ORIGINALS: Final = sa.Table(
    "originals",
    METADATA,
    sa.Column("table_name", WORD, primary_key=True),
    sa.Column("row_id", WORD, primary_key=True),
    sa.Column("recorded_at", MOMENT, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
"""Narratives as submitted, encrypted; `recorded_at` tells the versions apart."""

FACTS: Final = sa.Table(
    "store_facts",
    METADATA,
    sa.Column("name", WORD, primary_key=True),
    sa.Column("value", WORD, nullable=False),
)
"""What the store says of itself."""

API_KEYS: Final = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("key_id", WORD, primary_key=True),
    sa.Column("digest", WORD, nullable=False),
    sa.Column("scope", WORD, nullable=False),
    sa.Column("area", WORD),
    sa.Column("worker_id", WORD),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT),
    sa.Column("revoked_at", MOMENT),
)
INTAKES: Final = sa.Table(
    "intakes",
    METADATA,
    sa.Column("dispute_id", WORD, primary_key=True),
    sa.Column("idempotency_key", WORD),
    sa.Column("body_digest", WORD, nullable=False),
    sa.Column("ingested_at", MOMENT, nullable=False),
    sa.Column("assessment_id", WORD),
    sa.Index(None, "idempotency_key", unique=True),
)
"""What came in by the API as a case, so that a repeat is known as one."""

ASSESSMENTS: Final = sa.Table(
    "assessments",
    METADATA,
    sa.Column("assessment_id", WORD, primary_key=True),
    sa.Column("dispute_id", WORD, nullable=False),
    sa.Column("as_of", MOMENT, nullable=False),
    sa.Column("model_version", WORD),
    sa.Column("policy_version", WORD, nullable=False),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("features", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("seen", WORD),
    sa.Index(None, "dispute_id", "as_of"),
)
"""Every answer given, byte for byte, with the features it came from and what its snapshot saw
(`docket.store.seeing`)."""

_STANDS: Final = sa.text("undone_at IS NULL")
MERGES: Final = sa.Table(
    "merges",
    METADATA,
    sa.Column("merge_id", WORD, primary_key=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("into_id", WORD, nullable=False, index=True),
    sa.Column("probability", sa.Double()),
    sa.Column("by", WORD, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
    sa.Column("moved", sa.Text, nullable=False),
    sa.Column("undone_at", MOMENT),
    sa.Column("undone_by", WORD),
    sa.Column("undone_reason", sa.Text),
    sa.Index("uq_merges_standing", "dispute_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
)
"""Which dispute was merged into which, by whom and why, and what the merge moved (`docket.store.merging`)."""

PLANNED_VISITS: Final = sa.Table(
    "planned_visits",
    METADATA,
    sa.Column("date", WORD, primary_key=True),
    sa.Column("worker_id", WORD, primary_key=True),
    sa.Column("person_id", WORD, primary_key=True),
    sa.Column("dispute_id", WORD, nullable=False),
    sa.Column("rank", sa.BigInteger()),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("drawn", sa.Boolean(), nullable=False),
    sa.Column("propensity", sa.Double(), nullable=False),
    sa.Column("model_version", WORD),
    sa.Column("planned_at", MOMENT, nullable=False),
)
"""Who had a place on a list, or a chance of one (`rank` null), as the day was first planned."""

REQUESTS: Final = sa.Table(
    "requests",
    METADATA,
    sa.Column("request_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("caller", WORD, nullable=False),
    sa.Column("idempotency_key", WORD),
    sa.Column("target", WORD, nullable=False),
    sa.Column("body_digest", WORD, nullable=False),
    sa.Column("noted_at", MOMENT, nullable=False),
    sa.Column("work", WORD, nullable=False),
    sa.Column("assessment_id", WORD),
    sa.Column("answer", sa.Text),
    sa.Column("finished_at", MOMENT),
    sa.Index(None, "caller", "idempotency_key", unique=True),
    sa.Index(None, "target", "body_digest"),
)
"""What was asked for by the API and what was answered: a repeat is known as one and answered alike."""

DECISIONS: Final = sa.Table(
    "decisions",
    METADATA,
    sa.Column("decision_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("assessment_id", WORD, nullable=False),
    sa.Column("recommended", WORD, nullable=False),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("by", WORD, nullable=False),
    sa.Column("decided_at", MOMENT, nullable=False),
    sa.Column("opened_at", MOMENT),
    sa.Column("approved_by", WORD),
)
"""What people decided about a recommended colour; both are kept, and every decision. `opened_at`
is when the person opened the card that was decided on, null where nobody saw it do so."""

BOARD: Final = sa.Table(
    "case_board",
    METADATA,
    sa.Column("dispute_id", WORD, primary_key=True),
    sa.Column("assessment_id", WORD, nullable=False),
    sa.Column("as_of", MOMENT, nullable=False),
    sa.Column("recommended", WORD, nullable=False),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("decided", sa.Boolean(), nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Column("urgency", sa.BigInteger(), nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("due_kind", WORD),
    sa.Column("closed", sa.Boolean(), nullable=False),
    sa.Index(None, "changed_at", "dispute_id"),
    sa.Index(None, "colour", "changed_at", "dispute_id"),
    sa.Index(None, "closed", "urgency", "due_at", "dispute_id"),
)
"""Where each assessed case stands now: a digest of assessments, decisions and events, to be listed by.
`urgency` is 0 for red to 3 for none; `due_at` the first deadline that isn't met, or never."""

WITHDRAWALS: Final = sa.Table(
    "withdrawals",
    METADATA,
    sa.Column("dispute_id", WORD, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", WORD, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
)
"""Cases that were taken back by who sent them, and why."""

HANDLERS: Final = sa.Table(
    "handlers",
    METADATA,
    sa.Column("handler_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("unit", WORD, nullable=False),
    sa.Column("taken_at", MOMENT, nullable=False),
    sa.Column("by", WORD, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
)
"""Which unit took a case and when; the last one has it."""

UNSCORED: Final = sa.Table(
    "unscored",
    METADATA,
    sa.Column("dispute_id", WORD, primary_key=True),
    sa.Column("since", MOMENT, nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("revision", sa.BigInteger(), nullable=False),
    sa.Column("tries", sa.BigInteger(), nullable=False),
    sa.Column("degraded", sa.Boolean(), nullable=False),
    sa.Index(None, "since", "dispute_id"),
)
"""Cases that are stored and not scored: to be assessed for what was stored, or assessed by the rules alone
(`degraded`). `revision` tells apart what was noted; nobody claims one before `due_at`."""

AUDIT_LOG: Final = sa.Table(
    "audit_log",
    METADATA,
    sa.Column("seq", SERIAL, primary_key=True, autoincrement=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("actor", WORD, nullable=False),
    sa.Column("scope", WORD),
    sa.Column("action", WORD, nullable=False),
    sa.Column("case_id", WORD, index=True),
    sa.Column("subject", WORD, index=True),
    sa.Column("detail", WORD, nullable=False),
    sa.Column("previous", WORD, nullable=False),
    sa.Column("digest", WORD, nullable=False),
    sa.Index(None, "actor", "seq"),
)
"""Who did what when to which case (`docket.audit`); triggers let rows be added, and nothing else."""

WEBHOOKS: Final = sa.Table(
    "webhooks",
    METADATA,
    sa.Column("endpoint_id", WORD, primary_key=True),
    sa.Column("url", WORD, nullable=False),
    sa.Column("events", WORD, nullable=False),
    sa.Column("area", WORD),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("paused_at", MOMENT),
    sa.Column("removed_at", MOMENT),
)
"""Who is told of what (`docket.outbox.endpoints`)."""

OUTBOX: Final = sa.Table(
    "outbox",
    METADATA,
    sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("delivery_id", WORD, nullable=False),
    sa.Column("endpoint_id", WORD, nullable=False),
    sa.Column("event", WORD, nullable=False),
    sa.Column("case_id", WORD, nullable=False),
    sa.Column("about", WORD, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("next_at", MOMENT, nullable=False),
    sa.Column("state", WORD, nullable=False),
    sa.Column("attempts", sa.BigInteger(), nullable=False),
    sa.Column("lease", WORD),
    sa.Column("leased_until", MOMENT),
    sa.Column("last_error", WORD),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("ended_at", MOMENT),
    sa.Index(None, "delivery_id", unique=True),
    sa.Index(None, "endpoint_id", "about", unique=True),
    sa.Index(None, "state", "endpoint_id", "next_at"),
    sa.Index(None, "case_id", "state"),
)
"""What is to be told to whom, and what became of it (`docket.outbox.queue`)."""
