"""`anlan score`: the risks of disputes as of moments, from records or a store."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from docket.snapshot import Clock, Snapshot
from features.documents import documents
from features.frame import feature_frame
from features.sources import Source
from models import registry
from models.assessment import assess
from models.scorer import Scorer
from models.targets import HORIZONS, TARGETS
from models.weighing import Weighed, weigh
from pipelines.cases_file import Cases, first_recorded, read_cases
from pipelines.defaults import Engine
from pipelines.engines import opened, require
from pipelines.logged import exported
from pipelines.progress import progress, stages
from pipelines.sources import read_records
from pipelines.writing import whole_file

PART: Final = {Engine.DUCKDB: 20_000, Engine.SPARK: 100_000}
"""Cases scored at a time: what stands in memory does not grow with the file. Planning a part costs Spark
seconds, whatever its size."""

_TOGETHER: Final = 200
"""Cases that the model reads together; the rest of an assessment is made one by one."""

SCHEMA: Final = pa.schema(
    [
        ("dispute_id", pa.string()),
        ("as_of", pa.timestamp("us", "UTC")),
        ("target", pa.string()),
        ("horizon_days", pa.int64()),
        ("risk", pa.float64()),
    ]
)


def run(
    records: Path | None,
    store: str | None,
    *,
    cases: Path,
    out: Path,
    assessments: Path | None,
    model: str,
    engine: Engine = Engine.DUCKDB,
) -> None:
    """Score the cases and write twelve rows a case, and the assessments if they are asked for.

    Raises
    ------
    BadInput, RecordFaults
        If the cases file or the records can't be used; nothing is written then.
    models.registry.NoSuchModelError
        If no such model is registered.
    features.spark.session.EngineMissingError
        If the engine isn't installed.
    """
    require(engine)
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.RECORDED, tell)
        wanted = read_cases(cases, snapshot)
        scorer, version = registry.load(model, threads=2)
        with ExitStack() as files:
            tell(f"starting {engine}")
            batch = files.enter_context(opened(engine, snapshot))
            source, risks = batch.source, batch.scoring(scorer)
            table = files.enter_context(
                pq.ParquetWriter(files.enter_context(whole_file(out)), SCHEMA)  # closed before it is moved
            )
            lines = None
            if assessments is not None:
                draft = files.enter_context(whole_file(assessments))
                lines = files.enter_context(draft.open("w", encoding="utf-8"))
            total = len(wanted.dispute_ids)
            for first in range(0, total, PART[engine]):
                part = wanted.part(first, first + PART[engine])
                frame = feature_frame(source, part.dispute_ids, part.as_of)
                table.write_table(_rows(part, risks(frame)))
                report("scoring", first + len(part.dispute_ids), total)
                if lines is not None:
                    for done, line in enumerate(_assessed(snapshot, source, part, frame, scorer, version), 1):
                        lines.write(line + "\n")
                        report("assessments", first + done, total)
            if records is None:
                exported(store, "scores" if assessments is None else "scores and assessments", total)
    sys.stdout.write(f"{out}: {total:,} cases scored by {version}\n")


def _rows(part: Cases, risks: npt.NDArray[np.float64]) -> pa.Table:
    """The twelve rows of each case, from risks of shape (n, 12), target-major."""
    each = len(TARGETS) * len(HORIZONS)
    n = len(part.dispute_ids)
    columns = [
        pa.array(np.repeat(np.asarray(part.dispute_ids, dtype=object), each), pa.string()),
        pa.array(np.repeat(part.as_of, each)).cast(pa.timestamp("us")).cast(SCHEMA.field("as_of").type),
        pa.array(np.tile(np.repeat(np.asarray(TARGETS, dtype=object), len(HORIZONS)), n), pa.string()),
        pa.array(np.tile(np.asarray(HORIZONS, dtype=np.int64), len(TARGETS) * n)),
        pa.array(risks.reshape(-1)),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _assessed(
    snapshot: Snapshot, source: Source, part: Cases, frame: pd.DataFrame, scorer: Scorer, version: str
) -> Iterator[str]:
    """The API's own answer for each case, as one line of JSON."""
    single = scorer.with_threads(1)
    recorded = first_recorded(snapshot)
    texts = documents(source, part.dispute_ids, part.as_of)
    read: list[Weighed] = []
    for place, (dispute_id, moment) in enumerate(zip(part.dispute_ids, part.as_of.tolist(), strict=True)):
        if place % _TOGETHER == 0:
            read = weigh(single.cases(frame.iloc[place : place + _TOGETHER]))
        answer = assess(
            dispute_id=dispute_id,
            as_of=moment,
            recorded_at=recorded[dispute_id],
            document=texts[place],
            narrative=snapshot.narrative(dispute_id, moment),
            case=read[place % _TOGETHER].case,
            model_version=version,
            weighed=read[place % _TOGETHER],
        )
        yield json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
