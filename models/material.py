"""The material of a training: query points before a cut, what is read of them, what became of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.frame import feature_frame
from features.sources import DuckSource
from models.examples import intakes, sample
from models.inputs import Inputs
from models.keeping import NOT_KEPT, Keeping
from models.rows import HazardRows
from models.targets import Labels, labels, reporting_delay

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""

LEAST_HARMED: Final = 5
"""Fewer harmed disputes than this are nothing to train on."""


class TooLittleToLearnError(ValueError):
    """The records hold too few harms, or too short a time; the message says which."""


@dataclass(frozen=True)
class Material:
    """What training reads: query points of the time before a cut, their inputs and labels.

    Attributes
    ----------
    known
        The records as they stood at the cut.
    points
        `dispute_id, as_of, point, weight`.
    frame
        The catalogue's columns and `text` of each point.
    labels
        As known at the cut.
    intake
        When each point's dispute was first recorded, µs, shape (n,).
    delay
        The reporting delay in µs.
    """

    cut: int
    seed: int
    known: Snapshot
    points: pd.DataFrame
    frame: pd.DataFrame
    inputs: Inputs
    labels: Labels
    intake: NDArray[np.int64]
    delay: int

    @property
    def ids(self) -> NDArray[np.object_]:
        """The dispute of each point."""
        return self.points["dispute_id"].to_numpy(object)

    @property
    def as_of(self) -> NDArray[np.int64]:
        """The moment of each point."""
        return self.points["as_of"].to_numpy(np.int64)

    @property
    def weight(self) -> Array:
        """The weight of each point."""
        return self.points["weight"].to_numpy(np.float64)


def gather(
    snapshot: Snapshot,
    cut: int,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    keep: Keeping = NOT_KEPT,
) -> Material:
    """The material of a training at `cut`; nothing recorded at or after it is read.

    Raises
    ------
    TooLittleToLearnError
        If fewer than five disputes are known to have come to harm.
    """
    known = snapshot.until(cut)
    first = intakes(known, cut)
    if first.empty:
        raise TooLittleToLearnError("no dispute was recorded before the cut")
    points = sample(known, cut, seed)
    ids, as_of = points["dispute_id"].tolist(), points["as_of"].to_numpy(np.int64)
    delay = reporting_delay(known, cut)
    at_cut = labels(known, ids, as_of, cut, delay)
    rows = HazardRows.of(at_cut)
    harmed = points["dispute_id"].iloc[rows.example[rows.event > 0]].nunique()
    if harmed < LEAST_HARMED:
        raise TooLittleToLearnError(
            f"{harmed} disputes are known to have come to harm by the cut; at least {LEAST_HARMED} are needed"
        )
    frame = feature_frame(
        DuckSource(known),
        ids,
        as_of,
        progress=told(progress, "features"),
        keep=partial(keep, "features"),
    )
    intake = pd.Series(first["intake"].to_numpy(np.int64), index=first["dispute_id"]).reindex(ids)
    return Material(
        cut=cut,
        seed=seed,
        known=known,
        points=points,
        frame=frame,
        inputs=Inputs.read(frame, progress=told(progress, "texts")),
        labels=at_cut,
        intake=intake.to_numpy(np.int64),
        delay=delay,
    )


def told(progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    """A callback(done, total) that names its stage."""
    return None if progress is None else lambda done, total: progress(stage, done, total)
