"""A digest of records that depends on what they say, not on how they were kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from docket.contract import OPEN_TABLES


def digest_tables(tables: Mapping[str, pa.Table]) -> str:
    """SHA-256 (hex) over the canonical contents of a snapshot's tables.

    Rows are taken in order of their key and `recorded_at`; each column goes in as its validity, then its
    values (int64, float64 or bool little endian; text as lengths and UTF-8), missing ones zeroed. So it's the
    same for CSV, Parquet and either store, and for rows in any order.
    """
    whole = hashlib.sha256()
    for table in OPEN_TABLES:
        rows = tables[table.name]
        order = [*table.key, *(["recorded_at"] if table.versioned else [])]
        rows = rows.sort_by([(name, "ascending") for name in order])
        whole.update(f"{table.name}\n{rows.num_rows}\n".encode())
        for name in rows.column_names:
            whole.update(f"{name}\n".encode())
            for part in _canonical(rows.column(name).combine_chunks()):
                whole.update(np.ascontiguousarray(part).data)
    return whole.hexdigest()


def _canonical(column: pa.Array) -> list[Any]:
    valid = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if pa.types.is_large_string(column.type):
        filled = pc.fill_null(column, "")
        offsets = np.frombuffer(filled.buffers()[1], np.int64)[
            filled.offset : filled.offset + len(filled) + 1
        ]
        text = filled.buffers()[2]
        if not len(filled) or text is None:
            return [valid]
        return [valid, np.diff(offsets), np.frombuffer(text, np.uint8)[offsets[0] : offsets[-1]]]
    if pa.types.is_boolean(column.type):
        return [valid, pc.fill_null(column, False).to_numpy(zero_copy_only=False)]
    values = pc.fill_null(column, 0).to_numpy()
    return [valid, values + 0.0 if pa.types.is_floating(column.type) else values]
