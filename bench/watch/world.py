"""A district in which nothing changes but what is planted, and what a model answers there afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from docket.demo import DistrictSettings, district
from docket.snapshot import Snapshot
from docket.times import DAY, parse_instant
from models.fit import train
from models.hazard_settings import HazardSettings
from models.policy import COLOURS
from models.reading import floored
from models.scorer import Scorer
from models.watch.checks import Check, check_all
from models.watch.matured import calibration, matured
from models.watch.stream import ANSWER_COLUMNS, MAIN, Stream, stream_of

LAST: Final = date(2025, 12, 31)
CUT: Final = parse_instant("2024-07-01")
FIRST: Final = parse_instant("2025-01-01")
"""The first day that is watched; the model has answered for half a year by then."""
END: Final = parse_instant(LAST.isoformat())
WEEK: Final = 7
_BACK: Final = 365 + 210
_VERSION: Final = "models:/anlan/1"


def tables_of(seed: int, disputes: int, drift: float) -> dict[str, pd.DataFrame]:
    """Three years of records."""
    made = dict(district(end=LAST, disputes=disputes, seed=seed, settings=DistrictSettings(drift=drift)))
    del made["truth"]
    return made


def snapshot_of(tables: Mapping[str, pd.DataFrame]) -> Snapshot:
    """The records as they are read from a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, table in tables.items():
            table.to_parquet(Path(scratch) / f"{name}.parquet", index=False)
        return Snapshot.from_folder(Path(scratch))


def learned(tables: Mapping[str, pd.DataFrame], seed: int) -> Scorer:
    """A model of the first two years and a half."""
    return train(snapshot_of(tables), CUT, seed=seed, settings=HazardSettings(threads=1)).scorer


@dataclass(frozen=True)
class World:
    """A district as it is watched.

    Attributes
    ----------
    snapshot
        Its records.
    answers
        What the model answered of each dispute after its cut.
    stream
        What came in.
    """

    snapshot: Snapshot
    answers: pd.DataFrame
    stream: Stream

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], scorer: Scorer) -> World:
        """Let the model answer."""
        snapshot = snapshot_of(tables)
        nobody = pd.DataFrame(columns=list(ANSWER_COLUMNS))
        stream = stream_of(snapshot, nobody, END, days=_BACK)
        risks = scorer.risks(stream.values.assign(text=pd.Series(stream.texts, dtype="str")))
        red = COLOURS.index("red")
        ranks = np.where(floored(stream.texts), red, scorer.policy.by_score(risks))
        cases = stream.cases.assign(
            model_version=_VERSION, colour=[COLOURS[rank] for rank in ranks], risk=risks[:, MAIN]
        )
        late = (cases["as_of"] < CUT).to_numpy(bool)
        answers = cases[~late].assign(features=None)[list(ANSWER_COLUMNS)]
        cases.loc[late, ["model_version", "colour"]] = None
        cases.loc[late, "risk"] = np.nan
        return cls(snapshot, answers.reset_index(drop=True), replace(stream, cases=cases))

    def days(
        self, begin: int, end: int, draws: int, families: tuple[str, ...]
    ) -> Iterator[tuple[int, list[Check]]]:
        """Each day from `begin` to `end` (µs, midnights) and what a run at its start finds.

        Calibration moves slowly and costs a reading of all records: it is looked at once a week.
        """
        checked = [family for family in families if family != "calibration"]
        for number, now in enumerate(range(begin, end + 1, DAY)):
            found = check_all(replace(self.stream, now=now, end=now), draws=draws, families=checked)
            if "calibration" in families and number % WEEK == 0:
                found.append(calibration(matured(self.snapshot, self.answers, now)))
            yield now, found
