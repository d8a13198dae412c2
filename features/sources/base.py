"""Where rows come from: the batch engine or a record store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, overload, runtime_checkable

import pyarrow as pa

from ..arrays import F64
from ..declarations import Measure, Stream

if TYPE_CHECKING:
    from ..expansion import Request

RELATIONS: Final = ("grids", "disputes", "parties", "events", "registry", "visits", "outcomes")
"""What `known_*` relations there are; the tables that no feature reads (persons among them) aren't shown."""


class Tables(Protocol):
    """What is asked of a `docket.snapshot.Snapshot`."""

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """Arrow tables by name, versioned ones with `superseded_at`, disputes with `excluded_at`."""


class Later(Sequence[str]):
    """Values that are listed once somebody looks at them: a source that reads whole never does.

    Parameters
    ----------
    make
        Lists them.
    """

    def __init__(self, make: Callable[[], Sequence[str]]) -> None:
        self._make = make

    @cached_property
    def _values(self) -> Sequence[str]:
        return self._make()

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return self._values[place]

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which rows of a SELECT are wanted. A source may give more: whoever asked drops them.

    Attributes
    ----------
    columns
        SQL expressions that must take one of the values.
    values
        For each of `columns`, its values.
    happened
        SQL expression of the time of happening; empty: don't narrow by it.
    after
        Rows that happened at or before it (microseconds) aren't wanted; None: don't narrow.
    """

    columns: tuple[str, ...]
    values: tuple[Sequence[str], ...]
    happened: str = ""
    after: int | None = None


class Source(Protocol):
    """What the engine asks of a source."""

    def fetch(self, sql: str, fields: pa.Schema, narrowing: Narrowing) -> pa.Table:
        """The rows of a SELECT, in any order.

        Parameters
        ----------
        sql
            DuckDB's dialect over `known_*` relations, with `features.portable.LOOKUP` in its WHERE.
        fields
            The columns and types of the answer; the SELECT names them alike.
        narrowing
            Which rows are wanted.
        """


@runtime_checkable
class Folding(Protocol):
    """A source that folds where its rows are, and gives values instead of rows."""

    def fold(
        self,
        asked: Sequence[tuple[Stream, list[Measure]]],
        request: Request,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[Measure, F64]:
        """Measures of streams: (rows of its entity's expansion,) each, as `features.measures.fold_rows`."""
