"""Scoring on Spark: the model is broadcast, and each executor process reads it once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from models.inputs import TEXT
from models.scorer import Scorer
from models.targets import RISK_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SLICE: Final = 2_000
"""Cases that one task scores: reading their texts takes seconds, so that the cores share them evenly."""

_PLACE: Final = "place"
_ANSWERS: Final = "places binary, risks binary"


class SparkScorer:
    """A scorer whose risks are computed on the executors.

    Parameters
    ----------
    session
        Spark 4, whose executors have this package.
    scorer
        Sent to them in its saved form, so that what they use is what `Scorer.load` reads.
    """

    def __init__(self, session: SparkSession, scorer: Scorer) -> None:
        self._session = session
        self._columns = scorer.columns
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            scorer.save(folder)
            files = tuple(sorted((file.name, file.read_bytes()) for file in folder.iterdir()))
        self._model = session.sparkContext.broadcast(files)

    def risks(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """As `Scorer.risks`: the twelve risks of each case, shape (n, 12)."""
        answer = np.zeros((len(frame), len(RISK_COLUMNS)))
        if not len(frame):
            return answer
        table = pa.Table.from_pandas(frame[[*self._columns, TEXT]], preserve_index=False)
        table = table.append_column(_PLACE, pa.array(np.arange(len(frame), dtype=np.int64)))
        cases = self._session.createDataFrame(table).repartition(-(-len(frame) // SLICE))
        for row in cases.mapInArrow(_scored(self._model), _ANSWERS).toArrow().to_pylist():
            places = np.frombuffer(row["places"], np.int64)
            answer[places] = np.frombuffer(row["risks"], np.float64).reshape(places.size, -1)
        return answer


@lru_cache(maxsize=2)
def _loaded(files: tuple[tuple[str, bytes], ...]) -> Scorer:
    """The scorer out of its files, once for a process. One thread: a task is one of as many as cores."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in files:
            (Path(scratch) / name).write_bytes(content)
        return Scorer.load(Path(scratch)).with_threads(1)


def _scored(model: Any) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """A function from cases to their risks, for `mapInArrow`."""

    def score(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            risks = _loaded(model.value).risks(batch.to_pandas())
            places = batch.column(_PLACE).to_numpy()
            yield pa.RecordBatch.from_pydict(
                {
                    "places": pa.array([places.tobytes()], pa.binary()),
                    "risks": pa.array([risks.tobytes()], pa.binary()),
                }
            )

    return score
