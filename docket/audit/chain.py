"""Adding to the log: each row's digest covers the row and the digest before it.

The digest is an HMAC under a key of the district's secret, which stands outside the database: whoever can
write to the database alone can't make a row that fits (docs/adr/0037).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import sqlalchemy as sa

from docket.audit.actors import actor
from docket.store.metadata import AUDIT_LOG
from docket.times import now_micros
from docket.vault import keyed_digest

Action = Literal[
    "score",
    "view",
    "decide",
    "propose",
    "refuse",
    "slip",
    "urge",
    "review",
    "assign",
    "annotate",
    "withdraw",
    "merge",
    "unmerge",
    "export",
    "promote",
    "create_key",
    "revoke_key",
    "webhook",
    "notify",
    "restore",
    "login",
    "logout",
    "registry",
    "search",
    "object",
    "retain",
    "progress",
]
BEGINNING: Final = "0" * 64
"""What the first row names as the digest before it."""
_AUDITING: Final = 0x6175646974  # 'audit'
_PART: Final = 1_000
_ALONE: Final = sa.select(sa.func.pg_advisory_xact_lock(_AUDITING))
_HEAD: Final = sa.select(AUDIT_LOG.c.seq, AUDIT_LOG.c.digest).order_by(AUDIT_LOG.c.seq.desc()).limit(1)
_INSERT: Final = sa.insert(AUDIT_LOG)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done.

    Attributes
    ----------
    action
        What.
    case
        To which case; None where it concerns none.
    subject
        To what besides: an assessment, a key, a model version.
    detail
        Further facts, JSON types: codes, numbers, ids. Never a narrative or an identity.
    """

    action: Action
    case: str | None = None
    subject: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """The last row at some moment: what, noted elsewhere, shows later that the log still holds it."""

    seq: int
    digest: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """The head written as `SEQ:DIGEST`.

        Raises
        ------
        ValueError
            If it's written otherwise.
        """
        seq, _, digest = text.strip().partition(":")
        if not (seq.isascii() and seq.isdigit() and len(digest) == len(BEGINNING)):
            raise ValueError("a head of the log is written SEQ:DIGEST, as `anlan audit verify` prints it")
        return cls(int(seq), digest)


def record(
    conn: sa.Connection,
    action: Action,
    *,
    case: str | None = None,
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Put one event into the log; see `record_all`."""
    record_all(conn, [Event(action, case, subject, detail or {})])


def record_all(conn: sa.Connection, events: Sequence[Event]) -> None:
    """Put events into the log, in order, in the transaction that does what they tell of.

    Parameters
    ----------
    conn
        In a transaction that may write. Do this last in it: on PostgreSQL nobody else can add to the log
        until the transaction ends, and whoever took another lock after this one might deadlock.
    """
    if not events:
        return
    if conn.dialect.name == "postgresql":
        # One after the other, or two would follow the same row. SQLite has one writer anyway.
        conn.execute(_ALONE)
    last, who, now = head(conn), actor(), now_micros()
    rows: list[dict[str, Any]] = []
    for seq, event in enumerate(events, last.seq + 1):
        row: dict[str, Any] = {
            "seq": seq,
            "at": now,
            "actor": who.name,
            "scope": who.scope,
            "action": event.action,
            "case_id": event.case,
            "subject": event.subject,
            "detail": json.dumps(dict(event.detail), ensure_ascii=False, sort_keys=True),
            "previous": rows[-1]["digest"] if rows else last.digest,
        }
        rows.append(row | {"digest": digest_of(row)})
    for first in range(0, len(rows), _PART):
        conn.execute(_INSERT, rows[first : first + _PART])


def head(conn: sa.Connection) -> Head:
    """The last row; `0` and `BEGINNING` of a log that has none."""
    row = conn.execute(_HEAD).first()
    return Head(0, BEGINNING) if row is None else Head(int(row[0]), str(row[1]))


_COVERED: Final = tuple(column.name for column in AUDIT_LOG.columns if column.name != "digest")


def digest_of(row: Mapping[str, Any]) -> str:
    """HMAC-SHA256 (hex) over all that a row says, the digest before it included."""
    said = json.dumps([row[name] for name in _COVERED], ensure_ascii=False, separators=(",", ":"))
    return keyed_digest("audit", said.encode())
