"""What the estimators read of a case: the table, the cues and the clauses of the text, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.catalogue import COLUMNS
from models.corpus import Corpus
from models.reading import CUE_NAMES, clauses_of, cue_rows

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

TEXT: Final = "text"


class MissingColumnsError(ValueError):
    """A frame lacks columns that the model reads; the message names them."""


@dataclass(frozen=True)
class Inputs:
    """n cases.

    Attributes
    ----------
    table
        The catalogue's columns, shape (n, p), NaN is missing.
    cues
        The cue columns, shape (n, c).
    corpus
        The texts as sets of clauses.
    """

    table: Array
    cues: Array
    corpus: Corpus

    @classmethod
    def read(
        cls, frame: pd.DataFrame, columns: Sequence[str] = COLUMNS, progress: Progress | None = None
    ) -> Inputs:
        """Take what the model reads out of a frame, and nothing else.

        Raises
        ------
        MissingColumnsError
            Naming the columns that the frame lacks.
        """
        missing = [name for name in (*columns, TEXT) if name not in frame.columns]
        if missing:
            raise MissingColumnsError(f"the frame lacks {len(missing)} columns: {', '.join(missing)}")
        texts = frame[TEXT].astype(object).where(frame[TEXT].notna(), "").tolist()
        # a frame as the catalogue gives it needs no looking up of columns, which for one case costs most
        named = frame.columns[: len(columns)].tolist() == list(columns)
        chosen = frame.iloc[:, : len(columns)] if named else frame[list(columns)]
        table = np.ascontiguousarray(chosen.to_numpy(dtype=np.float64, na_value=np.nan))
        return cls(table, cue_rows(texts, progress), Corpus.read(texts, clauses_of))

    def __len__(self) -> int:
        """The number of cases."""
        return len(self.table)

    def without_table(self) -> Inputs:
        """The same cases with nothing but their texts."""
        return replace(self, table=np.zeros((len(self), 0)))

    def without_text(self) -> Inputs:
        """The same cases as if nobody had written anything."""
        return replace(self, cues=np.zeros_like(self.cues), corpus=Corpus.read([""] * len(self), clauses_of))

    def rows(self, rows: NDArray[np.int64]) -> Inputs:
        """Some of the cases."""
        return Inputs(self.table[rows], self.cues[rows], self.corpus.rows(rows))


__all__ = ["CUE_NAMES", "TEXT", "Inputs", "MissingColumnsError"]
