"""Batch beyond one machine: the streams as Spark SQL over Parquet, folded by key on the executors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ..arrays import F64
from ..declarations import Measure, Stream
from ..portable import LOOKUP, transpile
from ..sources.base import RELATIONS, Narrowing, Tables
from .folding import ANSWERS, BUCKET, ROWS, STREAM, folder, gathered, grouped, queries_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ..expansion import Request


_TYPES: Final = {
    pa.string(): "STRING",
    pa.large_string(): "STRING",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
}
"""Spark's names of the types that relations and questions are made of."""


def write_relations(records: Tables, folder: Path) -> None:
    """Write what features read of a snapshot as Parquet, for `SparkSource`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RELATIONS:
        pq.write_table(records.tables[name], _file(folder, name))


def _file(folder: Path, name: str) -> Path:
    return folder / f"known_{name}.parquet"


class SparkSource:
    """Reads relations from Parquet files; contributions stay on the executors, values come back.

    Parameters
    ----------
    session
        Spark 4. Tables are named in a session of their own beside it, so that sources don't meet.
    folder
        What `write_relations` wrote, in a place that every executor sees. What is asked for is put there
        as well, and taken away again.
    """

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self._session = session.newSession()
        self._folder = folder
        self._numbers = count()
        # As many buckets as Spark would make: the setting that people tune for the size of their data.
        self._buckets = int(str(session.conf.get("spark.sql.shuffle.partitions")))
        for name in RELATIONS:
            self._show(_file(folder, name), f"known_{name}")

    def _show(self, file: Path, name: str) -> None:
        # Stated, not inferred: that would be a job for each file.
        schema = ", ".join(f"`{field.name}` {_TYPES[field.type]}" for field in pq.read_schema(file))
        self._session.read.schema(schema).parquet(str(file)).createOrReplaceTempView(name)

    @contextmanager
    def _shown(self, table: pa.Table) -> Iterator[str]:
        """The name of a view of `table`, for as long as the block runs."""
        name = f"asked_{id(self):x}_{next(self._numbers)}"
        file = self._folder / f"{name}.parquet"
        pq.write_table(table, file)
        try:
            self._show(file, name)
            yield name
            self._session.catalog.dropTempView(name)
        finally:
            file.unlink(missing_ok=True)

    def fetch(self, sql: str, fields: pa.Schema, narrowing: Narrowing) -> pa.Table:
        """See `features.sources.base.Source`; gives the rows of the keys, whenever they happened."""
        with ExitStack() as stack:
            conditions = []
            for column, values in zip(narrowing.columns, narrowing.values, strict=True):
                view = stack.enter_context(self._shown(pa.table({"name": pa.array(values, pa.string())})))
                conditions.append(f"{column} IN (SELECT name FROM {view})")
            answer = self._session.sql(transpile(sql, "spark").replace(LOOKUP, " AND ".join(conditions)))
            return answer.toArrow().select(fields.names).cast(fields)

    def fold(
        self,
        asked: Sequence[tuple[Stream, list[Measure]]],
        request: Request,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[Measure, F64]:
        """See `features.sources.base.Folding`: all streams in one job, by buckets of keys."""
        groups = grouped(asked)
        queries = queries_of(request, groups)
        with self._shown(queries) as view:
            rows_of = " UNION ALL ".join(
                f"SELECT {place} AS {STREAM}, {ROWS} FROM ({transpile(stream.sql, 'spark')})"
                for place, (stream, _) in enumerate(asked)
            ).replace(LOOKUP, "TRUE")
            bucket = f"pmod(hash(`key`), {self._buckets}) AS {BUCKET}"
            # Only the rows of keys that are asked for travel.
            keys = f"SELECT DISTINCT {STREAM}, `key` FROM {view}"
            rows = self._session.sql(
                f"SELECT *, {bucket} FROM ({rows_of}) WHERE ({STREAM}, `key`) IN ({keys})"
            )
            queried = self._session.sql(f"SELECT *, {bucket} FROM {view}")
            together = rows.groupBy(BUCKET).cogroup(queried.groupBy(BUCKET))
            answers = together.applyInArrow(folder(groups), ANSWERS).toArrow()
        if progress is not None:
            progress(len(asked), len(asked))
        return gathered(answers, groups, request.expansions)
