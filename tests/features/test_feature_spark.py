"""Spark gives the bits of the batch: the same streams and the same fold, by buckets of keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from conformance import District
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_districts import START, Rows, districts, empty, queries, renamed, snapshot

from docket.times import DAY
from features.catalogue import COLUMNS
from features.engine import compute
from features.frame import feature_frame
from features.sources import DuckSource
from features.spark.source import SparkSource, write_relations

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TOGETHER = 60


@st.composite
def _neighbours(draw: st.DrawFn) -> tuple[Rows, list[str], list[int]]:
    rows = draw(districts())
    return rows, *draw(queries(rows))


def _drawn(number: int) -> list[tuple[Rows, list[str], list[int]]]:
    """Random districts with their queries, drawn as the parity of stores draws them."""
    found: list[tuple[Rows, list[str], list[int]]] = []

    @settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(_neighbours())
    def draw(one: tuple[Rows, list[str], list[int]]) -> None:
        found.append(one)

    draw()
    return found


def _bits(frame: pd.DataFrame) -> bytes:
    return frame[[*COLUMNS]].to_numpy().tobytes()


def _source(session: SparkSession, rows: Rows, folder: Path) -> SparkSource:
    write_relations(snapshot(rows), folder)
    return SparkSource(session, folder)


def test_random_districts_are_the_batch_to_the_bit(spark: SparkSession, tmp_path: Path) -> None:
    """A job takes Spark seconds, so many districts stand side by side in one, under ids of their own."""
    rows, names, moments = empty(), list[str](), list[int]()
    for number, (district, asked, at) in enumerate(_drawn(TOGETHER)):
        prefix = f"{number:03d}-"
        for table, found in renamed(district, prefix).items():
            rows[table].extend(found)
        names += [f"{prefix}{name}" for name in asked]
        moments += at
    # What nobody has heard of, and what was asked before anything was known.
    names += ["nobody", names[0]]
    moments += [START, START - 4000 * DAY]
    as_of = np.array(moments)
    batch = feature_frame(DuckSource(snapshot(rows)), names, as_of)
    source = _source(spark, rows, tmp_path)
    found = feature_frame(source, names, as_of)
    assert len(names) > 2 * TOGETHER
    assert found.columns.tolist() == batch.columns.tolist()
    differing = {
        name for name in COLUMNS if batch[name].to_numpy().tobytes() != found[name].to_numpy().tobytes()
    }
    assert differing == set()
    assert list(found["text"]) == list(batch["text"])
    assert found[[*COLUMNS]].iloc[-2:].isna().all(axis=None)
    assert {file.name for file in tmp_path.iterdir()} == {
        f"known_{name}.parquet"
        for name in ("grids", "disputes", "parties", "events", "registry", "visits", "outcomes")
    }


def test_a_dense_district_with_hot_keys_in_any_number_of_buckets(spark: SparkSession, tmp_path: Path) -> None:
    district = District()
    names, moments = district.queries
    batch = compute(district.source, names, np.array(moments))
    write_relations(snapshot(district.rows), tmp_path)
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    try:
        many = SparkSource(spark, tmp_path)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", before)
    told: list[tuple[int, int]] = []
    order = np.random.default_rng(6).permutation(len(names))
    found = compute(
        many,
        [names[place] for place in order],
        np.array(moments)[order],
        progress=lambda done, total: told.append((done, total)),
    )
    assert _bits(found) == _bits(batch.iloc[order])
    assert told[-1][0] == told[-1][1]


def test_no_queries_give_an_empty_frame(spark: SparkSession, tmp_path: Path) -> None:
    source = _source(spark, empty(), tmp_path)
    assert compute(source, [], np.empty(0, np.int64)).shape == (0, len(COLUMNS))


def test_nothing_of_persons_is_written_for_spark(tmp_path: Path) -> None:
    write_relations(snapshot(District().rows), tmp_path)
    columns = {name for file in tmp_path.iterdir() for name in pq.read_schema(file).names}
    assert not {"sex", "birth_year"} & columns
    assert not (tmp_path / "known_persons.parquet").exists()
