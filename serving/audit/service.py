"""Reading the log, and putting into it who saw what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from docket import audit
from docket.keys import Key
from docket.times import rfc3339
from serving.audit import repository
from serving.errors import FieldError, Invalid
from serving.state import State


def viewed(state: State, cases: Iterable[str], *subjects: str | None) -> None:
    """Log that the caller is about to see cases; nobody sees what can't be logged.

    Parameters
    ----------
    cases
        Each once; if there is none, that it was looked for is logged.
    subjects
        What shows them, None being the case itself; left out: that.
    """
    named: list[str | None] = [*dict.fromkeys(cases)]
    with state.store.begin() as conn:
        audit.record_all(
            conn,
            [
                audit.Event("view", case, subject)
                for subject in subjects or (None,)
                for case in named or (None,)
            ],
        )


def page(
    state: State,
    key: Key,
    *,
    cursor: str | None,
    limit: int,
    same: Mapping[str, str | None],
    since: int | None,
    until: int | None,
) -> dict[str, Any]:
    """Part of the log, as far as the key's area reaches: beyond the district's keys, rows about its cases.

    Raises
    ------
    Invalid
        If the cursor isn't one that was given.
    """
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _DIGITS):
        raise Invalid([FieldError(field="cursor", reason="not one that was given")])
    viewed(state, (), "audit")
    with state.store.snapshot() as conn:
        rows = repository.entries(
            conn,
            after=0 if cursor is None else int(cursor),
            limit=limit + 1,
            area=key.area,
            same={name: value for name, value in same.items() if value is not None},
            since=since,
            until=until,
        )
    shown = rows[:limit]
    return {
        "entries": [_entry(row) for row in shown],
        "next": str(shown[-1]["seq"]) if len(rows) > limit else None,
    }


_DIGITS = 18


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "at": rfc3339(row["at"]),
        "actor": row["actor"],
        "scope": row["scope"],
        "action": row["action"],
        "case": row["case_id"],
        "subject": row["subject"],
        "detail": json.loads(row["detail"]),
        "digest": row["digest"],
    }
