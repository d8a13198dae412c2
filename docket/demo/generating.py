"""Writing a demo district: the tables of the contract, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from docket.demo import tables, truth
from docket.demo.damping import table as damping_table
from docket.demo.evidence import gather, queries
from docket.demo.life import Life
from docket.demo.schedule import build as build_matters
from docket.demo.settings import DistrictSettings
from docket.demo.texts import Texts
from docket.demo.world import build as build_world
from docket.times import DAY, HOUR, parse_instant

Progress = Callable[[str, int, int], None]

TRUTH = "truth"
_CUT = 7 * HOUR
"""The records end on the last day at 07:00, before the day's own work."""


def generate(
    out: Path,
    *,
    end: date,
    disputes: int = 6000,
    seed: int = 7,
    years: float = 3.0,
    settings: DistrictSettings | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a district into a folder: a Parquet file a table, and `truth.parquet`.

    Parameters
    ----------
    out
        Folder, made if need be.
    end
        The last day; nothing is recorded after its 07:00 (Asia/Shanghai).
    disputes
        How many records of disputes, second records of one matter counted.
    seed
        The same arguments give the same tables.
    years
        How long before `end` the records begin.
    settings
        What a bench may vary.
    progress
        Told of each stage.
    """
    made = district(end=end, disputes=disputes, seed=seed, years=years, settings=settings, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    for place, (name, frame) in enumerate(made.items()):
        frame.to_parquet(out / f"{name}.parquet", index=False)
        if progress is not None:
            progress("writing tables", place + 1, len(made))


def district(
    *,
    end: date,
    disputes: int = 6000,
    seed: int = 7,
    years: float = 3.0,
    settings: DistrictSettings | None = None,
    progress: Progress | None = None,
) -> Mapping[str, pd.DataFrame]:
    """The tables of a district and its `truth`, in memory; see `generate`."""
    settings = DistrictSettings() if settings is None else settings
    tell = progress if progress is not None else lambda *_: None
    midnight = parse_instant(end.isoformat())
    start, cut = midnight - round(365.25 * years) * DAY, midnight + _CUT
    tell("building the district", 0, 1)
    world = build_world(disputes, seed, end.year)
    matters = build_matters(world, disputes, seed, start, cut, settings)
    tell("living through the years", 0, 1)
    rows = Life(world, matters, seed).run()
    talk, evidence = gather(matters, rows, seed, settings)
    texts = Texts(world, matters, talk, seed, settings)
    first, second = texts.narratives(progress)
    names = tables.Names.of(matters, world, seed)
    parties = tables.party_rows(matters, world, names, seed)
    made = {
        "grids": world.grids,
        "workers": world.workers,
        "persons": tables.person_table(parties, world, names, seed),
        "disputes": tables.dispute_table(matters, names, first, second),
        "parties": tables.party_table(parties, names),
        "events": tables.event_table(rows, matters, names, texts.events(rows)),
        "registry": tables.registry_table(rows, matters, names),
        "visits": tables.visit_table(rows, matters, names, texts.visits(rows)),
        "outcomes": tables.outcome_table(rows, matters, names, seed),
    }
    tell("integrating the truth", 0, 1)
    asked = queries(matters, rows)
    true, seen = truth.judge(matters, rows, evidence, asked, damping_table())
    made[TRUTH] = _truth_table(
        names.record(asked.matter, asked.twin.astype(np.int64)), asked.as_of, true, seen
    )
    return made


def _truth_table(ids: np.ndarray, as_of: np.ndarray, true: np.ndarray, seen: np.ndarray) -> pd.DataFrame:
    """Twelve rows a moment: `dispute_id, as_of, target, horizon_days, p_true, p_seen`."""
    targets, horizons = len(truth.TARGETS), len(truth.HORIZONS)
    each = targets * horizons
    n = len(as_of)
    return pd.DataFrame(
        {
            "dispute_id": np.repeat(ids, each),
            "as_of": tables.moments(np.repeat(as_of, each)),
            "target": np.tile(np.repeat(np.array(truth.TARGETS), horizons), n),
            "horizon_days": np.tile(np.array(truth.HORIZONS, dtype=np.int64), targets * n),
            "p_true": true.reshape(-1),
            "p_seen": seen.reshape(-1),
        }
    )
