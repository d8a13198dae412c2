"""What makes two rows the same: a keyed digest of everything a row says."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa

from docket import secrets
from docket.contract import Table
from docket.parsing import arrow_schema

_CHUNK: Final = 20_000

Row = Mapping[str, Any]


def as_table(rows: Sequence[Row], table: Table) -> pa.Table:
    """Rows of a table as Arrow: columns in contract order, those that a row leaves out null.

    Raises
    ------
    pyarrow.ArrowException
        If a value isn't of its column's type.
    """
    return pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(table))


def iterate(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows one by one, a chunk of them in memory at a time."""
    for batch in rows.to_batches(max_chunksize=_CHUNK):
        yield from batch.to_pylist()


class RowDigests:
    """Digests of rows, keyed so that nobody without the secret can try out what a narrative says."""

    def __init__(self) -> None:
        self._keyed = hmac.new(secrets.derive("rows"), digestmod=sha256)

    def of(self, row: Row) -> str:
        """HMAC-SHA256 (hex, 128 bits) of the row's values; what is null counts as not there."""
        said = {name: value for name, value in row.items() if value is not None}
        keyed = self._keyed.copy()
        keyed.update(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())
        return keyed.hexdigest()[:32]
