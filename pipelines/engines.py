"""Which engine computes a batch: DuckDB in this process, or Spark."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from docket.snapshot import Snapshot
from features.sources import DuckSource, Source
from models.scorer import Scorer
from pipelines.defaults import Engine

Risks = Callable[[pd.DataFrame], npt.NDArray[np.float64]]


def require(engine: Engine) -> None:
    """See that the engine could be started, before long work is done for it.

    Raises
    ------
    features.spark.session.EngineMissingError
        If something isn't installed.
    """
    if engine is Engine.SPARK:
        from features.spark.session import require_spark  # noqa: PLC0415 - late, as an extra

        require_spark()


@dataclass(frozen=True)
class Batch:
    """An engine at work on a snapshot.

    Attributes
    ----------
    source
        For features.
    scoring
        From a scorer to the function that gives risks: here, or on the executors.
    """

    source: Source
    scoring: Callable[[Scorer], Risks]


@contextmanager
def opened(engine: Engine, snapshot: Snapshot) -> Iterator[Batch]:
    """The engine, started, for as long as the block runs.

    Spark's executors must all see `$ANLAN_SPARK_FOLDER`, where the relations are put for them; by default
    that is this machine's temporary folder, which is enough for executors on this machine.
    """
    if engine is Engine.DUCKDB:
        source = DuckSource(snapshot)
        try:
            yield Batch(source, lambda scorer: scorer.risks)
        finally:
            source.close()
        return
    from features.spark.session import spark_session  # noqa: PLC0415 - late, as an extra
    from features.spark.source import SparkSource, write_relations  # noqa: PLC0415
    from models.spark import SparkScorer  # noqa: PLC0415

    shared = os.environ.get("ANLAN_SPARK_FOLDER") or None
    with tempfile.TemporaryDirectory(prefix="anlan-spark-", dir=shared) as folder, spark_session() as session:
        write_relations(snapshot, Path(folder))
        spark = SparkSource(session, Path(folder))
        yield Batch(spark, lambda scorer: SparkScorer(session, scorer).risks)
