"""The words that declarations are made of."""

from __future__ import annotations

from enum import StrEnum


class Entity(StrEnum):
    """Whose history a feature tells."""

    DISPUTE = "dispute"
    APPLICANT = "applicant"
    RESPONDENT = "respondent"
    PERSON = "person"
    """Any party, in whatever role."""
    PAIR = "pair"
    """An applicant with a respondent of the dispute; the order of the two does not matter."""
    RELATIVE = "relative"
    """Family of a party, as another dispute tells, and no party of this one."""
    CONTACT = "contact"
    """Who shares another dispute, not one within the family, with a party, and is no party of this one."""
    GRID = "grid"
    COMMUNITY = "community"
    STREET = "street"


class Aggregate(StrEnum):
    """How the live contributions of a key become one number."""

    COUNT = "count"
    """Distinct items; an item that also occurs in the dispute being scored still counts elsewhere."""
    SUM = "sum"
    DECAYED = "decayed"
    """Sum of value * 2 ** (-(t - at) / half_life)."""
    SINCE = "since"
    """Days from the latest `at` to t."""
    DURATION = "duration"
    """Days from the earliest `at` to t."""
    LAST = "last"
    """Value at the latest (at, known)."""
    FIRST = "first"
    """Value of what was known first."""
    MAX = "max"
    MIN = "min"
    RATE = "rate"
    """Items of `where` over items of `base`, shrunk towards the rate of the entity `parent`."""
    PAIRS = "pairs"
    """Ordered pairs of items in the same grid of a street: what a `RATE` learns its strength from."""
    TREND = "trend"
    """Items within `within` days over those within `long`, per day, 1 = steady."""


class Transform(StrEnum):
    """What is done to an aggregated value before it becomes the column."""

    NONE = "none"
    LOG1P = "log1p"
    HOUR = "hour"
    """Microseconds since the epoch to hour of day (0-23) in Asia/Shanghai."""
    WEEKDAY = "weekday"
    """Microseconds since the epoch to day of week (Monday 0) in Asia/Shanghai."""
    MONTH = "month"
    """Microseconds since the epoch to month (January 0) in Asia/Shanghai."""
    HOLIDAY = "holiday"
    """Microseconds since the epoch to 1 on a public holiday of China, days off in lieu included, else 0."""
    DAYS = "days"
    """Microseconds to days."""
