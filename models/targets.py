"""What is predicted: the first harm after a moment, by target and interval, and when it counts as known.

A label is read from `outcomes` as they stood at a *cut* (nothing recorded at or after the cut is seen).
Harm is learned late, so the absence of harm is believed only up to the cut less the reporting delay; what
lies beyond is unknown, and unknown is never negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

SPECIFIC: Final = ("violence", "civil_to_criminal", "self_harm")
TARGETS: Final = (*SPECIFIC, "escalation")
HORIZONS: Final = (30, 90, 180)
"""Days after `as_of`."""
DEFAULT_HORIZON: Final = 90
EDGES: Final = (0, 7, 30, 90, 180)
INTERVALS: Final = tuple(pairwise(EDGES))
"""Days after `as_of`, open on the left, closed on the right."""
RISK_COLUMNS: Final = tuple(f"{target}_{horizon}" for target in TARGETS for horizon in HORIZONS)
"""Target-major."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "violence": ("violence",),
    "civil_to_criminal": ("civil_to_criminal",),
    "self_harm": ("self_harm", "extreme_act"),
    "escalation": ("violence", "civil_to_criminal", "self_harm", "extreme_act"),
}
"""The `outcomes.kind` values that count for a target."""

NO_HARM: Final = 2**62
"""µs to the first harm where none is known."""
FEW_OUTCOMES: Final = 20
FALLBACK_DELAY: Final = 30 * DAY
DELAY_QUANTILE: Final = 0.95
_SETTLED: Final = 180 * DAY


def interval_ends() -> NDArray[np.int64]:
    """The ends of the intervals in µs, shape (4,)."""
    return np.asarray(EDGES[1:], dtype=np.int64) * DAY


@dataclass(frozen=True)
class Labels:
    """Time from each query point to the first harm after it, as known at a cut.

    Attributes
    ----------
    first
        µs from `as_of` to the first harm, shape (n, 4) in the order of `TARGETS`; `NO_HARM` where none
        is known.
    observed
        µs for which the absence of harm is believed, shape (n,); may be negative.
    """

    first: NDArray[np.int64]
    observed: NDArray[np.int64]

    @cached_property
    def intervals_observed(self) -> NDArray[np.int64]:
        """How many leading intervals are observed whole, shape (n,), 0 to 4."""
        reached = self.observed[:, None] >= interval_ends()[None, :]
        return np.asarray(reached.sum(axis=1), dtype=np.int64)

    @cached_property
    def interval(self) -> NDArray[np.int64]:
        """Index of the interval of the first harm, shape (n, 4); 4 where none is within 180 days."""
        return np.searchsorted(interval_ends(), self.first, side="left").astype(np.int64)

    def within(self, target: str, horizon: int) -> NDArray[np.float64]:
        """1 where harm came within `horizon` days, 0 where it did not, NaN where that is not yet known.

        A harm that is already known is NaN too while its horizon has not matured: counting it would pick
        the positives of a period and leave out its negatives.
        """
        span = horizon * DAY
        value = (self.first[:, TARGETS.index(target)] <= span).astype(np.float64)
        value[self.observed < span] = np.nan
        return value

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Labels:
        """The labels of some query points."""
        return Labels(self.first[rows], self.observed[rows])


def known_outcomes(snapshot: Snapshot, cut: int) -> pd.DataFrame:
    """The outcomes as they stood at `cut`: the version then valid of each, and when it was first learned.

    Returns
    -------
    DataFrame
        `outcome_id, dispute_id, at, kind, severity, learned` (µs).
    """
    rows = snapshot.until(cut).tables["outcomes"].to_pandas()
    learned = rows.groupby("outcome_id")["recorded_at"].min()
    live = rows[rows["superseded_at"].isna()]
    columns = ["outcome_id", "dispute_id", "at", "kind", "severity", "learned"]
    held: pd.DataFrame = live.assign(learned=learned.reindex(live["outcome_id"]).to_numpy())[columns]
    return held.reset_index(drop=True)


def reporting_delay(snapshot: Snapshot, cut: int) -> int:
    """The time within which 95 % of harms are learned, in µs, estimated from what was known at `cut`.

    Recent harms are seen only if they were reported fast, so harms of the last 180 days are left out where
    enough older ones remain. With fewer than 20 outcomes the answer is never below 30 days.
    """
    outcomes = known_outcomes(snapshot, cut)
    delays = np.maximum(outcomes["learned"].to_numpy(np.int64) - outcomes["at"].to_numpy(np.int64), 0)
    settled = outcomes["at"].to_numpy(np.int64) < cut - _SETTLED
    if settled.sum() >= FEW_OUTCOMES:
        delays = delays[settled]
    if len(delays) == 0:
        return FALLBACK_DELAY
    estimate = int(np.ceil(np.quantile(delays, DELAY_QUANTILE)))
    return estimate if len(delays) >= FEW_OUTCOMES else max(estimate, FALLBACK_DELAY)


def first_harm(
    outcomes: pd.DataFrame, dispute_ids: Sequence[str], as_of: NDArray[np.int64]
) -> NDArray[np.int64]:
    """µs to the first harm strictly after `as_of`, shape (n, 4); `NO_HARM` where there is none."""
    n = len(dispute_ids)
    first = np.full((n, len(TARGETS)), NO_HARM, dtype=np.int64)
    query = pd.DataFrame(
        {"dispute_id": np.asarray(dispute_ids, dtype=object), "as_of": as_of, "row": np.arange(n)}
    )
    hits = query.merge(outcomes[["dispute_id", "at", "kind"]], on="dispute_id", how="inner")
    hits = hits[hits["at"] > hits["as_of"]]
    wait = (hits["at"] - hits["as_of"]).to_numpy(np.int64)
    rows = hits["row"].to_numpy(np.int64)
    for column, target in enumerate(TARGETS):
        of_target = hits["kind"].isin(KINDS[target]).to_numpy(bool)
        np.minimum.at(first[:, column], rows[of_target], wait[of_target])
    return first


def labels(
    snapshot: Snapshot,
    dispute_ids: Sequence[str],
    as_of: NDArray[np.int64],
    cut: int,
    delay: int | None = None,
) -> Labels:
    """The labels of query points as known at `cut`.

    Parameters
    ----------
    as_of
        µs, shape (n,).
    cut
        µs; no outcome recorded at or after it is read.
    delay
        Reporting delay in µs; estimated from the outcomes known at `cut` where not given.
    """
    if delay is None:
        delay = reporting_delay(snapshot, cut)
    moments = np.asarray(as_of, dtype=np.int64)
    first = first_harm(known_outcomes(snapshot, cut), dispute_ids, moments)
    return Labels(first=first, observed=cut - delay - moments)
