"""The engine on Spark, two local cores; the session is up before the clock starts."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.catalogue import BY_NAME
from features.engine import compute as compute_features
from features.spark.session import LOCAL, spark_session
from features.spark.source import SparkSource

from ..reading import Array, Features, Records

SETTINGS: Final = {**LOCAL, "spark.master": "local[2]", "spark.sql.shuffle.partitions": "16"}
PART: Final = 250_000
"""Cases in a job, as `anlan features build` makes parts: the driver takes no more than 1 GB of answers."""


def compute(records: Records, features: Features) -> Array:
    """(questions, features). Within the session of the block that calls."""
    ids, as_of = records.questions
    declared = [BY_NAME[feature["name"]] for feature in features]
    with spark_session(SETTINGS) as session:
        source = SparkSource(session, records.folder)
        parts = [
            compute_features(
                source, ids[low : low + PART].to_pylist(), as_of[low : low + PART], features=declared
            )
            for low in range(0, len(ids), PART)
        ]
        return np.concatenate([part.to_numpy() for part in parts])


def opened() -> object:
    """A session for as long as the process measures."""
    return spark_session(SETTINGS)
