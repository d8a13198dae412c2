"""The model as it is used: frames in, twelve risks out, saved in native formats and JSON.

A folder holds `scorer.json` (all small state), `arrays.npz` (no pickles), `text.json` and `text.npz` (the
n-grams), and `trees.txt`, a LightGBM text file; `encoder/` where an encoder was asked for. Nothing of the
training data is in it but n-grams that at least three disputes shared, and what an encoder's weights hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.catalogue import catalogue_hash
from models.calibration import HazardMap
from models.design import Column, LinearDesign
from models.encoders.catalogue import load_encoder
from models.estimator import Estimator
from models.explaining import OneCase, cases_of, explained
from models.hazard import EscalationHazard
from models.hazard_settings import HazardSettings
from models.inputs import Inputs
from models.ngrams import NgramScore
from models.policy import ColourPolicy
from models.ranges import Ranges
from models.reading import CUE_NAMES
from models.shares import TargetShares
from models.spread import Spread
from models.tagger import Tagger

Array = NDArray[np.float64]

FORMAT: Final = 3
"""Of what `save` writes; another is refused."""


class ScorerMismatchError(ValueError):
    """A saved model that this installation can't use; the message says what differs."""


@dataclass(frozen=True)
class Scorer:
    """A trained model with its calibration, its colour policy and the range it knows.

    Attributes
    ----------
    estimator, calibration, policy, ranges
        See their modules.
    info
        Where it comes from: data digest, cut, seed, counts. JSON types only.
    card
        Its model card in Markdown; empty where nobody wrote one.
    """

    estimator: Estimator
    calibration: HazardMap
    policy: ColourPolicy
    ranges: Ranges
    info: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The table columns that it reads."""
        return tuple(column.name for column in self.estimator.hazard.columns)

    def inputs(self, frame: pd.DataFrame) -> Inputs:
        """What the model reads of a frame with `columns` and `text`.

        Raises
        ------
        models.inputs.MissingColumnsError
            Naming the columns that the frame lacks.
        """
        return Inputs.read(frame, self.columns)

    def risks(self, frame: pd.DataFrame | Inputs) -> Array:
        """The twelve risks of each case, shape (n, 12) in the order of `models.targets.RISK_COLUMNS`."""
        inputs = frame if isinstance(frame, Inputs) else self.inputs(frame)
        if len(inputs) == 0:
            return np.zeros((0, 12))
        return self.estimator.risks(inputs, self.calibration)

    def explain(self, frame: pd.DataFrame | Inputs) -> pd.DataFrame:
        """What each column adds to the logit of the risk of escalation within 90 days.

        Returns
        -------
        DataFrame
            A column for each table column, cue and text column, beside an average case; see
            `models.explaining`.
        """
        inputs = frame if isinstance(frame, Inputs) else self.inputs(frame)
        shown, _ = explained(self.estimator, self.calibration, inputs, self.estimator.text_columns(inputs))
        return pd.DataFrame(shown, columns=list(self.estimator.hazard.names[:-1]))

    def case(self, frame: pd.DataFrame) -> OneCase:
        """The one case of a frame, to be asked about."""
        (case,) = self.cases(frame)
        return case

    def cases(self, frame: pd.DataFrame) -> list[OneCase]:
        """Each case of a frame: what `case` gives of it, sooner."""
        return cases_of(self.estimator, self.calibration, self.policy, self.ranges, self.inputs(frame))

    def out_of_range(self, frame: pd.DataFrame | Inputs) -> NDArray[np.bool_]:
        """Whether a case lies outside of what the model was trained on, by table or text, shape (n,)."""
        return np.asarray(self.outside(frame).any(axis=1))

    def outside(self, frame: pd.DataFrame | Inputs) -> NDArray[np.bool_]:
        """Whether a case lies outside by its table, and by its text, shape (n, 2)."""
        inputs = frame if isinstance(frame, Inputs) else self.inputs(frame)
        return self.ranges.outside(inputs, self.design, self.estimator.score)

    @property
    def design(self) -> LinearDesign:
        """The table as the line reads it."""
        return self.estimator.hazard.design

    def with_threads(self, threads: int) -> Scorer:
        """The same model on so many threads (1 for serving: one row gains nothing from more)."""
        hazard = self.estimator.hazard
        hazard = hazard.with_settings(replace(hazard.settings, threads=threads))
        return replace(self, estimator=replace(self.estimator, hazard=hazard))

    def save(self, folder: Path) -> None:
        """Write the model into a folder, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        hazard = self.estimator.hazard
        encoder = self.estimator.encoder
        state = {
            "format": FORMAT,
            "catalogue_hash": catalogue_hash(),
            "columns": [asdict(column) for column in hazard.columns],
            "cue_names": list(hazard.cue_names),
            "cue_signs": list(hazard.cue_signs),
            "design": hazard.design.state(),
            "intercept": hazard.intercept,
            "settings": asdict(hazard.settings),
            "has_trees": hazard.booster is not None,
            "has_text": self.estimator.score is not None,
            "has_trouble": self.estimator.trouble is not None,
            "has_encoder": encoder is not None,
            "has_tagger": self.estimator.tagger is not None,
            "text_names": list(hazard.text_names),
            "calibration": asdict(self.calibration),
            "policy": self.policy.to_json(),
            "ranges": self.ranges.state(),
            "info": dict(self.info),
        }
        text = json.dumps(state, ensure_ascii=False, indent=1, allow_nan=False)
        (folder / "scorer.json").write_text(text, encoding="utf-8")
        if self.card:
            (folder / "card.md").write_text(self.card, encoding="utf-8")
        arrays: dict[str, Any] = {
            "base": hazard.base,
            "coefficients": hazard.coefficients,
            **self.estimator.shares.arrays(),
            **self.ranges.arrays(),
        }
        if self.estimator.spread is not None:
            arrays["spread_root"] = self.estimator.spread.root
        np.savez_compressed(folder / "arrays.npz", **arrays)
        if self.estimator.score is not None:
            self.estimator.score.save(folder, "text")
        if self.estimator.trouble is not None:
            self.estimator.trouble.save(folder, "trouble")
        if encoder is not None:
            encoder.save(folder / "encoder")
        if self.estimator.tagger is not None:
            self.estimator.tagger.save(folder)
        if hazard.booster is not None:
            hazard.booster.save_model(str(folder / "trees.txt"))

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Read what `save` wrote.

        Raises
        ------
        ScorerMismatchError
            If it was trained under another feature catalogue, other cues, or a later format.
        FileNotFoundError
            If a file of it is missing.
        models.encoders.base.EncoderMissingError
            If its encoder needs an extra that isn't installed.
        """
        state = json.loads((folder / "scorer.json").read_text(encoding="utf-8"))
        _refuse_mismatch(state)
        with np.load(folder / "arrays.npz", allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        hazard = EscalationHazard(
            columns=_columns(state["columns"]),
            cue_names=state["cue_names"],
            cue_signs=state["cue_signs"],
            base=arrays["base"],
            design=LinearDesign.of(state["design"]),
            intercept=state["intercept"],
            coefficients=arrays["coefficients"],
            booster=lgb.Booster(model_str=_trees(folder)) if state["has_trees"] else None,
            settings=HazardSettings(**state["settings"]),
            text_names=state["text_names"],
        )
        score = NgramScore.load(folder, "text") if state["has_text"] else None
        encoder = load_encoder(folder / "encoder") if state["has_encoder"] else None
        return cls(
            estimator=Estimator(
                score,
                hazard,
                TargetShares.of(arrays),
                NgramScore.load(folder, "trouble") if state["has_trouble"] else None,
                Tagger.load(folder) if state["has_tagger"] else None,
                encoder,
                Spread(arrays["spread_root"]) if "spread_root" in arrays else None,
            ),
            calibration=HazardMap(**state["calibration"]),
            policy=ColourPolicy.from_json(state["policy"]),
            ranges=Ranges.of(state["ranges"], arrays),
            info=state["info"],
            card=card.read_text(encoding="utf-8") if (card := folder / "card.md").exists() else "",
        )


def _trees(folder: Path) -> str:
    # not by LightGBM itself, to which a missing file is a fault like any other
    return (folder / "trees.txt").read_text(encoding="utf-8")


def _columns(state: Sequence[Mapping[str, Any]]) -> list[Column]:
    return [Column(**column) for column in state]


def _refuse_mismatch(state: Mapping[str, Any]) -> None:
    if state["format"] != FORMAT:
        raise ScorerMismatchError(
            f"the model has format {state['format']}, this installation reads {FORMAT}: train it anew"
        )
    if state["catalogue_hash"] != catalogue_hash():
        raise ScorerMismatchError(
            "the model was trained under another feature catalogue "
            f"({state['catalogue_hash'][:12]}, here {catalogue_hash()[:12]}): train it anew"
        )
    if tuple(state["cue_names"]) != tuple(CUE_NAMES):
        differing = sorted(set(state["cue_names"]) ^ set(CUE_NAMES))
        raise ScorerMismatchError(f"the model was trained with other cues: {', '.join(differing) or 'order'}")
