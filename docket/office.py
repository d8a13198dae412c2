"""Office hours: the time in which a community, a street or the district can be expected to read what it is
sent.

Working days are those of China as announced (package `holidays`): weekends and public holidays off, days off
in lieu included, and weekend days that are worked for them (调休).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays
from holidays import HolidayBase

from docket.times import DAY, local_day, parse_instant

_LONGEST: Final = 60
"""Days within which any wait must end: no holiday is nearly as long."""


@dataclass(frozen=True, slots=True)
class Office:
    """When offices are open on a working day.

    Attributes
    ----------
    opens, closes
        Microseconds into the local day.
    """

    opens: int
    closes: int

    def __post_init__(self) -> None:
        """Refuse hours that are none.

        Raises
        ------
        ValueError
            If they end before they begin, or lie outside of a day.
        """
        if not 0 <= self.opens < self.closes <= DAY:
            raise ValueError("office hours must end after they begin, on the same day")

    def after(self, moment: int, wait: int) -> int:
        """The moment (µs) at which so much office time has passed since `moment`; offices are open then."""
        day = local_day(moment)
        for _ in range(_LONGEST + wait // (self.closes - self.opens)):
            midnight = parse_instant(day.isoformat())
            begin, end = max(moment, midnight + self.opens), midnight + self.closes
            if is_working_day(day) and begin < end:
                if wait < end - begin:
                    return begin + wait
                wait -= end - begin
            day += timedelta(days=1)
        raise ValueError("no working day within two months")


def is_working_day(day: date) -> bool:
    """Whether offices are open on a day."""
    return _of_year(day.year).is_working_day(day)


@cache
def _of_year(year: int) -> HolidayBase:
    """As announced where the package knows that, else by law and lunar calendar."""
    return holidays.country_holidays("CN", years=year)
