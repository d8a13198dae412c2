"""What a feature is: which stream, for which entity, aggregated how, over which window, of which kinds.

A declaration holds no time logic and no SQL of its own; `features.streams` fetches contributions and
`features.fold` decides which of them are live. Adding a feature is adding one `Feature` to the catalogue.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Literal

BASE_RATE: Final = 0.02
"""What a rate of harm shrinks to where nothing above it can be read (a street): harm after intake is rare."""


class Entity(StrEnum):
    """Whose history a feature tells."""

    DISPUTE = "dispute"
    APPLICANT = "applicant"
    RESPONDENT = "respondent"
    PERSON = "person"
    """Any party, in whatever role."""
    PAIR = "pair"
    """An applicant with a respondent of the dispute; the order of the two does not matter."""
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
    DAYS = "days"
    """Microseconds to days."""


WINDOWED: Final = frozenset({Aggregate.COUNT, Aggregate.TREND, Aggregate.RATE})
_SMALLEST: Final = frozenset({Aggregate.SINCE, Aggregate.MIN})


@dataclass(frozen=True, slots=True)
class Stream:
    """A portable SELECT of contributions.

    Attributes
    ----------
    name
        Unique among streams.
    sql
        DuckDB's dialect over `known_*` relations, giving `key, dispute_id, item, known, at, until, kind,
        value` (text, text, text, three int64 microseconds, text, float64), none of them null. The bare
        word `__lookup__` stands in each WHERE where a source may narrow the rows to some keys.
    entities
        Whose keys these are.
    lookup
        The SQL expressions that make up the key, in order; two for a pair.
    happened
        The SQL expression of `at`, for narrowing by window; empty where it differs between the branches.
    others
        True where it tells of other disputes than the one being scored. Such a stream ends a contribution
        at `excluded_at` (disputes with an authority count for nobody), and its features must be `not_own`,
        or the exclusion would show.
    """

    name: str
    sql: str
    entities: frozenset[Entity]
    lookup: tuple[str, ...]
    happened: str
    others: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """One call of the fold: what several features may share."""

    stream: str
    entity: Entity
    aggregate: Aggregate
    within: int | None = None
    where: frozenset[str] | None = None
    half_life: float | None = None
    not_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One declared column.

    Attributes
    ----------
    name
        The column's name.
    stream, entity, aggregate
        Which contributions, whose, and how they are put together.
    unit
        Of the value, for people.
    missing
        What NaN means.
    why
        One line: why it should matter, with its source where the literature has one.
    within
        Days on `at`; None is ever.
    where
        Kinds kept; None is all.
    not_own
        Leave the dispute being scored out.
    half_life
        Days, for `DECAYED`.
    long
        Days of the long window, for `TREND`.
    base
        Kinds of the denominator, for `RATE`.
    parent
        The entity whose rate a `RATE` shrinks to; None for `BASE_RATE`.
    parent_stream
        The stream of `parent`.
    strength
        How many items the prior of a `RATE` weighs.
    transform
        Done to the value before it becomes the column.
    monotone
        +1 where a higher value must never lower the risk, -1 where it must never raise it, else 0.
    phrase
        Chinese, shown as a reason; `{n}` the value, `{within}` the window, `{label}` the category. None:
        never shown as one.
    labels
        Chinese names of the codes of a categorical feature, in order.
    show
        'all' staff, or the 'centre' only (what tells of a person's registry entries or orders).
    categorical
        The value is a code.
    """

    name: str
    stream: str
    entity: Entity
    aggregate: Aggregate
    unit: str
    missing: str
    why: str
    within: int | None = None
    where: frozenset[str] | None = None
    not_own: bool = False
    half_life: float | None = None
    long: int | None = None
    base: frozenset[str] | None = None
    parent: Entity | None = None
    parent_stream: str | None = None
    strength: float = 20.0
    transform: Transform = Transform.NONE
    monotone: Literal[-1, 0, 1] = 0
    phrase: str | None = None
    labels: tuple[str, ...] = ()
    show: Literal["all", "centre"] = "all"
    categorical: bool = False

    def __post_init__(self) -> None:
        """Refuse a declaration that would mean nothing."""
        wants = {
            "half_life": (self.half_life, self.aggregate is Aggregate.DECAYED),
            "long": (self.long, self.aggregate is Aggregate.TREND),
            "base": (self.base, self.aggregate is Aggregate.RATE),
        }
        for field, (value, wanted) in wants.items():
            if (value is not None) != wanted:
                raise ValueError(f"feature {self.name}: {field} does not go with {self.aggregate}")
        if (self.parent is None) != (self.parent_stream is None):
            raise ValueError(f"feature {self.name}: parent and parent_stream go together")
        if self.within is not None and (self.aggregate is Aggregate.DECAYED or self.within <= 0):
            raise ValueError(f"feature {self.name}: a decayed sum has no window, and a window is positive")
        if self.aggregate in {Aggregate.TREND, Aggregate.RATE} and self.within is None:
            raise ValueError(f"feature {self.name}: a {self.aggregate} needs a window")
        if self.categorical != bool(self.labels):
            raise ValueError(f"feature {self.name}: a categorical feature has labels, and only it")
        if not (self.unit and self.missing and self.why):
            raise ValueError(f"feature {self.name}: unit, missing and why must be stated")

    @property
    def combine(self) -> Literal["max", "min"]:
        """Which value stands where several persons hold the role: the most worrying one."""
        return "min" if self.aggregate in _SMALLEST else "max"

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The calls of the fold whose values make this feature, the feature's own first."""
        plain = Measure(
            self.stream, self.entity, self.aggregate, self.within, self.where, self.half_life, self.not_own
        )
        if self.aggregate is Aggregate.TREND:
            return tuple(
                Measure(self.stream, self.entity, Aggregate.COUNT, days, self.where, not_own=self.not_own)
                for days in (self.within, self.long)
            )
        if self.aggregate is Aggregate.RATE:
            levels = [(self.stream, self.entity)]
            if self.parent is not None and self.parent_stream is not None:
                levels.append((self.parent_stream, self.parent))
            return tuple(
                Measure(stream, entity, Aggregate.COUNT, self.within, kinds, not_own=self.not_own)
                for stream, entity in levels
                for kinds in (self.where, self.base)
            )
        return (plain,)

    def describe(self, value: float) -> str | None:
        """The reason this value gives, in plain Chinese.

        Parameters
        ----------
        value
            The column's value.

        Returns
        -------
        str or None
            None where there is nothing to say: no phrase, a missing value, none of what is counted, or less
            than a whole day or yuan of it.
        """
        if self.phrase is None or math.isnan(value):
            return None
        if self.transform is Transform.LOG1P:
            value = math.expm1(value)
        label = ""
        if self.categorical:
            code = int(value)
            if not 0 <= code < len(self.labels) or not self.labels[code]:
                return None
            label = self.labels[code]
        elif self.aggregate is not Aggregate.SINCE and value < (1 if self._floored else 1e-9):
            return None
        return self.phrase.format(n=_number(value, self), within=self.within, label=label)

    @property
    def theme(self) -> tuple[object, ...]:
        """What it counts, whatever the window: of several with one theme, one is enough to tell people."""
        return (self.stream, self.entity, self.aggregate, self.where, self.not_own)

    @property
    def _floored(self) -> bool:
        """Whether people are told whole days or yuan of it."""
        return self.aggregate in _DATED or self.transform is not Transform.NONE

    def as_dict(self) -> dict[str, Any]:
        """Everything declared, in plain JSON types, in a fixed order."""
        stated = asdict(self)
        for field in ("where", "base"):
            if stated[field] is not None:
                stated[field] = sorted(stated[field])
        return stated


_DATED: Final = frozenset({Aggregate.SINCE, Aggregate.DURATION})


def _number(value: float, feature: Feature) -> str:
    if feature.aggregate is Aggregate.RATE:
        return f"{value:.1%}"
    if feature._floored:
        return str(math.floor(value + 1e-9)) if value >= 1 else "不到1"
    return str(int(value)) if value == int(value) else f"{value:.1f}"
