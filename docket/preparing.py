"""Preparing whole columns of narratives: each different text once, on every core when there are many."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from docket.contract import Table
from docket.text import prepare

_WORTH_PROCESSES: Final = 20_000
"""Fewer texts than this are done sooner than further processes have started."""

_BATCH: Final = 2_000


def prepared_text(raw: str) -> str:
    """The prepared text of one narrative, without its offsets."""
    return prepare(raw).text


def prepare_column(texts: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Prepare every text of a column.

    Parameters
    ----------
    texts
        Narratives as submitted, shape (n,).

    Returns
    -------
    pyarrow.LargeStringArray
        Shape (n,); null where the narrative is missing or nothing of it is left.
    """
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    different = pc.unique(whole).drop_null()
    done = pa.array(_prepare_all(different.to_pylist()), pa.large_string())
    done = pc.if_else(pc.equal(done, ""), pa.scalar(None, pa.large_string()), done)
    return done.take(pc.index_in(whole, different))


def prepare_rows(rows: pa.Table, table: Table) -> pa.Table:
    """The rows of a table with prepared text in place of every narrative."""
    for name in table.narratives:
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, name, prepare_column(rows.column(name)))
    return rows


def _prepare_all(texts: list[str]) -> list[str]:
    workers = len(os.sched_getaffinity(0))
    if len(texts) < _WORTH_PROCESSES or workers == 1:
        return [prepared_text(text) for text in texts]
    # Spawned, not forked: a fork of a process with running threads (Arrow's, numba's) may deadlock.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(prepared_text, texts, chunksize=_BATCH))
