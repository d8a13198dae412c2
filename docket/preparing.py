"""Preparing whole columns of narratives: each different text once, on every core when there are many."""

from __future__ import annotations

import os
from itertools import chain
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, delayed

from docket.contract import Table
from docket.text import prepare

_WORTH_PROCESSES: Final = 20_000
"""Fewer texts than this are done sooner than further processes have started."""

_BATCH: Final = 2_000


def _prepare_batch(raws: list[str]) -> list[str]:
    return [prepare(raw).text for raw in raws]


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
    if len(texts) < _WORTH_PROCESSES:
        return _prepare_batch(texts)
    batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
    # joblib's own processes neither fork one that has threads running (Arrow's, numba's), which may deadlock,
    # nor run the caller's script again, which spawned ones do.
    with Parallel(n_jobs=len(os.sched_getaffinity(0))) as parallel:
        return list(chain.from_iterable(parallel(delayed(_prepare_batch)(batch) for batch in batches)))
