"""What a feature is: which stream, for which entity, aggregated how, over which window, of which kinds.

A declaration holds no time logic and no SQL of its own; `features.streams` fetches contributions and
`features.fold` decides which of them are live. Adding a feature is adding one `Feature` to the catalogue.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from .phrasing import phrased
from .vocabulary import Aggregate, Entity, Transform

BASE_RATE: Final = 0.02
"""What a rate of harm shrinks to where nothing above it can be read (a street): harm after intake is rare."""


WINDOWED: Final = frozenset({Aggregate.COUNT, Aggregate.TREND, Aggregate.RATE})
STRENGTH: Final = 20.0
"""How many disputes a prior weighs where nothing can be learned of it."""
DATED: Final = frozenset({Aggregate.SINCE, Aggregate.DURATION})
"""Aggregates in days."""
_SMALLEST: Final = frozenset({Aggregate.SINCE, Aggregate.MIN})


def smallest_or_largest(aggregate: Aggregate) -> Literal["max", "min"]:
    """Which of several persons' values of an aggregate is the most worrying one."""
    return "min" if aggregate in _SMALLEST else "max"


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
    kind
        The SQL expression of `kind`, for narrowing by it; empty where it differs between the branches.
    dispute
        The SQL expression of `dispute_id`, for narrowing by it; empty where it isn't a column.
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
    kind: str = ""
    dispute: str = ""


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
        The entity whose rate a `RATE` shrinks to; None for `prior`.
    parent_stream
        The stream of `parent`.
    prior
        What the rate of `parent`, or else the `RATE` itself, shrinks to.
    strength
        How many items the prior of a `RATE` weighs; None: learned from how much the grids of a street
        differ.
    less
        What is subtracted: from each key's value where both are of one entity, else from the query's.
    less_absent
        What stands for `less` where it is missing; None: then the feature is missing.
    transform
        Done to the value before it becomes the column.
    limit
        The column is 1 where the value exceeds it, else 0.
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
    prior: float = BASE_RATE
    strength: float | None = STRENGTH
    less: Measure | None = None
    less_absent: float | None = None
    transform: Transform = Transform.NONE
    limit: float | None = None
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
        if self.strength is None and (self.entity, self.parent) != (Entity.GRID, Entity.STREET):
            raise ValueError(f"feature {self.name}: a strength is learned only from the grids of a street")
        if self.aggregate is Aggregate.PAIRS:
            raise ValueError(f"feature {self.name}: pairs are no feature by themselves")
        if self.less is not None and self.aggregate in {Aggregate.TREND, Aggregate.RATE}:
            raise ValueError(f"feature {self.name}: nothing can be subtracted from a {self.aggregate}")
        if self.less is None and self.less_absent is not None:
            raise ValueError(f"feature {self.name}: less_absent goes with less")
        if self.categorical != bool(self.labels):
            raise ValueError(f"feature {self.name}: a categorical feature has labels, and only it")
        if not (self.unit and self.missing and self.why):
            raise ValueError(f"feature {self.name}: unit, missing and why must be stated")

    @property
    def combine(self) -> Literal["max", "min"]:
        """Which value stands where several persons hold the role: the most worrying one."""
        return "max" if self.less is not None else smallest_or_largest(self.aggregate)

    @property
    def recency(self) -> bool:
        """Whether it is the time since something happened, so that less is more recent."""
        return self.aggregate is Aggregate.SINCE and self.less is None and self.limit is None

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
            rates = [
                Measure(stream, entity, Aggregate.COUNT, self.within, kinds, not_own=self.not_own)
                for stream, entity in levels
                for kinds in (self.where, self.base)
            ]
            if self.strength is None:
                rates += [replace(rate, aggregate=Aggregate.PAIRS) for rate in rates[2:]]
            return tuple(rates)
        return (plain,) if self.less is None else (plain, self.less)

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
        return phrased(self, value)

    def as_dict(self) -> dict[str, Any]:
        """Everything declared, in plain JSON types, in a fixed order."""
        stated = asdict(self)
        for field in ("where", "base"):
            if stated[field] is not None:
                stated[field] = sorted(stated[field])
        if self.less is not None and self.less.where is not None:
            stated["less"]["where"] = sorted(self.less.where)
        return stated


__all__ = [
    "BASE_RATE",
    "DATED",
    "STRENGTH",
    "WINDOWED",
    "Aggregate",
    "Entity",
    "Feature",
    "Measure",
    "Stream",
    "Transform",
    "smallest_or_largest",
]
