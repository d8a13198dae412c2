"""How often people change what is recommended, and how long they look first (automation bias).

It is told by recommended colour and for all who decide in an area together, never by person.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from docket.keys import Key
from docket.times import DAY, SECOND, now_micros, rfc3339
from models.policy import COLOURS, exact_interval
from serving.audit.service import viewed
from serving.practice import repository
from serving.queue.board import URGENCY
from serving.state import State

QUICK: Final = 10 * SECOND


def practice(state: State, key: Key, days: int) -> dict[str, Any]:
    """What was decided in the last days, as far as the key's area reaches."""
    now = now_micros()
    since = now - days * DAY
    with state.store.snapshot() as conn:
        rows = repository.decisions(
            conn, areas=[] if key.area is None else [key.area], since=since, until=now
        )
    viewed(state, (), "practice")
    by_colour = [
        {"recommended": colour, **_told(mine)}
        for colour in reversed(COLOURS)
        if (mine := [row for row in rows if row["recommended"] == colour])
    ]
    return {
        "since": rfc3339(since),
        "until": rfc3339(now),
        "all": _told(rows) if rows else None,
        "by_colour": by_colour,
    }


def _told(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    unchanged = sum(row["colour"] == row["recommended"] for row in rows)
    raised = sum(URGENCY[row["colour"]] < URGENCY[row["recommended"]] for row in rows)
    low, high = exact_interval(unchanged, len(rows))
    looked = [row["made_at"] - row["opened_at"] for row in rows if row["opened_at"] is not None]
    return {
        "decisions": len(rows),
        "unchanged": unchanged,
        "raised": raised,
        "lowered": len(rows) - unchanged - raised,
        "share": unchanged / len(rows),
        "low": low,
        "high": high,
        "timed": len(looked),
        "seconds": median(looked) / SECOND if looked else None,
        "quick": sum(one < QUICK for one in looked),
    }
