"""Which days are compared with which, and what chance alone would make of that.

Every check asks one question: do the last days look as if they had been drawn from all the days looked at?
So its statistic is a function of a *set of days*, and what it would be by chance is what other sets of as
many days give. Days are drawn and not cases, since what comes in on one day isn't independent; and where four
weeks or more are compared, whole weeks, since what comes in on one day isn't independent of the day before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.times import DAY, LOCAL, from_micros, to_micros

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SPANS: Final = (7, 28)
"""Days that are compared with those before: a week finds what is sudden, four weeks what is slight."""
REFERENCE: Final = 182
"""Days before, at most."""
WEEK: Final = 7
IN_WEEKS: Final = 28
"""Spans of so many days or more are drawn by whole weeks."""
LEAST_REFERENCE: Final = 70
"""Days before that there must be at least: with fewer weeks no four of them are rare enough for an alarm."""
DRAWS: Final = 1_999


def midnight(micros: int) -> int:
    """The start of the day (Asia/Shanghai) that holds the instant."""
    moment = from_micros(micros).astimezone(LOCAL)
    return to_micros(moment.replace(hour=0, minute=0, second=0, microsecond=0))


@dataclass(frozen=True)
class Span:
    """The last days, and those before.

    Attributes
    ----------
    end
        µs; a midnight, not itself part of it.
    days
        How many are compared.
    reference
        With how many before.
    """

    end: int
    days: int
    reference: int = REFERENCE

    @property
    def begin(self) -> int:
        """When the days that are compared begin, µs."""
        return self.end - self.days * DAY

    @property
    def reference_begin(self) -> int:
        """When the days before begin, µs."""
        return self.begin - self.reference * DAY

    @property
    def total(self) -> int:
        """All days."""
        return self.days + self.reference

    def day_of(self, moments: Ints) -> Ints:
        """The number of each moment's day; 0 is the first of the days before, [0, total) are in it."""
        return np.asarray((np.asarray(moments, np.int64) - self.reference_begin) // DAY, np.int64)

    def draws(self, draws: int = DRAWS, seed: int = 0) -> Array:
        """Which days are chosen, 1 or 0, shape (draws + 1, total): first the last days, then by chance."""
        rng = np.random.default_rng([seed, self.end // DAY, self.days])
        length = WEEK if self.days >= IN_WEEKS else 1
        parts = self.total // length
        drawn = np.zeros((draws, parts))
        order = np.argsort(rng.random((draws, parts)), axis=1)[:, : self.days // length]
        np.put_along_axis(drawn, order, 1.0, axis=1)
        chosen = np.zeros((draws + 1, self.total))
        chosen[0, self.reference :] = 1
        # weeks are counted back from the end; what is left over at the beginning is never drawn
        chosen[1:, self.total - parts * length :] = np.repeat(drawn, length, axis=1)
        return chosen

    def folds(self, count: int) -> Ints:
        """Which fold each day is in, by lot, shape (total,).

        Not by the calendar: the last days would then be spread over the folds more evenly than other sets of
        days are, and look farther apart for that alone.
        """
        rng = np.random.default_rng([1, self.end // DAY, self.days])
        return np.asarray(rng.permutation(self.total) % count, np.int64)


def beyond_chance(statistics: Array) -> tuple[float, Array]:
    """How seldom chance gives as much, over all columns together, and for each column among all of them.

    Parameters
    ----------
    statistics
        Shape (draws + 1, columns), the larger the farther apart, the first row the one observed.

    Returns
    -------
    p, columns
        Of the largest column; of each, corrected for there being so many (the maximum over columns of what
        each is beyond its own mean, in its own deviations; valid however the columns hang together).

    References
    ----------
    Westfall, P. H. and Young, S. S. (1993), Resampling-based multiple testing, Wiley.
    """
    root = np.cbrt(statistics)  # nearly normal where the statistic is like a chi square
    spread = root.std(axis=0)
    moving = spread > 1e-9
    if not moving.any():
        return 1.0, np.ones(statistics.shape[1])
    scaled = (root[:, moving] - root[:, moving].mean(axis=0)) / spread[moving]
    largest = scaled.max(axis=1)
    columns = np.ones(statistics.shape[1])
    columns[moving] = (largest[:, None] >= scaled[0][None, :] - 1e-9).mean(axis=0)
    return float((largest >= largest[0] - 1e-9).mean()), columns
