"""What the calendar of the district says of a moment: hour, weekday, month, public holiday.

All take microseconds since the epoch, NaN where there is none, and give NaN there.
"""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from typing import Final

import holidays
import numpy as np

from docket.times import DAY, HOUR

from .arrays import F64

_LOCAL_OFFSET: Final = 8 * HOUR
"""Asia/Shanghai has kept UTC+8 without daylight saving since 1991."""
_MONDAY: Final = 3
"""1970-01-01 was a Thursday."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_YEARS: Final = range(2000, 2051)
"""Of other years no day is a holiday: none has been announced, and no record is that old."""


def hours(moments: F64) -> F64:
    """Hour of day, 0-23."""
    return np.floor((moments + _LOCAL_OFFSET) / HOUR) % 24


def weekdays(moments: F64) -> F64:
    """Day of week, Monday 0."""
    return (_days(moments) + _MONDAY) % 7


def months(moments: F64) -> F64:
    """Month, January 0."""
    days = _days(moments)
    known = ~np.isnan(days)
    answer = np.full(days.shape, np.nan)
    answer[known] = days[known].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return answer


def holidays_on(moments: F64) -> F64:
    """1 on a public holiday of China, days off in lieu included, else 0."""
    days = _days(moments)
    known = ~np.isnan(days)
    answer = np.full(days.shape, np.nan)
    each, back = np.unique(days[known], return_inverse=True)
    answer[known] = np.array([_is_holiday(int(day)) for day in each], np.float64)[back]
    return answer


def _days(moments: F64) -> F64:
    """Local days since the epoch."""
    return np.floor((moments + _LOCAL_OFFSET) / DAY)


def _is_holiday(day: int) -> bool:
    when = date.fromordinal(_EPOCH + day)
    return when.year in _YEARS and when in _of_year(when.year)


@cache
def _of_year(year: int) -> frozenset[date]:
    """The holidays of a year: as announced where the package knows that, else by law and lunar calendar."""
    return frozenset(holidays.country_holidays("CN", years=year))


def calendar_digest() -> str:
    """Digest of the holidays that features can have seen: another edition of them makes other numbers."""
    told = [day.isoformat() for year in range(2015, 2036) for day in sorted(_of_year(year))]
    return hashlib.sha256(" ".join(told).encode()).hexdigest()
