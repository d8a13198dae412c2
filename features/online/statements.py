"""Prepared SELECTs on a store's own driver, several in one round trip where the database can.

SQLAlchemy holds the connection and the transaction; the SELECTs go to the driver below it, which keeps them
prepared. On PostgreSQL those of one call travel together (pipeline mode); SQLite has no trip to make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from ..portable import LOOKUP, transpile
from ..sources.base import Narrowing

Rows: TypeAlias = list[tuple[Any, ...]]
"""As the driver gives them."""

_SETTINGS: Final = ("plan_cache_mode = force_generic_plan", "jit = off")
"""For the transaction, on PostgreSQL: to plan these views for every case takes longer than to run them."""


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT, in DuckDB's dialect with `LOOKUP` in it, and which of its rows are wanted.

    Where the keys in `narrowing` are few, as those of one case are, all of them are bound in one statement.
    """

    sql: str
    narrowing: Narrowing


@dataclass(frozen=True, slots=True)
class Native:
    """A statement in a database's own words, with its bound values."""

    sql: str
    values: tuple[Any, ...] = ()


@cache
def _sqlite(sql: str, columns: tuple[str, ...], sizes: tuple[int, ...], happened: str) -> str:
    """The text for so many values a column."""
    first, conditions = 1, []
    for column, size in zip(columns, sizes, strict=True):
        marks = ", ".join(f"?{first + place}" for place in range(size))
        conditions.append(f"{column} IN ({marks})")
        first += size
    if happened:
        conditions.append(f"{happened} > ?{first}")
    return transpile(sql, "sqlite").replace(LOOKUP, " AND ".join(conditions))


@cache
def _postgresql(sql: str, columns: tuple[str, ...], happened: str) -> str:
    """The text, whatever the number of values: an array is one value."""
    conditions = [f"{column} = ANY(%(names{place})s)" for place, column in enumerate(columns)]
    if happened:
        conditions.append(f"{happened} > %(after)s")
    return transpile(sql, "postgresql").replace("%", "%%").replace(LOOKUP, " AND ".join(conditions))


def _padded(values: Sequence[str]) -> list[str]:
    """The values, the last repeated up to a power of two, so that few texts exist to prepare."""
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *([values[-1]] * (size - len(values)))]


class Reader:
    """Runs SELECTs within a connection's transaction.

    Parameters
    ----------
    connection
        On SQLite or PostgreSQL, its transaction one that sees a single snapshot
        (`docket.store.Store.snapshot`).
    """

    def __init__(self, connection: sa.Connection) -> None:
        if not connection.in_transaction():
            connection.begin()  # SQLAlchemy begins at its own first statement, of which there may be none
        self.engine = connection.dialect.name
        self._settled = self.engine != "postgresql"
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection

    def read(self, selects: Sequence[Select | Native]) -> list[Rows]:
        """The rows of each, in any order within one.

        Raises
        ------
        sqlalchemy.exc.DBAPIError
            If the database fails.
        """
        wanted = [self._bound(select) for select in selects]
        error: type[Exception] = self._connection.dialect.dbapi.Error  # type: ignore[union-attr]
        try:
            if self.engine == "sqlite":
                return [[] if one is None else self._driver.execute(*one).fetchall() for one in wanted]
            return self._piped(wanted)
        except error as failed:
            raise sa.exc.DBAPIError.instance(
                "features of one case", None, failed, error, dialect=self._connection.dialect
            ) from failed

    def _piped(self, wanted: Sequence[tuple[str, Any] | None]) -> list[Rows]:
        cursors = [None if one is None else self._driver.cursor() for one in wanted]
        with self._driver.pipeline():
            if not self._settled:
                for setting in _SETTINGS:
                    self._driver.execute(f"SET LOCAL {setting}")
                self._settled = True
            for cursor, one in zip(cursors, wanted, strict=True):
                if cursor is not None and one is not None:
                    cursor.execute(*one, prepare=True)
        return [[] if cursor is None else cursor.fetchall() for cursor in cursors]

    def _bound(self, select: Select | Native) -> tuple[str, Any] | None:
        """Text and values; None where no key is asked for."""
        if isinstance(select, Native):
            return select.sql, select.values
        narrowing = select.narrowing
        if any(len(values) == 0 for values in narrowing.values):
            return None
        happened = narrowing.happened if narrowing.after is not None else ""
        if self.engine == "sqlite":
            padded = [_padded(values) for values in narrowing.values]
            sizes = tuple(len(values) for values in padded)
            text = _sqlite(select.sql, narrowing.columns, sizes, happened)
            bound = [value for values in padded for value in values]
            return text, [*bound, narrowing.after] if happened else bound
        named: dict[str, Any] = {f"names{place}": list(v) for place, v in enumerate(narrowing.values)}
        if happened:
            named["after"] = narrowing.after
        return _postgresql(select.sql, narrowing.columns, happened), named
