"""The record contract, once: every table and column, from which schemas, stores and docs are derived.

The pandera schemas (`docket.contract.schemas`), the SQL tables (`docket.store.metadata`) and the reader all
follow these descriptions; nothing else says what a column is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from docket import faults
from docket.contract import enumerations as enum


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    """An identifier, a name, or one of an enumeration."""
    NARRATIVE = "narrative"
    """What somebody wrote or said: prepared for reading, its original encrypted apart."""
    TIME = "time"
    """An instant: microseconds since the epoch."""
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name, kind
        What it is called and what it holds.
    nullable
        Whether a row may leave it empty; a nullable column may be missing from a file altogether.
    values
        The enumeration, where it has one.
    refers
        The table whose single-column key it names.
    low, high
        Inclusive limits of a number.
    outside
        The fault of a number outside the limits.
    note
        What it means, for the docs.
    """

    name: str
    kind: Kind = Kind.TEXT
    nullable: bool = False
    values: tuple[str, ...] | None = None
    refers: str | None = None
    low: float | None = None
    high: float | None = None
    outside: str = faults.OUT_OF_RANGE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the contract.

    Parameters
    ----------
    name, columns
        The table and its columns in contract order.
    key
        The columns that tell one row from another.
    title
        What one row is.
    happened
        The column that says when it happened, which `recorded_at` can't precede.
    optional
        Whether a folder may leave the table out.
    sealed
        Whether rows stand only encrypted in a store, and in no snapshot.
    retires
        Whether a row that a later file leaves out stops counting. Only where the table can't be corrected
        otherwise: a worker who is gone is left out, while a place never ceases to be named by old records.
    asked
        Further columns that a file may have: they are checked, and kept nowhere.
    """

    name: str
    title: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    happened: str | None = None
    optional: bool = False
    sealed: bool = False
    retires: bool = False
    asked: tuple[Column, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in contract order."""
        return tuple(column.name for column in self.columns)

    @property
    def in_file(self) -> tuple[str, ...]:
        """The columns that are read of a file: the contract's, and those that are only asked."""
        return (*self.names, *(column.name for column in self.asked))

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns of a row that is there: all but `withdrawn`, which says that it isn't."""
        return tuple(name for name in self.names if name != WITHDRAWN)

    @property
    def versioned(self) -> bool:
        """Whether rows say when they were learned, so that a correction is a further row."""
        return "recorded_at" in self.names

    @property
    def narratives(self) -> tuple[str, ...]:
        """The columns that hold narratives."""
        return tuple(column.name for column in self.columns if column.kind is Kind.NARRATIVE)

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)


def _id(name: str, refers: str | None = None) -> Column:
    return Column(name, refers=refers)


def _one_of(name: str, values: tuple[str, ...], *, nullable: bool = False) -> Column:
    return Column(name, values=values, nullable=nullable)


def _time(name: str, *, nullable: bool = False, note: str = "") -> Column:
    return Column(name, Kind.TIME, nullable=nullable, note=note)


def _count(name: str, *, nullable: bool = False, note: str = "") -> Column:
    return Column(
        name, Kind.INTEGER, nullable=nullable, low=0, high=2**31 - 1, outside=faults.BELOW_ZERO, note=note
    )


WITHDRAWN: Final = "withdrawn"
"""The column of a version that says: from here on there is no such row."""

GUARDIAN: Final = "guardian_informed"
"""The column of a file by which nobody under 14 enters the registry without a guardian who knows."""

_WITHDRAWN: Final = Column(
    WITHDRAWN,
    Kind.BOOLEAN,
    nullable=True,
    note="true: this version ends the one before it, and is none itself",
)
_RECORDED: Final = _time("recorded_at", note="when the district learned of the row")
_GRID: Final = _id("grid_id", "grids")
_PERSON: Final = _id("person_id", "persons")
_DISPUTE: Final = _id("dispute_id", "disputes")

GRIDS: Final = Table(
    "grids",
    "a grid (网格), the smallest area",
    ("grid_id",),
    (
        _id("grid_id"),
        Column("grid_name"),
        Column("community_id"),
        Column("community_name"),
        Column("street_id"),
        Column("street_name"),
        Column("lon", Kind.NUMBER, low=-180, high=180, note="WGS-84, degrees"),
        Column("lat", Kind.NUMBER, low=-90, high=90, note="WGS-84, degrees"),
        _count("population", nullable=True, note="without it no rates are shown"),
        Column("boundary", nullable=True, note="WKT; else a Voronoi cell of the points"),
    ),
)
WORKERS: Final = Table(
    "workers",
    "a grid worker or community mediator",
    ("worker_id",),
    (
        _id("worker_id"),
        _GRID,
        _one_of("role", enum.WORKER_ROLES),
        _count("daily_visits", note="capacity, visits a day"),
        _time("absent_from", nullable=True),
        _time("absent_until", nullable=True),
    ),
    retires=True,
)
PERSONS: Final = Table(
    "persons",
    "a person who is or was a party",
    ("person_id",),
    (
        _id("person_id"),
        Column("birth_year", Kind.INTEGER, nullable=True, low=1900, note="to the year of recorded_at"),
        _one_of("sex", enum.SEXES),
        _GRID,
        _RECORDED,
    ),
)
DISPUTES: Final = Table(
    "disputes",
    "one dispute, however many reports it came in by",
    ("dispute_id",),
    (
        _id("dispute_id"),
        _time("opened_at"),
        _RECORDED,
        _one_of("source", enum.SOURCES),
        _one_of("kind", enum.DISPUTE_KINDS),
        _GRID,
        Column("text", Kind.NARRATIVE, note="the narrative, Chinese; not blank"),
        Column("amount_cny", Kind.NUMBER, nullable=True, low=0, outside=faults.BELOW_ZERO),
        _WITHDRAWN,
    ),
    happened="opened_at",
)
PARTIES: Final = Table(
    "parties",
    "a person's part in a dispute",
    ("dispute_id", "person_id", "role"),
    (
        _DISPUTE,
        _PERSON,
        _one_of("role", enum.PARTY_ROLES),
        _one_of("relation", enum.RELATIONS),
        _RECORDED,
        _WITHDRAWN,
    ),
)
EVENTS: Final = Table(
    "events",
    "something that happened in a dispute",
    ("event_id",),
    (
        _id("event_id"),
        _DISPUTE,
        _time("at"),
        _RECORDED,
        _one_of("kind", enum.EVENT_KINDS),
        Column("text", Kind.NARRATIVE, nullable=True),
        _one_of("source", enum.SOURCES, nullable=True),
        _WITHDRAWN,
    ),
    happened="at",
)
REGISTRY: Final = Table(
    "registry",
    "a person's entry in the risk-person registry (风险人员管理)",
    ("entry_id",),
    (
        _id("entry_id"),
        _PERSON,
        _DISPUTE,
        _one_of("category", enum.REGISTRY_CATEGORIES),
        _time("entered_at"),
        _RECORDED,
        _time("left_at", nullable=True),
        _time("left_recorded_at", nullable=True, note="when the leaving was learned; else left_at"),
        _WITHDRAWN,
    ),
    happened="entered_at",
    asked=(
        Column(
            GUARDIAN,
            Kind.BOOLEAN,
            nullable=True,
            note="true: a guardian knows; needed of whoever may have been under 14 when entered",
        ),
    ),
)
VISITS: Final = Table(
    "visits",
    "one visit by a worker (走访)",
    ("visit_id",),
    (
        _id("visit_id"),
        _PERSON,
        _id("worker_id", "workers"),
        _time("at"),
        _RECORDED,
        Column("contact", Kind.BOOLEAN),
        _one_of("finding", enum.FINDINGS),
        Column("text", Kind.NARRATIVE, nullable=True),
        Column("weapon_seen", Kind.BOOLEAN, nullable=True),
        Column("referred_to", nullable=True),
    ),
    happened="at",
)
OUTCOMES: Final = Table(
    "outcomes",
    "harm that came of a dispute",
    ("outcome_id",),
    (
        _id("outcome_id"),
        _DISPUTE,
        _time("at"),
        _RECORDED,
        _one_of("kind", enum.OUTCOME_KINDS),
        Column("severity", Kind.INTEGER, low=1, high=5, outside=faults.OUT_OF_1_5),
    ),
    happened="at",
)
ANNOTATIONS: Final = Table(
    "annotations",
    "a staff label on a narrative (标签)",
    ("annotation_id",),
    (
        _id("annotation_id"),
        _DISPUTE,
        Column("cue"),
        Column("present", Kind.BOOLEAN),
        _RECORDED,
        _count("start", nullable=True, note="first code point of the narrative as submitted"),
        _count("end", nullable=True, note="one past the last code point"),
    ),
    optional=True,
)
IDENTITIES: Final = Table(
    "identities",
    "who a person is; encrypted, never a feature",
    ("person_id",),
    (
        _PERSON,
        Column("name", nullable=True),
        Column("phone", nullable=True),
        Column("address", nullable=True),
        Column("visit_in_pairs", Kind.BOOLEAN, nullable=True),
    ),
    optional=True,
    sealed=True,
)

CONTRACT: Final = (
    GRIDS, WORKERS, PERSONS, DISPUTES, PARTIES, EVENTS, REGISTRY, VISITS, OUTCOMES, ANNOTATIONS, IDENTITIES,
)  # fmt: skip
"""Every table; a table comes after those that it refers to."""

BY_NAME: Final = {table.name: table for table in CONTRACT}
OPEN_TABLES: Final = tuple(table for table in CONTRACT if not table.sealed)
"""The tables that a snapshot holds."""
