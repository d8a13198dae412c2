"""Periods of reports: days, weeks from Monday, months and years of the district's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

from docket.times import parse_instant

Kind = Literal["day", "week", "month", "year"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
BEFORE: Final[dict[Kind, int]] = {"day": 8, "week": 8, "month": 12, "year": 3}
"""How many earlier periods a period is compared with: of days, those of the same weekday."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period.

    Attributes
    ----------
    kind
        Of which length.
    begin, end
        Its first day, and the first day after it.
    """

    kind: Kind
    begin: date
    end: date

    @classmethod
    def of(cls, kind: Kind, day: date) -> Period:
        """The period that a day lies in."""
        if kind == "day":
            return cls(kind, day, day + timedelta(days=1))
        if kind == "week":
            monday = day - timedelta(days=day.weekday())
            return cls(kind, monday, monday + timedelta(days=7))
        if kind == "month":
            begin = day.replace(day=1)
            return cls(kind, begin, (begin + timedelta(days=32)).replace(day=1))
        return cls(kind, date(day.year, 1, 1), date(day.year + 1, 1, 1))

    @property
    def days(self) -> int:
        """How many."""
        return (self.end - self.begin).days

    @property
    def micros(self) -> tuple[int, int]:
        """Its begin and end in microseconds."""
        return parse_instant(self.begin.isoformat()), parse_instant(self.end.isoformat())

    def before(self) -> Period:
        """The period just before."""
        return Period.of(self.kind, self.begin - timedelta(days=1))

    def after(self) -> Period:
        """The period just after."""
        return Period.of(self.kind, self.end)

    def baseline(self) -> list[Period]:
        """The earlier periods that it is compared with, the latest first."""
        if self.kind == "day":  # a Monday is no Sunday
            days = [self.begin - timedelta(days=7 * n) for n in range(1, BEFORE["day"] + 1)]
            return [Period.of("day", day) for day in days]
        found = [self.before()]
        while len(found) < BEFORE[self.kind]:
            found.append(found[-1].before())
        return found
