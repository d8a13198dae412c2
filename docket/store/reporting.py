"""Tables of who reported: tokens to look up how far a case is, and what they thought of it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from docket.store.metadata import METADATA, MOMENT, WORD

PROGRESS_TOKENS: Final = sa.Table(
    "progress_tokens",
    METADATA,
    sa.Column("token_id", WORD, primary_key=True),
    sa.Column("digest", WORD, nullable=False),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("by", WORD, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False, index=True),
    sa.Column("revoked_at", MOMENT),
    sa.Index(None, "digest", unique=True),
)
"""Who may see how far a case is (`docket.progress`); of a token only the digest is kept."""

RATINGS: Final = sa.Table(
    "ratings",
    METADATA,
    sa.Column("token_id", WORD, primary_key=True),
    sa.Column("dispute_id", WORD, nullable=False, index=True),
    sa.Column("stars", sa.BigInteger(), nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("rated_at", MOMENT, nullable=False),
)
"""What the holder of a token thought, as last said; the comment is masked. No feature reads it."""
