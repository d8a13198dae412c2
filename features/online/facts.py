"""What is known of a case at a moment: its columns and its texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from docket.asof import live

from ..arrays import F64
from ..documents import Document, Entry, Kind, Part, document_of
from .keys import Keys
from .statements import Rows


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a case at a moment.

    Attributes
    ----------
    names, values
        The features' names, and (features,) their values.
    document
        Its texts.
    """

    names: tuple[str, ...]
    values: F64
    document: Document

    @property
    def frame(self) -> pd.DataFrame:
        """(1, features + 1): as `features.frame.feature_frame`."""
        return frame_of([self])


def frame_of(facts: Sequence[CaseFacts]) -> pd.DataFrame:
    """(cases, features + 1): as `features.frame.feature_frame`."""
    matrix = np.stack([one.values for one in facts])
    frame = pd.DataFrame(matrix, columns=_columns(facts[0].names), copy=False)
    frame.insert(len(frame.columns), "text", pd.Series([one.document.text for one in facts], dtype="str"))
    return frame


@lru_cache(maxsize=4)
def _columns(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names)


def document_known(keys: Keys, narratives: Rows, events: Rows, visits: Rows, as_of: int) -> Document:
    """The texts known by then, as `features.documents`."""
    if not keys.known:
        return Document(())
    entries: list[Entry] = []
    began = as_of
    found: tuple[tuple[Kind, Rows], ...] = (
        ("narrative", narratives),
        ("event", events),
        ("visit", visits),
    )
    for kind, rows in found:
        for _, item, at, known, until, text in rows:
            if not live(known, until, as_of):
                continue
            if kind == "narrative":
                began = at
            elif kind == "visit" and at < began:
                continue
            entries.append((kind != "narrative", known, at, item, kind, Part(kind, at, known, text)))
    return document_of(entries)
