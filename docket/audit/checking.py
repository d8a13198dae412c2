"""Whether the log is whole: no row altered, taken out, moved or put in, and none cut off its end."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from docket.audit.chain import BEGINNING, Head, digest_of
from docket.store.metadata import AUDIT_LOG, FACTS

SINCE: Final = "audit_since"
"""The fact of the store that says from when on everything is in the log (µs)."""
_PART: Final = 10_000

# What the log must tell of. The end of a chain can be cut off without a trace in the chain itself; the
# assessments, keys and merges that it told of are still there.
_TOLD: Final = {
    "assessment": ("assessments", "assessment_id", "created_at", "score"),
    "key": ("api_keys", "key_id", "created_at", "create_key"),
    "merge": ("merges", "merge_id", "recorded_at", "merge"),
}


@dataclass
class Checked:
    """What was found.

    Attributes
    ----------
    head
        The last row.
    faults
        What is wrong, a line each; empty if the log is whole.
    """

    head: Head = field(default_factory=lambda: Head(0, BEGINNING))
    faults: list[str] = field(default_factory=list)


def verify(conn: sa.Connection, noted: Head | None = None) -> Checked:
    """Check every row of the log, and the log against what it must tell of.

    Parameters
    ----------
    conn
        A connection that sees one state of the store.
    noted
        A head that was noted before, outside of the store: what came up to it can't have been cut off or
        made anew.
    """
    checked = Checked()
    found = noted is None or noted.seq == 0
    for row in _rows(conn):
        seq, last = int(row["seq"]), checked.head
        if seq > last.seq + 1:
            gone = f"row {seq - 1} is" if seq == last.seq + 2 else f"rows {last.seq + 1} to {seq - 1} are"
            checked.faults.append(f"{gone} missing")
        elif row["previous"] != last.digest:
            checked.faults.append(f"row {seq} doesn't follow on row {last.seq}: one of them was exchanged")
        if not hmac.compare_digest(str(row["digest"]), digest_of(row)):
            checked.faults.append(f"row {seq} was altered or moved")
        checked.head = Head(seq, str(row["digest"]))
        if noted is not None and seq == noted.seq:
            found = True
            if checked.head != noted:
                checked.faults.append(f"row {seq} isn't the one that was noted: the log was made anew")
    if noted is not None and not found:
        checked.faults.append(
            f"the log ends at row {checked.head.seq}, and row {noted.seq} was noted: its end was cut off"
        )
    checked.faults += _untold(conn)
    return checked


def _rows(conn: sa.Connection) -> Iterator[dict[str, Any]]:
    """All rows in order, a part in memory at a time; a row numbered below 1 comes first and is told of."""
    last = None
    while True:
        query = sa.select(AUDIT_LOG).order_by(AUDIT_LOG.c.seq).limit(_PART)
        if last is not None:
            query = query.where(AUDIT_LOG.c.seq > last)
        part = conn.execute(query).mappings().all()
        yield from map(dict, part)
        if len(part) < _PART:
            return
        last = part[-1]["seq"]


def _untold(conn: sa.Connection) -> list[str]:
    since = conn.execute(sa.select(FACTS.c.value).where(FACTS.c.name == SINCE)).scalar()
    if since is None:
        return ["the store doesn't say any more since when it keeps the log"]
    faults = []
    for what, (table, key, made, action) in _TOLD.items():
        query = sa.text(
            f"SELECT COUNT(*), MIN(x.{key}) FROM {table} AS x WHERE x.{made} >= :since AND NOT EXISTS "
            f"(SELECT 1 FROM audit_log AS l WHERE l.subject = x.{key} AND l.action = '{action}')"
        )
        count, first = conn.execute(query, {"since": int(since)}).one()
        if count:
            faults.append(
                f"the log doesn't tell of {count} {what}{'s' if count > 1 else ''}, such as {first}"
            )
    return faults
