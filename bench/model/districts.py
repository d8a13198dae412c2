"""Districts to judge on, and the sheets that every peer reads: the same rows, the same split.

A district is cut once, two years after its records begin. A peer learns from the query points before the
cut with what was known then, and scores the disputes taken in from the cut on whose 90-day labels have
matured. Where a district's texts hold the common wordings only, the same disputes are scored again as its
twin tells them, in the wordings that were held out: nothing but the wordings differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.kept import code_digest, digest

if TYPE_CHECKING:
    from docket.snapshot import Snapshot
    from models.material import Material

Array = NDArray[np.float64]
Tell = Callable[[str], None]

END: Final = date(2026, 6, 30)
CUT: Final = "2025-07-01"
HORIZON: Final = 90
CODE: Final = ("bench/model/districts.py", "docket/**/*.py", "features/**/*.py", "models/examples.py",
               "models/material.py", "models/targets.py", "models/trials.py", "models/truth.py",
               "models/bootstrap.py", "models/rows.py")  # fmt: skip
"""What the sheets depend on, besides the recipe."""


@dataclass(frozen=True)
class Recipe:
    """A district to be simulated.

    Attributes
    ----------
    name
        As it is reported.
    disputes, seed
        Of the simulator.
    settings
        What is not as in the frozen demo district, by name in `docket.demo.DistrictSettings`.
    harms
        How many disputes that come to harm within 90 days are learned from, with as many others as go with
        them: drawn from all, so that less is taught and nothing else changes. None: all.
    """

    name: str
    disputes: int
    seed: int
    settings: tuple[tuple[str, Any], ...] = ()
    harms: int | None = None

    @classmethod
    def of(cls, name: str, disputes: int, seed: int, **settings: Any) -> Recipe:
        """The settings by keyword."""
        return cls(name, disputes, seed, tuple(sorted(settings.items())))

    @property
    def twin(self) -> Recipe | None:
        """The same district told in the held-out wordings, where it is itself told in the common ones."""
        told = dict(self.settings)
        if told.get("wordings") != "common":
            return None
        return replace(self, settings=tuple(sorted({**told, "wordings": "held_out"}.items())))

    @property
    def digest(self) -> str:
        """Names the sheets that this makes."""
        told = {name: value for name, value in asdict(self).items() if name != "harms" or value is not None}
        return digest({"recipe": told, "cut": CUT, "code": code_digest(CODE)})

    def __str__(self) -> str:
        said = ", ".join(f"{name} {value}" for name, value in self.settings) or "as the demo district"
        return f"{self.disputes:,d} disputes, seed {self.seed}; {said}"


@dataclass(frozen=True)
class Sheets:
    """A district as peers read it, in a folder.

    `train.parquet` holds `dispute_id, as_of, point, weight, y` (NaN where not matured), the catalogue's
    columns and `text`; `test.parquet` the same of the cases to score, those of the twin after the others
    (`unseen`), with `y, p_true, p_seen, cluster` for escalation within 90 days and `true_RISK` for all risks.
    """

    folder: Path

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Columns, categorical ones, counts."""
        found: dict[str, Any] = json.loads((self.folder / "facts.json").read_text())
        return found

    @cached_property
    def train(self) -> pd.DataFrame:
        """What is learned from."""
        return pd.read_parquet(self.folder / "train.parquet")

    @cached_property
    def test(self) -> pd.DataFrame:
        """What is scored."""
        return pd.read_parquet(self.folder / "test.parquet")

    @property
    def matured(self) -> pd.DataFrame:
        """The training rows whose label has matured: what a peer that wants a label learns from."""
        return self.train[np.isfinite(self.train["y"])]

    @property
    def columns(self) -> list[str]:
        """The catalogue's."""
        return list(self.facts["columns"])

    def material(self) -> Material:
        """What our own training reads, without computing its features again."""
        from docket.snapshot import Snapshot  # noqa: PLC0415  (peers of other environments can't import it)
        from models.inputs import Inputs  # noqa: PLC0415
        from models.material import Material  # noqa: PLC0415
        from models.targets import labels  # noqa: PLC0415

        cut, delay = self.facts["cut"], self.facts["delay"]
        known = Snapshot.from_folder(self.folder / "records").until(cut)
        frame, as_of = self.train, self.train["as_of"].to_numpy(np.int64)
        return Material(
            cut=cut,
            seed=self.facts["seed"],
            known=known,
            points=frame[["dispute_id", "as_of", "point", "weight"]],
            frame=frame[[*self.columns, "text"]],
            inputs=Inputs.read(frame),
            labels=labels(known, frame["dispute_id"].tolist(), as_of, cut, delay),
            intake=frame["intake"].to_numpy(np.int64),
            delay=delay,
        )


def sheets(recipe: Recipe, cache: Path, tell: Tell = lambda _: None) -> Sheets:
    """The sheets of a district, made if they aren't there yet."""
    folder = cache / "districts" / recipe.digest
    if not (folder / "facts.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        if recipe.harms is None:
            _make(recipe, folder, tell)
        else:
            # One name for all, or the same district would be made for each.
            whole = replace(recipe, name="whole", harms=None)
            _thin(sheets(whole, cache, tell), recipe.harms, folder)
    return Sheets(folder)


def _thin(whole: Sheets, harms: int, folder: Path) -> None:
    """The same district with fewer disputes to learn from: the same to everybody, whatever they are."""
    train = whole.train
    harmed = set(train.loc[train["y"] > 0, "dispute_id"])
    order = np.random.default_rng(harms).permutation(train["dispute_id"].unique())
    so_far = np.cumsum([dispute in harmed for dispute in order])
    if so_far[-1] < harms:
        raise ValueError(f"the district teaches {so_far[-1]} harms, not {harms}")
    kept = set(order[: int(np.searchsorted(so_far, harms)) + 1])
    thinned = train[train["dispute_id"].isin(kept)]
    thinned.to_parquet(folder / "train.parquet", index=False)
    for name in ("test.parquet", "records"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to((whole.folder / name).resolve())
    facts = {**whole.facts, "query_points": len(thinned), "harmed_within_90": harms}
    (folder / "facts.json").write_text(json.dumps(facts))


def _make(recipe: Recipe, folder: Path, tell: Tell) -> None:
    from docket.times import parse_instant  # noqa: PLC0415
    from features.catalogue import CATALOGUE, COLUMNS  # noqa: PLC0415
    from models.material import gather  # noqa: PLC0415

    tell(f"{recipe.name}: records")
    snapshot = _records(recipe, folder / "records")
    tell(f"{recipe.name}: features")
    material = gather(snapshot, parse_instant(CUT), 0)
    m = material
    train = m.points.assign(intake=m.intake, y=m.labels.within("escalation", HORIZON))
    pd.concat([train, m.frame], axis=1).to_parquet(folder / "train.parquet", index=False)
    test = _cases(snapshot, folder / "records").assign(unseen=False)
    if recipe.twin is not None:
        tell(f"{recipe.name}: its twin in other wordings")
        told = folder / "twin"
        twin = _cases(_records(recipe.twin, told), told).assign(unseen=True)
        test = pd.concat([test, twin], ignore_index=True)
    test.to_parquet(folder / "test.parquet", index=False)
    harmed = m.points["dispute_id"][train["y"].to_numpy() > 0].nunique()
    facts = {
        "columns": list(COLUMNS),
        "codes": [feature.name for feature in CATALOGUE if feature.categorical],
        "cut": m.cut,
        "delay": m.delay,
        "seed": m.seed,
        "query_points": len(train),
        "harmed_within_90": int(harmed),
    }
    (folder / "facts.json").write_text(json.dumps(facts))


def _records(recipe: Recipe, folder: Path) -> Snapshot:
    from docket.demo import DistrictSettings, generate  # noqa: PLC0415
    from docket.snapshot import Snapshot  # noqa: PLC0415

    settings = DistrictSettings(**dict(recipe.settings))
    generate(folder, end=END, disputes=recipe.disputes, seed=recipe.seed, settings=settings)
    return Snapshot.from_folder(folder)


def _cases(snapshot: Snapshot, folder: Path) -> pd.DataFrame:
    """The disputes taken in from the cut on, at intake."""
    from docket.times import DAY, parse_instant  # noqa: PLC0415
    from features.frame import feature_frame  # noqa: PLC0415
    from features.sources import DuckSource  # noqa: PLC0415
    from models.evaluation import known_until  # noqa: PLC0415
    from models.targets import RISK_COLUMNS, reporting_delay  # noqa: PLC0415
    from models.trials import cases_between  # noqa: PLC0415
    from models.truth import looked_up, read_truth  # noqa: PLC0415

    end = known_until(snapshot)
    delay = reporting_delay(snapshot, end)
    cases = cases_between(snapshot, parse_instant(CUT), end - HORIZON * DAY - delay, end, delay, 0)
    at = np.flatnonzero(cases.at_intake)
    points = cases.points.iloc[at].reset_index(drop=True)
    ids, as_of = points["dispute_id"].to_numpy(object), points["as_of"].to_numpy(np.int64)
    true, seen = looked_up(read_truth(folder), ids, as_of)
    main = RISK_COLUMNS.index(f"escalation_{HORIZON}")
    frame = feature_frame(DuckSource(snapshot), ids.tolist(), as_of)
    points = points.assign(
        y=cases.labels.within("escalation", HORIZON)[at],
        p_true=true[:, main],
        p_seen=seen[:, main],
        cluster=cases.clusters[at],
        **{f"true_{name}": true[:, place] for place, name in enumerate(RISK_COLUMNS)},
    )
    whole = pd.concat([points, frame], axis=1)
    # merged and excluded disputes have no truth of their own
    return whole[np.isfinite(whole["p_true"]) & np.isfinite(whole["y"])]
