"""What stays of a watch in the store, for those who only show it: figures alone, of no case and no person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from docket.store.judging import WATCH_RESULTS

NAMES: Final = (
    "volume", "harm", "features", "missing", "joint", "cues", "text", "scores", "calibration",
)  # fmt: skip
"""What is looked at: `models.watch.checks.FAMILIES`, and calibration."""
FOLLOWED: Final = ("all", "visited", "not visited")
"""Of whose cases it is told what has become of them (`models.watch.matured`)."""


def keep(conn: sa.Connection, at: int, told: Mapping[str, Any]) -> None:
    """Keep a result.

    Parameters
    ----------
    at
        µs; nothing recorded at or after it was looked at.
    told
        `models.watch.result.Watched.kept`.
    """
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    alarms = sum(check["alarm"] for check in told["checks"])
    conn.execute(sa.insert(WATCH_RESULTS).values(at=at, alarms=alarms, result=text))


def latest(conn: sa.Connection) -> tuple[int, dict[str, Any]] | None:
    """The moment of the last watch, µs, and what stayed of it; None if there was none."""
    w = WATCH_RESULTS.c
    row = conn.execute(sa.select(w.at, w.result).order_by(w.at.desc(), w.watch_no.desc()).limit(1)).first()
    if row is None:
        return None
    found: dict[str, Any] = json.loads(row[1])
    return int(row[0]), found
