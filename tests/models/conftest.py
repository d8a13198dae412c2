"""The made-up district, and one model trained on it once for all tests of the package."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from made_up_district import CUT, SETTINGS, District, intake_frame, make_district

from docket.snapshot import Snapshot
from docket.times import parse_instant
from models.fit import Trained, train


@pytest.fixture(scope="session")
def district() -> District:
    """1,500 disputes over 900 days, one in five of which comes to harm."""
    return make_district(seed=3, base=-3.0)


@pytest.fixture(scope="session")
def district_folder(district: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder."""
    return district.write(tmp_path_factory.mktemp("district") / "records")


@pytest.fixture(scope="session")
def snapshot(district_folder: Path) -> Snapshot:
    """Its records."""
    return Snapshot.from_folder(district_folder)


@pytest.fixture(scope="session")
def learned(snapshot: Snapshot) -> Trained:
    """A model of the district at `CUT`, with trees and a text score."""
    made = train(snapshot, CUT, seed=1, settings=SETTINGS)
    assert made.scorer.estimator.score is not None and made.scorer.estimator.hazard.booster is not None
    return made


@pytest.fixture(scope="session")
def later(snapshot: Snapshot) -> pd.DataFrame:
    """What a model reads of the disputes taken in after `CUT`, at intake."""
    return intake_frame(snapshot, CUT, parse_instant("2024-03-01"))[1]


@pytest.fixture(scope="session")
def small() -> District:
    """500 disputes over 900 days, one in six of which comes to harm: quickly learned."""
    return make_district(500, seed=2, base=-2.4)
