"""Splits by time, and by time only.

One calendar, used in the comments and tests of this package (Asia/Shanghai; reporting delay 10 days):

    origin T            2024-01-01   training sees what was recorded before it, nothing else
    observed until      2023-12-22   T less the delay: after that, no harm heard of is not no harm
    example 2023-12-01  21 days      teaches the interval 0–7; 7–30 and on are unknown
    example 2023-10-20  63 days      teaches 0–7 and 7–30; its 90-day label is unknown
    example 2023-09-23  90 days      teaches 0–7, 7–30, 30–90; its 90-day label is the last to have matured
    test quarter        2024-01-01 to 2024-03-31   disputes first recorded then
    matured at          2024-07-10   2024-04-01 plus 90 and 10 days: shorter records can't judge this T

Inside a training window the same rule is applied once more. A model that will be used from T on is
calibrated on the *validation quarter*, the latest 91 days whose 90-day labels have matured:

    validation          2023-06-24 to 2023-09-22   (ends 90 + 10 days before T)
    fitted for it       on what was recorded before 2023-06-24, labels matured by then
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from docket.times import DAY, LOCAL, from_micros, local_day, to_micros
from models.targets import DEFAULT_HORIZON

QUARTER: Final = 91 * DAY
"""Length of a validation quarter; test quarters are calendar quarters."""


class ImpossibleSplitError(ValueError):
    """The records can't carry the split that was asked for; the message says why."""


@dataclass(frozen=True)
class Origin:
    """One step of a rolling origin, times in µs.

    Attributes
    ----------
    cut
        Training sees rows recorded before it.
    test_from, test_until
        Disputes first recorded in [test_from, test_until) are tested.
    """

    cut: int
    test_from: int
    test_until: int


@dataclass(frozen=True)
class Validation:
    """The stretch of a training window that calibration and colours are fitted on: [begin, end) in µs."""

    begin: int
    end: int


def quarter_start(micros: int) -> int:
    """The start of the calendar quarter (Asia/Shanghai) that holds the instant."""
    day = local_day(micros)
    return to_micros(datetime(day.year, 3 * ((day.month - 1) // 3) + 1, 1, tzinfo=LOCAL))


def next_quarter(micros: int) -> int:
    """The start of the calendar quarter after the one that holds the instant."""
    return quarter_start(quarter_start(micros) + 100 * DAY)


def rolling_origins(
    known_from: int,
    known_until: int,
    delay: int,
    *,
    start: int | None = None,
    horizon: int = DEFAULT_HORIZON,
    least_training: int = 365 * DAY,
) -> list[Origin]:
    """The origins that the records can carry, a calendar quarter apart.

    Parameters
    ----------
    known_from, known_until
        When the first dispute was recorded, and the end of what is known (µs).
    delay
        Reporting delay in µs.
    start
        No origin before it; by default the first quarter after `least_training` of records.

    Raises
    ------
    ImpossibleSplitError
        If no quarter has both training before it and matured labels.
    """
    first = next_quarter(known_from + least_training - 1)
    if start is not None:
        first = start if start == quarter_start(start) else next_quarter(start)
        if first <= known_from:
            raise ImpossibleSplitError(
                f"no training: the origin {_day(first)} is not after the first record, {_day(known_from)}"
            )
    origins = []
    while next_quarter(first) + horizon * DAY + delay <= known_until:
        origins.append(Origin(cut=first, test_from=first, test_until=next_quarter(first)))
        first = next_quarter(first)
    if not origins:
        raise ImpossibleSplitError(
            f"no test quarter: disputes recorded from {_day(first)} to {_day(next_quarter(first))} have "
            f"{horizon}-day labels that mature on {_day(next_quarter(first) + horizon * DAY + delay)} "
            f"(reporting delay {delay / DAY:.1f} days), and the records end on {_day(known_until)}"
        )
    return origins


def validation(cut: int, known_from: int, delay: int, *, horizon: int = DEFAULT_HORIZON) -> Validation:
    """The validation quarter of a training window; see the calendar.

    Where the records before it would be shorter than the quarter itself, it shrinks to half of the
    matured time.

    Raises
    ------
    ImpossibleSplitError
        If no `horizon`-day label has matured by the cut.
    """
    end = cut - horizon * DAY - delay
    if end <= known_from:
        raise ImpossibleSplitError(
            f"no label of {horizon} days has matured by {_day(cut)}: the first dispute was recorded on "
            f"{_day(known_from)}, and the reporting delay is {delay / DAY:.1f} days"
        )
    return Validation(begin=max(end - QUARTER, known_from + (end - known_from) // 2), end=end)


def refuse_overlap(train: Iterable[str], test: Iterable[str]) -> None:
    """Refuse a dispute in both train and test; the same person in both is normal.

    Raises
    ------
    ImpossibleSplitError
        Naming some of the disputes.
    """
    both = sorted(set(train) & set(test))
    if both:
        raise ImpossibleSplitError(f"{len(both)} disputes are in both train and test: {', '.join(both[:5])}")


def _day(micros: int) -> str:
    return from_micros(micros).astimezone(LOCAL).date().isoformat()
