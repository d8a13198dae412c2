"""What a model reads of a case: the columns of the catalogue, and the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from .arrays import I64
from .documents import documents_of
from .engine import Progress, compute_request
from .expansion import request_of
from .sources.base import Source


def feature_frame(
    source: Source,
    dispute_ids: Sequence[str],
    as_of: I64,
    *,
    progress: Progress | None = None,
    keep: Callable[[Callable[[], pd.DataFrame]], pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Features and text of disputes at moments.

    Parameters
    ----------
    source
        `DuckSource` or `StoreSource`.
    dispute_ids, as_of
        (n,) the queries: a dispute, and a moment in microseconds since the epoch.
    progress
        Told after each stream of features.
    keep
        Called with what computes the numbers; gives them, from before if it has them.

    Returns
    -------
    pandas.DataFrame
        (n, features + 1): `features.catalogue.COLUMNS` float64, and `text`, empty where nothing was known.
    """
    request = request_of(source, dispute_ids, as_of)

    def numbers() -> pd.DataFrame:
        return compute_request(source, request, progress=progress)

    frame = numbers() if keep is None else keep(numbers)
    texts = [document.text for document in documents_of(source, request)]
    return frame.assign(text=pd.Series(texts, index=frame.index, dtype="str"))
