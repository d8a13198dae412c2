"""Training, from records to a scorer: examples, validation model, calibration and colours, final model.

Two models are fitted. The *validation model* sees what was known when the validation quarter began (see the
calendar in `models.splits`); on that quarter's disputes, which it has never seen, hazards are calibrated and
colour thresholds set, and the figures of the report measured. The *final model* is fitted on everything
matured at the cut and keeps map and thresholds: it has learned from a little more, in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY, rfc3339
from features.catalogue import COLUMNS, catalogue_hash
from models import policy, splits
from models.annotations import staff_labels
from models.auditing import groups_audited, uncertainty
from models.bootstrap import clusters_of
from models.calibration import HazardMap, fit_map
from models.encoders.base import Encoder
from models.estimator import Estimator, Fitted, fit_estimator
from models.hazard_settings import HazardSettings
from models.inputs import Inputs
from models.keeping import NOT_KEPT, Keeping
from models.lead_times import lead_times
from models.learning_curve import learning_curve
from models.material import Material, Progress, gather
from models.parts import parts_of
from models.ranges import Ranges
from models.reading import floored
from models.rows import HazardRows
from models.scorer import Scorer
from models.summary import Validated, figures
from models.targets import DEFAULT_HORIZON, HORIZONS, TARGETS, Labels

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]
_INVENTED: Final = ("楼上漏水，双方同意调解", "欠货款两年未付，希望尽快解决", "邻居扬言要打人，双方都动了手")


@dataclass(frozen=True)
class Trained:
    """A scorer and what was learned about it while training.

    Attributes
    ----------
    scorer
        The final model.
    trial
        The validation model, with the same map, colours and range: what a later version is compared with on
        what the final model has seen.
    validated
        The held-out quarter.
    report
        Counts, parameters, the policy report: JSON types.
    example
        The catalogue's columns and an invented text of a few cases, to state the signature with.
    """

    scorer: Scorer
    trial: Scorer
    validated: Validated
    report: Mapping[str, Any]
    example: pd.DataFrame


def train(
    snapshot: Snapshot,
    cut: int,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    settings: HazardSettings | None = None,
    capacity: Mapping[str, float] = policy.CAPACITY,
    thresholds: Mapping[str, float] | None = None,
    encoder: Encoder | None = None,
    neighbour: Scorer | None = None,
    keep: Keeping = NOT_KEPT,
) -> Trained:
    """Train on what was recorded before `cut`.

    Parameters
    ----------
    snapshot
        Records of the district.
    cut
        µs; nothing recorded at or after it is seen.
    seed
        Of sampling and boosting; the same seed and records give the same model.
    progress
        Told of each stage.
    capacity
        The shares of intake that red, yellow and blue may take.
    thresholds
        The least risk of red, yellow and blue, where the district names risks instead.
    encoder
        An unfitted encoder to read the text beside the n-grams.
    neighbour
        Another district's model to start from; see `models.neighbour`.
    keep
        Keeps what each stage makes until somebody is done with all of it; see `models.keeping`.

    Raises
    ------
    TooLittleToLearnError
        If fewer than five disputes are known to have come to harm.
    models.splits.ImpossibleSplitError
        If no 90-day label has matured by the cut.
    """
    material = gather(snapshot, cut, seed, progress, keep=keep)
    return train_on(
        material,
        progress,
        settings=settings,
        capacity=capacity,
        thresholds=thresholds,
        encoder=encoder,
        neighbour=neighbour,
        keep=keep,
    )


def train_on(
    material: Material,
    progress: Progress | None = None,
    *,
    settings: HazardSettings | None = None,
    capacity: Mapping[str, float] = policy.CAPACITY,
    thresholds: Mapping[str, float] | None = None,
    encoder: Encoder | None = None,
    neighbour: Scorer | None = None,
    keep: Keeping = NOT_KEPT,
) -> Trained:
    """Train on gathered material; see `train`."""
    m, settings = material, settings or HazardSettings()
    quarter = splits.validation(m.cut, int(m.intake.min()), m.delay)
    before = np.flatnonzero(m.as_of < quarter.begin)
    # a dispute taken in earlier has taught the validation model, so its later points are no validation
    held = np.flatnonzero((m.intake >= quarter.begin) & (m.as_of < quarter.end))
    splits.refuse_overlap(m.ids[before], m.ids[held])
    at_intake = held[(m.points["point"] == "intake").to_numpy(bool)[held]]
    if len(at_intake) == 0:
        raise splits.ImpossibleSplitError(
            f"no dispute was taken in during the validation quarter, {rfc3339(quarter.begin)} to "
            f"{rfc3339(quarter.end)}"
        )
    fitted = partial(
        _fitted, m, settings=settings, encoder=encoder, neighbour=neighbour, progress=progress, keep=keep
    )
    tried = fitted(before, quarter.begin, "validation model")
    trial = tried.estimator
    calibration = _calibrated(trial, m.inputs.rows(held), m.labels.take(held), _votes(m, held))
    asked = m.inputs.rows(at_intake)
    text = trial.text_columns(asked)
    risks = trial.risks(asked, calibration, text)
    colours = policy.fit(
        risks,
        capacity=capacity,
        thresholds=thresholds,
        fitted_on={"from": rfc3339(quarter.begin), "until": rfc3339(quarter.end), "model": "validation"},
    )
    validated = Validated(
        risks=risks,
        labels=m.labels.take(at_intake),
        clusters=clusters_of(m.known, m.ids[at_intake].tolist()),
        floored=floored(m.frame["text"].iloc[at_intake].tolist()),
        begin=quarter.begin,
        end=quarter.end,
    )
    found = {
        "audit": keep("groups", lambda: groups_audited(m, trial, calibration, colours, validated, at_intake)),
        "learning_curve": keep(
            "learning curve",
            lambda: learning_curve(
                tried,
                m.inputs.rows(before),
                asked,
                text,
                calibration,
                validated,
                until=quarter.begin,
                settings=settings,
                seed=m.seed,
            ),
        ),
        "parts": parts_of(tried, asked, text, validated),
        "lead_times": keep("lead times", lambda: lead_times(m, trial, calibration, colours, at_intake)),
    }
    final = fitted(np.arange(len(m.ids)), m.cut, "final model").estimator
    ranges, own = (
        Ranges.fit(
            m.inputs,
            before,
            held,
            columns=model.hazard.columns,
            design=model.hazard.design,
            score=trial.score,
        )
        for model in (final, trial)
    )
    scorer = Scorer(
        estimator=final,
        calibration=calibration,
        policy=colours,
        ranges=ranges,
        info=_info(m) | _info_of(neighbour),
    )
    stands = {"cut": quarter.begin, "trained_until": rfc3339(quarter.begin), "stands_for": scorer.info["cut"]}
    report = {
        **_report(scorer, settings, validated, m),
        **found,
        "uncertainty": uncertainty(m, trial, calibration, ranges, final, validated, at_intake),
    }
    stand_in = replace(scorer, estimator=trial, ranges=own, info={**scorer.info, **stands})
    return Trained(scorer, stand_in, validated, report, _example(m.frame))


def _fitted(
    m: Material,
    rows: NDArray[np.int64],
    until: int,
    stage: str,
    *,
    settings: HazardSettings,
    encoder: Encoder | None,
    neighbour: Scorer | None,
    progress: Progress | None,
    keep: Keeping,
) -> Fitted:
    told = None if progress is None else lambda part, done, total: progress(f"{stage}: {part}", done, total)
    return fit_estimator(
        m.known.until(until),
        m.inputs.rows(rows),
        m.ids[rows].tolist(),
        m.as_of[rows],
        m.weight[rows],
        until,
        settings=settings,
        seed=m.seed,
        encoder=encoder,
        neighbour=None if neighbour is None else neighbour.estimator.hazard,
        progress=told,
        keep=keep.within(stage),
    )


def _info(m: Material) -> dict[str, Any]:
    rows = HazardRows.of(m.labels)
    return {
        "trained_until": rfc3339(m.cut),
        "cut": m.cut,
        "data_digest": m.known.digest,
        "catalogue_hash": catalogue_hash(),
        "seed": m.seed,
        "reporting_delay_days": m.delay / DAY,
        "disputes": int(m.points["dispute_id"].nunique()),
        "query_points": len(m.points),
        "hazard_rows": len(rows.event),
        "harmed_disputes": int(m.points["dispute_id"].iloc[rows.example[rows.event > 0]].nunique()),
        "rows": {name: table.num_rows for name, table in m.known.tables.items()},
    }


def _info_of(neighbour: Scorer | None) -> dict[str, Any]:
    """Whose line was started from, and what that one had learned from."""
    if neighbour is None:
        return {}
    told = ("trained_until", "data_digest", "disputes", "harmed_disputes")
    return {"neighbour": {name: neighbour.info.get(name) for name in told}}


def _votes(m: Material, rows: NDArray[np.int64]) -> Array:
    """Weights with which a dispute's points add up to one: one harm is one piece of evidence."""
    _, owner = np.unique(m.ids[rows], return_inverse=True)
    weight = m.weight[rows]
    return np.asarray(weight / np.bincount(owner, weight)[owner])


def _calibrated(trial: Estimator, held: Inputs, known: Labels, weight: Array) -> HazardMap:
    rows = HazardRows.of(known)
    if len(rows.event) == 0:
        return HazardMap()
    hazards = trial.hazards(held)[rows.example, rows.interval]
    return fit_map(hazards, rows.event, weight[rows.example])


def _report(scorer: Scorer, settings: HazardSettings, validated: Validated, m: Material) -> dict[str, Any]:
    harmed = validated.labels.within("escalation", DEFAULT_HORIZON)
    days = (validated.end - validated.begin) / DAY
    intake = (m.points["point"] == "intake").to_numpy(bool)
    shares = scorer.estimator.shares
    return {
        "info": dict(scorer.info),
        "settings": asdict(settings),
        "labels": len(staff_labels(m.known, m.cut)),
        "encoder": _encoder(scorer.estimator.encoder),
        "calibration": asdict(scorer.calibration),
        "policy": policy.policy_report(scorer.policy, validated.risks, validated.floored, harmed, days),
        "points": m.points["point"].value_counts().to_dict(),
        "positives": {
            f"{target}_{horizon}": int(np.nansum(m.labels.within(target, horizon)[intake]))
            for target in TARGETS
            for horizon in HORIZONS
        },
        "target_shares": shares.prevalence.tolist(),
        "share_penalties": [value if np.isfinite(value) else None for value in shares.penalties.tolist()],
        "validation": {"begin": validated.begin, "end": validated.end, "disputes": len(validated.risks)},
        "figures": figures(validated),
    }


def _encoder(encoder: Encoder | None) -> dict[str, Any] | None:
    return None if encoder is None else {"name": encoder.name, "seed": encoder.seed, **encoder.facts}


def _example(frame: pd.DataFrame) -> pd.DataFrame:
    """Three cases to state the signature with: numbers of no person (medians), texts of nobody."""
    numbers = frame[list(COLUMNS)].median(axis=0).fillna(0.0).to_numpy()
    example = pd.DataFrame([numbers] * len(_INVENTED), columns=list(COLUMNS))
    return example.assign(text=pd.Series(_INVENTED, dtype="str"))
