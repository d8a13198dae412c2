"""From cells as written to typed values, a column at a time, saying which cells couldn't be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from docket import faults
from docket.contract import Column, Kind, Table
from docket.times import LOCAL

TYPES: Final[dict[Kind, pa.DataType]] = {
    Kind.TEXT: pa.large_string(),
    Kind.NARRATIVE: pa.large_string(),
    Kind.TIME: pa.int64(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
}
"""The Arrow type of each kind of column, here and in every snapshot."""

_TIME: Final = (
    r"^\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?([Zz]|[+-]\d{2}(:?\d{2})?))?)?$"
)
_ZONED: Final = r":\d{2}([.,]\d+)? ?([Zz]|[+-]\d{2}(:?\d{2})?)$"
_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_INTEGER: Final = r"^[+-]?\d{1,15}(\.0*)?$"
_TRUE: Final = ("true", "t", "1", "1.0", "yes")
_FALSE: Final = ("false", "f", "0", "0.0", "no")

Parsed = tuple[pa.Array, pa.Array]
"""Values with null where none can be read, and for each cell whether it holds something unreadable."""


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table's typed columns."""
    return pa.schema([(column.name, TYPES[column.kind]) for column in table.columns])


def parse(cells: pa.ChunkedArray, column: Column) -> tuple[pa.Array, pa.Array, str]:
    """Read the cells of a column.

    Parameters
    ----------
    cells
        The cells as written, large_string, shape (n,); null where empty.
    column
        What they should hold.

    Returns
    -------
    values, unreadable, reason
        Values of `TYPES[column.kind]`, shape (n,), null where none can be read; booleans, shape (n,), true
        where something stands that can't be read; the fault that such a cell is.
    """
    parser, reason = _PARSERS[column.kind]
    values, unreadable = parser(pa.chunked_array(cells.chunks, pa.large_string()).combine_chunks())
    return values, unreadable, reason


def _times(cells: pa.Array) -> Parsed:
    cells = pc.utf8_trim_whitespace(cells)
    shaped = _matches(cells, _TIME)
    clean = pc.replace_substring_regex(pc.if_else(shaped, cells, None), r"[.,](\d{1,6})\d*", r".\1")
    zoned = _matches(clean, _ZONED)
    aware = pd.to_datetime(_pandas(clean, zoned), format="ISO8601", errors="coerce", utc=True)
    naive = pd.to_datetime(_pandas(clean, pc.invert(zoned)), format="ISO8601", errors="coerce")
    # A wall clock time that came twice is the first of the two, one that never came is an hour on: so does
    # `datetime` with fold=0, by which the service reads the same texts.
    local = naive.astype("datetime64[us]").dt.tz_localize(
        LOCAL, ambiguous=np.ones(len(naive), bool), nonexistent=timedelta(hours=1)
    )
    both = aware.astype("datetime64[us, UTC]").fillna(local.dt.tz_convert("UTC"))
    values = pa.array(both.astype("int64").to_numpy(), mask=both.isna().to_numpy())
    return values, _lost(cells, values)


def _numbers(cells: pa.Array) -> Parsed:
    cells = pc.utf8_trim_whitespace(cells)
    values = pc.if_else(_matches(cells, _NUMBER), cells, None).cast(pa.float64())
    values = pc.if_else(pc.is_finite(values), values, None)
    return values, _lost(cells, values)


def _integers(cells: pa.Array) -> Parsed:
    cells = pc.utf8_trim_whitespace(cells)
    whole = pc.replace_substring_regex(pc.if_else(_matches(cells, _INTEGER), cells, None), r"\.0*$", "")
    values = pc.utf8_ltrim(whole, "+").cast(pa.int64())
    return values, _lost(cells, values)


def _booleans(cells: pa.Array) -> Parsed:
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(cells))
    true = pc.is_in(lower, pa.array(_TRUE, pa.large_string()))
    false = pc.is_in(lower, pa.array(_FALSE, pa.large_string()))
    values = pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_()))
    return values, _lost(cells, values)


def _texts(cells: pa.Array) -> Parsed:
    # PostgreSQL can't hold U+0000 in text, and no name or identifier has it.
    return cells, pc.fill_null(pc.match_substring(cells, "\x00"), False)


def _narratives(cells: pa.Array) -> Parsed:
    return cells, pa.array(np.zeros(len(cells), bool))


_PARSERS: Final[dict[Kind, tuple[Callable[[pa.Array], Parsed], str]]] = {
    Kind.TIME: (_times, faults.UNPARSABLE_TIME),
    Kind.NUMBER: (_numbers, faults.NOT_NUMBER),
    Kind.INTEGER: (_integers, faults.NOT_INTEGER),
    Kind.BOOLEAN: (_booleans, faults.NOT_BOOLEAN),
    Kind.TEXT: (_texts, faults.NOT_TEXT),
    Kind.NARRATIVE: (_narratives, faults.NOT_TEXT),
}


def _matches(cells: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(cells, pattern), False)


def _lost(cells: pa.Array, values: pa.Array) -> pa.Array:
    return pc.and_(pc.is_valid(cells), pc.is_null(values))


def _pandas(cells: pa.Array, where: pa.Array) -> Any:
    return pc.if_else(where, cells, None).to_pandas()
