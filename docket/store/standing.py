"""Tables beside the registry's own: what people said of an entry, and what its person objects to."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from docket.store.metadata import METADATA, MOMENT, SERIAL, WORD

REGISTRY_NOTES: Final = sa.Table(
    "registry_notes",
    METADATA,
    sa.Column("note_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("entry_id", WORD, index=True),
    sa.Column("dispute_id", WORD, nullable=False),
    sa.Column("person_id", WORD, nullable=False),
    sa.Column("what", WORD, nullable=False),
    sa.Column("category", WORD),
    sa.Column("guardian", sa.Boolean()),
    sa.Column("said", sa.Text),
    sa.Column("by", WORD, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Index(None, "dispute_id", "person_id"),
)
"""What was done about an entry, by whom and why: `entered`, `left`, `corrected`, `removed`; `declined` has no
entry. Words are masked. They go when the entry does."""

_OPEN: Final = sa.text("state = 'open'")
OBJECTIONS: Final = sa.Table(
    "objections",
    METADATA,
    sa.Column("objection_id", WORD, primary_key=True),
    sa.Column("entry_id", WORD, nullable=False, index=True),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("raised_at", MOMENT, nullable=False),
    sa.Column("by", WORD, nullable=False),
    sa.Column("recorded_at", MOMENT, nullable=False),
    sa.Column("state", WORD, nullable=False),
    sa.Column("finding", WORD),
    sa.Column("answer", sa.Text),
    sa.Column("reviewed_by", WORD),
    sa.Column("reviewed_at", MOMENT),
    sa.Column("answered_by", WORD),
    sa.Column("answered_at", MOMENT),
    sa.Column("answered_how", WORD),
    sa.Index("uq_objections_open", "entry_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)
"""That a person objects to an entry: `open`, `reviewed` by somebody else than who entered it, `answered`."""
