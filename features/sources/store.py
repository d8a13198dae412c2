"""One case: the record store's own SQL, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, TextClause, bindparam, text

from ..portable import LOOKUP, transpile
from .base import Narrowing

CHUNK: Final = 1_000
"""Values bound in one statement; both drivers take many more, but plans get no better."""


@cache
def _statement(sql: str, engine: str, columns: tuple[str, ...], happened: str) -> TextClause:
    """The statement, its text built once per process: transpiling takes longer than running it."""
    conditions = [f"{column} IN :names{place}" for place, column in enumerate(columns)]
    if happened:
        conditions.append(f"{happened} > :after")
    narrowed = transpile(sql, engine).replace(LOOKUP, " AND ".join(conditions))
    return text(narrowed).bindparams(
        *(bindparam(f"names{place}", expanding=True) for place in range(len(columns)))
    )


def _padded(values: Sequence[str]) -> list[str]:
    """The values, the last repeated up to a power of two, so that few statement texts exist to prepare."""
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *([values[-1]] * (size - len(values)))]


def _chunks(values: tuple[Sequence[str], ...]) -> Iterator[dict[str, list[str]]]:
    """Bound values of each statement: the first column's by chunks, the others' whole."""
    first, *others = values
    rest = {f"names{place}": _padded(more) for place, more in enumerate(others, start=1)}
    for start in range(0, len(first), CHUNK):
        yield {"names0": _padded(first[start : start + CHUNK]), **rest}


class StoreSource:
    """Reads from an open connection only the rows that some keys need.

    Parameters
    ----------
    connection
        On SQLite or PostgreSQL. All is read within its transaction: open one that sees a single snapshot
        (`docket.store.Store.snapshot`), or two reads may see two states.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._engine = connection.dialect.name

    def fetch(self, sql: str, fields: pa.Schema, narrowing: Narrowing) -> pa.Table:
        """See `features.sources.base.Source`; one round trip per `CHUNK` keys."""
        columns, values = narrowing.columns, narrowing.values
        if any(len(more) == 0 for more in values):
            return fields.empty_table()
        if any(len(more) > CHUNK for more in values[1:]):
            columns, values = columns[:1], values[:1]
        happened = narrowing.happened if narrowing.after is not None else ""
        statement = _statement(sql, self._engine, columns, happened)
        extra: dict[str, Any] = {"after": narrowing.after} if happened else {}
        rows: list[Any] = []
        for bound in _chunks(values):
            rows.extend(self._connection.execute(statement, {**bound, **extra}).all())
        if not rows:
            return fields.empty_table()
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(zip(*rows, strict=True), fields, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=fields)
