"""The truth that simulated records carry beside them, and what it makes measurable.

`truth.parquet` stands in the records' folder and is never loaded with them: for each (dispute, as_of,
target, horizon) the probability `p_true` that the simulator drew the harm with, and `p_seen`, its mean over
all that the records known at `as_of` leave open. Ranking by `p_seen` is the best that any reader of the
records can do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.bootstrap import Interval, interval
from models.metrics import average_precisions
from models.targets import RISK_COLUMNS

Array = NDArray[np.float64]

FILE: Final = "truth.parquet"


def read_truth(folder: Path) -> pd.DataFrame | None:
    """The truth of a folder of records, or None where it has none.

    Returns
    -------
    DataFrame
        Index (dispute_id, as_of in µs); columns (`p_true` or `p_seen`, risk column).
    """
    if not (folder / FILE).is_file():
        return None
    rows = pd.read_parquet(folder / FILE)
    moments = pd.to_datetime(rows["as_of"], utc=True)
    rows["as_of"] = moments.astype("datetime64[us, UTC]").astype(np.int64)
    rows["risk"] = rows["target"].astype(str) + "_" + rows["horizon_days"].astype(str)
    return rows.pivot_table(index=["dispute_id", "as_of"], columns="risk", values=["p_true", "p_seen"])


def looked_up(truth: pd.DataFrame, dispute_ids: NDArray[np.object_], as_of: NDArray[np.int64]) -> Array:
    """`p_true` and `p_seen` of query points, shape (2, n, 12); NaN where the truth doesn't say."""
    at = pd.MultiIndex.from_arrays([dispute_ids, as_of])
    found = truth.reindex(at)
    return np.stack(
        [
            np.column_stack(
                [
                    found[kind, risk].to_numpy(float)
                    if (kind, risk) in found.columns
                    else np.full(len(at), np.nan)
                    for risk in RISK_COLUMNS
                ]
            )
            for kind in ("p_true", "p_seen")
        ]
    )


def ceiling_figures(p_true: Array, p_seen: Array, score: Array, counts: Array) -> dict[str, Interval]:
    """Soft average precision, its ceiling and base, and the share of the ceiling reached.

    share = (soft AP - base) / (ceiling - base); base is the mean of `p_true`, the soft AP of an order that
    says nothing.

    Parameters
    ----------
    p_true, p_seen, score
        Shape (n,).
    counts
        Bootstrap counts, shape (b, n).
    """
    soft, ceiling, share = _shares(p_true, p_seen, score, counts)
    figures = {
        "soft_average_precision": soft,
        "ceiling_soft_average_precision": ceiling,
        "ceiling_share": share,
    }
    return {name: interval(float(values[0]), values[1:]) for name, values in figures.items()}


def share_difference(p_true: Array, p_seen: Array, ours: Array, theirs: Array, counts: Array) -> Interval:
    """Our share of the ceiling less another's, on the same draws; see `ceiling_figures`."""
    less = _shares(p_true, p_seen, ours, counts)[2] - _shares(p_true, p_seen, theirs, counts)[2]
    return interval(float(less[0]), less[1:])


def _shares(p_true: Array, p_seen: Array, score: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Soft average precision, ceiling and share: of all cases first, then of each draw, shapes (1 + b,)."""
    weights = np.vstack([np.ones(len(p_true)), counts])
    soft = average_precisions(p_true, score, weights)
    ceiling = average_precisions(p_true, p_seen, weights)
    base = weights @ p_true / weights.sum(axis=1)
    share = np.divide(soft - base, ceiling - base, out=np.full_like(soft, np.nan), where=ceiling > base)
    return soft, ceiling, share
