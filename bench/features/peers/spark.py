"""The engine on Spark, two local cores; the session is up before the clock starts."""

from __future__ import annotations

from typing import Final

from features.catalogue import BY_NAME
from features.engine import compute as compute_features
from features.spark.session import LOCAL, spark_session
from features.spark.source import SparkSource

from ..reading import Array, Features, Records

SETTINGS: Final = {**LOCAL, "spark.master": "local[2]", "spark.sql.shuffle.partitions": "16"}


def compute(records: Records, features: Features) -> Array:
    """(questions, features). Within the session of the block that calls."""
    ids, as_of = records.questions
    declared = [BY_NAME[feature["name"]] for feature in features]
    with spark_session(SETTINGS) as session:
        source = SparkSource(session, records.folder)
        return compute_features(source, ids.to_pylist(), as_of, features=declared).to_numpy()


def opened() -> object:
    """A session for as long as the process measures."""
    return spark_session(SETTINGS)
