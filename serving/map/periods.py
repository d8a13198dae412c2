"""Calendar periods of one length: of two lengths, one could be subtracted from the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from docket.times import local_day, parse_instant

Length = Literal["month", "quarter", "year"]
MONTHS: Final[dict[Length, int]] = {"month": 1, "quarter": 3, "year": 12}
_YEAR: Final = 12


@dataclass(frozen=True, order=True)
class Period:
    """A calendar month, quarter or year in Asia/Shanghai; `number` counts them from the year 0."""

    number: int
    months: int

    @property
    def name(self) -> str:
        """`2026-03`, `2026-Q1` or `2026`."""
        year, place = divmod(self.number * self.months, _YEAR)
        if self.months == _YEAR:
            return f"{year}"
        return f"{year}-{place + 1:02}" if self.months == 1 else f"{year}-Q{place // self.months + 1}"

    @property
    def since(self) -> int:
        """When it begins (µs)."""
        year, place = divmod(self.number * self.months, _YEAR)
        return parse_instant(date(year, place + 1, 1).isoformat())

    @property
    def until(self) -> int:
        """When it ends (µs), exclusive."""
        return self.next(1).since

    def next(self, steps: int) -> Period:
        """The period so many later; earlier if below zero."""
        return Period(self.number + steps, self.months)


def finished(length: Length, now: int, most: int) -> list[Period]:
    """The last periods that are over, the latest last: one that runs would tell each day's cases."""
    today = local_day(now)
    months = MONTHS[length]
    running = Period((today.year * _YEAR + today.month - 1) // months, months)
    return [running.next(step) for step in range(-most, 0)]
