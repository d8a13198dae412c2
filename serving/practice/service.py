"""How often people change what is recommended, and how long they look first (automation bias).

It is told by recommended colour and for all who decide in an area together, never by person.
"""

from __future__ import annotations

from typing import Any

from docket.keys import Key
from docket.times import DAY, now_micros, rfc3339
from models.practice import decided, summary, told
from serving.audit.service import viewed
from serving.listing.areas import within_areas
from serving.state import State


def practice(state: State, key: Key, days: int) -> dict[str, Any]:
    """What was decided in the last days, as far as the key's area reaches."""
    now = now_micros()
    since = now - days * DAY
    more, within = within_areas([] if key.area is None else [key.area])
    with state.store.snapshot() as conn:
        rows = decided(conn, since=since, until=now, more=more, within=within)
    viewed(state, (), "practice")
    return {
        "since": rfc3339(since),
        "until": rfc3339(now),
        "all": told(rows) if rows else None,
        "by_colour": summary(rows),
    }
