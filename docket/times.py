"""Instants: inside the system every time is an int64 count of microseconds since 1970-01-01 UTC.

Integers compare and subtract alike on DuckDB, SQLite, PostgreSQL and numba; no driver's idea of a time
zone can come between them. Conversions to and from datetimes happen at the edges, with these functions.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LOCAL: Final = ZoneInfo("Asia/Shanghai")
"""The zone of every time that a file gives without one."""

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch; a naive `moment` is read as Asia/Shanghai."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LOCAL)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def rfc3339(micros: int) -> str:
    """The instant as RFC 3339 in Asia/Shanghai, as people in the district read it."""
    return from_micros(micros).astimezone(LOCAL).isoformat()


def parse_instant(text: str) -> int:
    """Microseconds of a date (that day's 00:00, Asia/Shanghai) or an ISO 8601 / RFC 3339 instant.

    Raises
    ------
    ValueError
        If `text` is neither.
    """
    text = text.strip()
    if len(text) == 10:
        return to_micros(datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=LOCAL))
    return to_micros(datetime.fromisoformat(text))


def local_day(micros: int) -> date:
    """The calendar day in Asia/Shanghai."""
    return from_micros(micros).astimezone(LOCAL).date()


def now_micros() -> int:
    """The present instant. Only `serving`, `pipelines` and the store's own clocks call this."""
    return to_micros(datetime.now(UTC))
