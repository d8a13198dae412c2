"""A simulated district, a model of its first two years, and what came after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.demo import generate
from docket.snapshot import Snapshot
from docket.times import DAY, parse_instant
from features.frame import feature_frame
from features.sources import DuckSource
from models.evaluation import known_until
from models.fit import Trained, train
from models.hazard_settings import HazardSettings
from models.inputs import Inputs
from models.targets import reporting_delay
from models.trials import Cases, cases_between
from models.truth import looked_up, read_truth

END = date(2026, 6, 30)
CUT = "2025-07-01"


@dataclass(frozen=True)
class Held:
    """What the model is held against.

    Attributes
    ----------
    cases, frame, inputs
        Moments (intake, after records) of disputes taken in after the cut, while their label has matured.
    truth
        `p_true` and `p_seen`, shape (2, n, 12).
    """

    disputes: int
    seed: int
    snapshot: Snapshot
    trained: Trained
    cases: Cases
    frame: pd.DataFrame
    inputs: Inputs
    truth: NDArray[np.float64]

    @classmethod
    def make(cls, folder: Path, disputes: int, seed: int) -> Held:
        """Simulate, train, and read what came after."""
        generate(folder, disputes=disputes, seed=seed, end=END)
        snapshot, cut = Snapshot.from_folder(folder), parse_instant(CUT)
        trained = train(snapshot, cut, settings=HazardSettings(threads=1))
        end = known_until(snapshot)
        delay = reporting_delay(snapshot, end)
        cases = cases_between(snapshot, cut, end - 90 * DAY - delay, end, delay, 0)
        ids, as_of = cases.points["dispute_id"].to_numpy(object), cases.points["as_of"].to_numpy(np.int64)
        frame = feature_frame(DuckSource(snapshot, 1), ids.tolist(), as_of)
        truth = looked_up(read_truth(folder), ids, as_of)
        inputs = trained.scorer.inputs(frame)
        return cls(disputes, seed, snapshot, trained, cases, frame, inputs, truth)

    def head(self) -> list[str]:
        """What the figures are of."""
        info, intake = self.trained.report["info"], self.cases.at_intake
        return [
            f"district  demo, {self.disputes} disputes, seed {self.seed}, three years until {END}",
            f"model     of what was known by {CUT} ({info['harmed_disputes']} harmed disputes)",
            f"cases     of later disputes: {intake.sum()} at intake, {(~intake).sum()} moments after records",
        ]
