"""Records and questions as a peer gets them. Imports nothing that a peer's own environment may lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Array = Any
Features = list[dict[str, Any]]
"""Declarations in plain types, as `features.declarations.Feature.as_dict` states them."""
_PREFIX: Final = "known_"


@dataclass(frozen=True)
class Records:
    """A folder of records, and the questions that are asked of them: every dispute, at its intake.

    Attributes
    ----------
    folder
        Holds `known_*.parquet`.
    asked
        How many questions, spread over the disputes; None is all of them.
    """

    folder: Path
    asked: int | None = None

    @cached_property
    def tables(self) -> Mapping[str, pa.Table]:
        """The tables in memory."""
        files = sorted(self.folder.glob(f"{_PREFIX}*.parquet"))
        return {file.stem.removeprefix(_PREFIX): pq.read_table(file) for file in files}

    @cached_property
    def questions(self) -> tuple[pa.Array, Array]:
        """Ids of disputes (text), and when the first version of each was recorded (microseconds)."""
        columns = ["dispute_id", "recorded_at"]
        disputes = pq.read_table(self.folder / f"{_PREFIX}disputes.parquet", columns=columns)
        first = disputes.group_by("dispute_id", use_threads=False).aggregate([("recorded_at", "min")])
        size = first.num_rows if self.asked is None else min(self.asked, first.num_rows)
        first = first.take(pa.array(np.linspace(0, first.num_rows - 1, size).astype(np.int64)))
        moments = np.asarray(first["recorded_at_min"].to_numpy(), np.int64)
        return first["dispute_id"].combine_chunks().cast(pa.string()), moments
