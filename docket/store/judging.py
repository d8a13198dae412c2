"""Tables of what is found out about models while they are in use: shadow scores, watch results."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from docket.store.metadata import METADATA, MOMENT, SERIAL, WORD

SHADOW_SCORES: Final = sa.Table(
    "shadow_scores",
    METADATA,
    sa.Column("assessment_id", WORD, primary_key=True),
    sa.Column("model_version", WORD, primary_key=True),
    sa.Column("colour", WORD, nullable=False),
    sa.Column("risks", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
)
"""What a challenger says of cases that the champion has answered; nobody is shown it (`models.shadow`)."""

WATCH_RESULTS: Final = sa.Table(
    "watch_results",
    METADATA,
    sa.Column("watch_no", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("at", MOMENT, nullable=False, index=True),
    sa.Column("alarms", sa.BigInteger(), nullable=False),
    sa.Column("result", sa.Text, nullable=False),
)
"""What each `anlan watch` found, as JSON: figures alone, of no case and no person (`models.watch`)."""
