"""Text score, escalation hazard and target shares, fitted together on query points known at a cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.blocks import Points
from models.calibration import HazardMap
from models.coherence import coherent_risks
from models.design import Column, LinearDesign, catalogue_columns
from models.encoders.base import Encoder, read_by_hazard
from models.hazard import EscalationHazard
from models.hazard_settings import HazardSettings
from models.inputs import Inputs
from models.keeping import NOT_KEPT, Keeping
from models.neighbour import line_of
from models.ngrams import NgramScore
from models.reading import CUE_NAMES, CUE_POINTS, CUE_SIGNS
from models.rows import HazardRows
from models.shares import TargetShares
from models.spread import Spread, ends
from models.tagger import Tagger
from models.targets import labels
from models.text_fit import TextFit
from models.trouble import Lead, learned

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Estimator:
    """From inputs to hazards and risks.

    Attributes
    ----------
    score, trouble
        The text scores of harm and of trouble; None where there was too little to learn one.
    hazard, shares
        See their modules.
    tagger
        What finds cues in clauses that no rule reads.
    encoder
        What reads the text beside the n-grams; None where none was asked for, or harms were too few.
    spread
        How far hazards may be off; None for a model that was saved without.
    """

    score: NgramScore | None
    hazard: EscalationHazard
    shares: TargetShares
    trouble: NgramScore | None = None
    tagger: Tagger | None = None
    encoder: Encoder | None = None
    spread: Spread | None = None

    def text_columns(self, inputs: Inputs) -> Array:
        """The columns of the text scores and of the tagger, shape (n, 5), then those of the encoder."""
        nothing = np.full((len(inputs), 2), np.nan)
        read = [
            nothing if score is None else score.columns(inputs.corpus) for score in (self.score, self.trouble)
        ]
        tagger = self.tagger
        read.append(nothing[:, :1] if tagger is None else tagger.expected_points(inputs.corpus)[:, None])
        if self.encoder is not None:
            places, _ = read_by_hazard(self.encoder)
            read.append(self.encoder.encode(inputs.corpus)[:, places])
        return np.hstack(read)

    def hazards(self, inputs: Inputs) -> Array:
        """Uncalibrated escalation hazard by interval, shape (n, 4)."""
        return self.hazard.hazards(inputs.table, inputs.cues, self.text_columns(inputs))

    def risks(self, inputs: Inputs, calibration: HazardMap, text: Array | None = None) -> Array:
        """The twelve risks, shape (n, 12).

        Parameters
        ----------
        text
            `text_columns(inputs)`, where they are at hand.
        """
        read = self.text_columns(inputs) if text is None else text
        return self.risks_of(inputs.table, inputs.cues, read, calibration)

    def risks_of(self, table: Array, cues: Array, text: Array, calibration: HazardMap) -> Array:
        """The twelve risks of columns that have been read, shape (n, 12)."""
        hazards = self.hazard.hazards(table, cues, text)
        return coherent_risks(calibration(hazards), self.shares(_share_features(self.hazard, table, cues)))

    def bounds(self, inputs: Inputs, calibration: HazardMap, text: Array) -> tuple[Array, Array] | None:
        """The ends of each risk's interval, shapes (n, 12); None where the spread isn't known.

        All hazards of a case move together, so the ends are as coherent as the risks are: a longer horizon
        has no lower end, and no target one above escalation's.
        """
        if self.spread is None:
            return None
        read = (inputs.table, inputs.cues, text)
        z = logit(calibration(self.hazard.hazards(*read)))
        shares = self.shares(share_features(self.hazard, inputs))
        low, high = (
            coherent_risks(expit(end), shares)
            for end in ends(z, self.spread(self.hazard, *read), calibration.slope)
        )
        return low, high


@dataclass(frozen=True)
class Fitted:
    """An estimator, and what it was fitted on.

    Attributes
    ----------
    points, texts
        The query points, and what was read of their texts.
    lead
        What the hazard was led by; None where there was too little trouble.
    """

    estimator: Estimator
    points: Points
    texts: TextFit
    lead: Lead | None


def share_features(hazard: EscalationHazard, inputs: Inputs) -> Array:
    """What the target shares read: the table's terms and the cues."""
    return _share_features(hazard, inputs.table, inputs.cues)


def _share_features(hazard: EscalationHazard, table: Array, cues: Array) -> Array:
    return np.hstack([hazard.design(table), cues])


def fit_estimator(
    snapshot: Snapshot,
    inputs: Inputs,
    dispute_ids: Sequence[str],
    as_of: NDArray[np.int64],
    weight: Array,
    cut: int,
    *,
    settings: HazardSettings,
    seed: int,
    columns: Sequence[Column] | None = None,
    encoder: Encoder | None = None,
    neighbour: EscalationHazard | None = None,
    progress: Progress | None = None,
    keep: Keeping = NOT_KEPT,
) -> Fitted:
    """Fit on query points before `cut`, by what was known then.

    Parameters
    ----------
    snapshot
        Records; nothing recorded at or after `cut` is read.
    inputs, dispute_ids, as_of, weight
        The query points, all with as_of < cut.
    encoder
        An unfitted encoder whose out-of-fold scores the hazard reads beside the n-grams'.
    neighbour
        Another district's hazard, whose line is started from.
    keep
        Keeps what each step makes, so that a training that is stopped can go on.

    Raises
    ------
    ValueError
        If a query point isn't before the cut.
    """
    if len(as_of) and int(as_of.max()) >= cut:
        raise ValueError("a training query point is not before the cut")
    known = labels(snapshot, dispute_ids, as_of, cut)
    rows = HazardRows.of(known)

    def tell(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(stage, done, total) if progress is not None else None

    points = Points(snapshot.until(cut), dispute_ids, as_of, weight)
    texts = TextFit.of(points, inputs, cut, seed=seed, encoder=encoder, tell=tell, keep=keep)
    columns = catalogue_columns() if columns is None else columns
    hazard, lead = keep(
        "hazard",
        lambda: fit_hazard(
            points,
            inputs,
            texts,
            rows,
            cut,
            settings=settings,
            seed=seed,
            columns=columns,
            neighbour=neighbour,
            progress=tell("trees"),
        ),
    )
    groups = np.unique(np.asarray(dispute_ids, dtype=object), return_inverse=True)[1].astype(np.int64)
    signs = np.concatenate([hazard.design.signs, np.asarray(hazard.cue_signs, dtype=np.int64)])
    shares = keep(
        "shares",
        lambda: TargetShares.fit(
            share_features(hazard, inputs), known, rows, weight, groups, seed, signs=signs
        ),
    )
    sizes = np.bincount(groups, weight)[groups]
    votes = np.divide(weight, sizes, out=np.zeros_like(weight), where=sizes > 0)
    spread = keep("spread", lambda: Spread.fit(hazard, inputs.table, inputs.cues, texts.columns, rows, votes))
    made = Estimator(texts.harm, hazard, shares, texts.trouble, texts.tagger, texts.encoder, spread)
    return Fitted(made, points, texts, lead)


def fit_hazard(
    points: Points,
    inputs: Inputs,
    texts: TextFit,
    rows: HazardRows,
    cut: int,
    *,
    settings: HazardSettings,
    seed: int,
    columns: Sequence[Column],
    neighbour: EscalationHazard | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[EscalationHazard, Lead | None]:
    """The last step: the hazard of what is known of query points and what their texts say, and its lead.

    Parameters
    ----------
    points, inputs, texts, rows
        Of the same query points, all known at `cut`.
    """
    design = LinearDesign.fit(inputs.table, columns, points.weight)
    lead = learned(
        points,
        np.hstack([design(inputs.table), inputs.cues]),
        np.concatenate([design.signs, np.asarray(CUE_SIGNS, dtype=np.int64)]),
        len(design.terms),
        cut,
    )
    hazard = EscalationHazard.fit(
        inputs.table,
        inputs.cues,
        texts.columns,
        rows,
        points.weight,
        columns=columns,
        cue_names=CUE_NAMES,
        cue_signs=CUE_SIGNS,
        cue_points=CUE_POINTS,
        settings=settings,
        seed=seed,
        text_names=texts.names,
        design=design,
        lead=lead,
        neighbour=None if neighbour is None else line_of(neighbour, design, columns, CUE_NAMES),
        progress=progress,
    )
    return hazard, lead
