"""Where rows come from: the batch engine or a record store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


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
