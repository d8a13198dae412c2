"""Training time cut into blocks: what is read of a block has learned from the time before it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

STARTS: Final = (0.25, 0.45, 0.65, 0.85)
"""Where blocks begin, as shares of the query points in time order."""


@dataclass(frozen=True)
class Block:
    """A stretch of training time.

    Attributes
    ----------
    begin
        µs.
    before, rows
        Query points before it, and those in it.
    """

    begin: int
    before: Rows
    rows: Rows


def blocks(as_of: NDArray[np.int64], starts: Sequence[float] = STARTS) -> Iterator[Block]:
    """The blocks in order of time; what comes before the first is in none."""
    edges = [int(np.quantile(as_of, share, method="lower")) for share in starts]
    for begin, until in zip(edges, [*edges[1:], np.iinfo(np.int64).max], strict=True):
        yield Block(begin, np.flatnonzero(as_of < begin), np.flatnonzero((as_of >= begin) & (as_of < until)))


@dataclass(frozen=True)
class Points:
    """The query points of a training, shape (n,) each, in any order.

    Attributes
    ----------
    snapshot
        What was known at the cut.
    """

    snapshot: Snapshot
    dispute_ids: Sequence[str]
    as_of: NDArray[np.int64]
    weight: Array

    def ids(self, rows: Rows) -> list[str]:
        """The disputes of some of them."""
        return [self.dispute_ids[row] for row in rows.tolist()]

    @property
    def all(self) -> Rows:
        """Every row."""
        return np.arange(len(self.as_of))
