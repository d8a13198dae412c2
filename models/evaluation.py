"""Rolling-origin evaluation beside the baselines: train at T, test the next quarter, move T on.

Without a given model it is trained anew at each origin, on what was known then. With one, that model is
judged on every dispute taken in after its data cut. The baselines are fitted at the same cuts, on the same
query points, and all are judged on the same cases with the same bootstrap draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY, rfc3339
from features.frame import feature_frame
from features.sources import DuckSource
from models import baselines, splits
from models.bootstrap import clusters_of
from models.calibration import HazardMap
from models.design import catalogue_columns
from models.encoders.base import Encoder
from models.estimator import fit_estimator
from models.fit import train_on
from models.hazard_settings import HazardSettings
from models.inputs import Inputs
from models.material import Material, Progress, gather, told
from models.reading import floored
from models.scorer import Scorer
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS, Labels, reporting_delay
from models.trials import Cases, cases_between

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]

OURS: Final = "anlan"
TEXT_ALONE: Final = "anlan_text_alone"
TABLE_ALONE: Final = "anlan_table_alone"
HALVES: Final = (TEXT_ALONE, TABLE_ALONE)
_MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")


@dataclass(frozen=True)
class Judged:
    """Test cases of all origins with every model's scores.

    Attributes
    ----------
    cases
        The query points, with labels and clusters over all origins.
    risks
        The model's twelve risks, shape (n, 12).
    others
        Name of a baseline, or of our own model on half of what it reads, to its score for escalation within
        90 days, shape (n,).
    colours
        Position in `models.policy.COLOURS` by score, shape (n,).
    floored
        Whether a safety floor applies, shape (n,).
    out_of_range
        Shape (n,).
    origins
        The cuts trained at, µs.
    days
        Length of intake tested.
    """

    cases: Cases
    risks: Array
    others: dict[str, Array]
    colours: NDArray[np.int64]
    floored: NDArray[np.bool_]
    out_of_range: NDArray[np.bool_]
    origins: tuple[int, ...]
    days: float


def known_until(snapshot: Snapshot) -> int:
    """Just after the last record: the end of what the records can say."""
    latest = [
        int(np.max(table.column("recorded_at").to_numpy()))
        for table in snapshot.tables.values()
        if "recorded_at" in table.column_names and table.num_rows
    ]
    return max(latest) + 1


def judge(
    snapshot: Snapshot,
    *,
    scorer: Scorer | None = None,
    start: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    settings: HazardSettings | None = None,
    encoder: Encoder | None = None,
) -> Judged:
    """Score the test cases of every origin.

    Parameters
    ----------
    snapshot
        All records, to the end of what is known.
    scorer
        A model to judge after its data cut; None trains one at each origin.
    start
        No origin before it (µs).
    encoder
        What the models trained here read texts with beside the n-grams, as in `models.fit.train`; the
        baselines and the halves read none.

    Raises
    ------
    models.splits.ImpossibleSplitError
        If the records carry no origin, or end before any label after the model's cut has matured.
    """
    end = known_until(snapshot)
    delay = reporting_delay(snapshot, end)
    disputes = snapshot.tables["disputes"].column("recorded_at").to_numpy()
    if scorer is not None:
        steps = [_after_cut(int(scorer.info["cut"]), end, delay, start)]
    else:
        steps = splits.rolling_origins(int(disputes.min()), end, delay, start=start)
    source = DuckSource(snapshot)
    parts = []
    for number, step in enumerate(steps):
        if progress is not None:
            progress("origins", number, len(steps))
        material = gather(snapshot, step.cut, seed, progress)
        model = (
            train_on(material, progress, settings=settings, encoder=encoder).scorer
            if scorer is None
            else scorer
        )
        cases = cases_between(snapshot, step.test_from, step.test_until, end, delay, seed)
        splits.refuse_overlap(material.ids, cases.points["dispute_id"])
        frame = feature_frame(
            source,
            cases.points["dispute_id"].tolist(),
            cases.points["as_of"].to_numpy(np.int64),
            progress=told(progress, "test features"),
        )
        others = _baselines(material, frame, seed, settings)
        others |= _halves(material, frame, settings or HazardSettings(), progress)
        parts.append((cases, frame, model, others))
    if progress is not None:
        progress("origins", len(steps), len(steps))
    return _put_together(snapshot, steps, parts)


def _after_cut(cut: int, end: int, delay: int, start: int | None) -> splits.Origin:
    begin = cut if start is None else max(cut, start)
    last = end - DEFAULT_HORIZON * DAY - delay
    if last <= begin:
        raise splits.ImpossibleSplitError(
            f"nothing to judge: the model has seen the records until {rfc3339(cut)}, and the last matured "
            f"90-day label is of {rfc3339(last)}"
        )
    return splits.Origin(cut=cut, test_from=begin, test_until=last)


def _baselines(
    material: Material, frame: pd.DataFrame, seed: int, settings: HazardSettings | None
) -> dict[str, Array]:
    y = material.labels.within("escalation", DEFAULT_HORIZON)
    examples = baselines.Examples(material.frame, y, material.weight)
    return baselines.scores(examples, frame, seed, settings.threads if settings else 0)


def _halves(
    material: Material, frame: pd.DataFrame, settings: HazardSettings, progress: Progress | None
) -> dict[str, Array]:
    """Our own model on the text alone and on the table alone: what each half is worth."""
    m, read = material, Inputs.read(frame)
    halves = {
        TEXT_ALONE: (m.inputs.without_table(), read.without_table(), ()),
        TABLE_ALONE: (m.inputs.without_text(), read.without_text(), catalogue_columns()),
    }
    answer = {}
    for number, (name, (train, test, columns)) in enumerate(halves.items()):
        fitted = fit_estimator(
            m.known,
            train,
            m.ids.tolist(),
            m.as_of,
            m.weight,
            m.cut,
            settings=settings,
            seed=m.seed,
            columns=columns,
        ).estimator
        answer[name] = fitted.risks(test, HazardMap())[:, _MAIN]
        if progress is not None:
            progress("each half alone", number + 1, len(halves))
    return answer


def _put_together(
    snapshot: Snapshot,
    steps: list[splits.Origin],
    parts: list[tuple[Cases, pd.DataFrame, Scorer, dict[str, Array]]],
) -> Judged:
    points = pd.concat([cases.points for cases, *_ in parts], ignore_index=True)
    read = [model.inputs(frame) for _, frame, model, _ in parts]
    risks = [model.risks(inputs) for inputs, (_, _, model, _) in zip(read, parts, strict=True)]
    return Judged(
        cases=Cases(
            points=points,
            labels=Labels(
                np.concatenate([cases.labels.first for cases, *_ in parts]),
                np.concatenate([cases.labels.observed for cases, *_ in parts]),
            ),
            clusters=clusters_of(snapshot, points["dispute_id"].tolist()),
            intervened=np.concatenate([cases.intervened for cases, *_ in parts]),
        ),
        risks=np.concatenate(risks) if risks else np.zeros((0, len(RISK_COLUMNS))),
        others={
            name: np.concatenate([other[name] for *_, other in parts]) for name in (*baselines.NAMES, *HALVES)
        },
        colours=np.concatenate(
            [model.policy.by_score(r) for r, (_, _, model, _) in zip(risks, parts, strict=True)]
        ),
        floored=np.concatenate([floored(frame["text"].tolist()) for _, frame, _, _ in parts]),
        out_of_range=np.concatenate(
            [model.out_of_range(inputs) for inputs, (_, _, model, _) in zip(read, parts, strict=True)]
        ),
        origins=tuple(step.cut for step in steps),
        days=sum((step.test_until - step.test_from) / DAY for step in steps),
    )
