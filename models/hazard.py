"""The escalation hazard by interval: a ridge hazard regression and boosted trees on the same columns.

Both read the table, the cues and the text score, and both keep the signs that the literature is clear about
(an asserted cue, an earlier harm never lower the risk). The trees add what a line can't say; the line keeps
its head where there are thirty harms to learn from. Their logits are averaged; see docs/adr/0020.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.design import Column, LinearDesign
from models.linear import fit_ridge
from models.rows import HazardRows, baseline, collapsed
from models.targets import INTERVALS

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

TEXT_COLUMNS: Final = ("text_sum", "text_worst")
_SHOWN_INTERVAL: Final = 2
"""The interval that explanations are about: 30 to 90 days."""


@dataclass(frozen=True)
class HazardSettings:
    """What is fixed before the fit.

    Attributes
    ----------
    table_penalty, cue_penalty, text_penalty
        Ridge penalties of standardised table terms, of cue columns and of the text score.
    trees, learning_rate, leaves
        Boosting rounds of one seed, their step, and leaves a tree.
    seeds
        Boosters averaged.
    tree_share
        Weight of the trees' logit beside the line's.
    """

    table_penalty: float = 15.0
    cue_penalty: float = 2.0
    text_penalty: float = 1.0
    trees: int = 150
    learning_rate: float = 0.04
    leaves: int = 8
    seeds: int = 2
    tree_share: float = 0.5
    threads: int = 0


class EscalationHazard:
    """The fitted hazard.

    Attributes
    ----------
    columns
        What the table's columns are.
    cue_names
        Names of the cue columns; their count is read from it.
    base
        Baseline hazard by interval, shape (4,).
    """

    def __init__(
        self,
        columns: Sequence[Column],
        cue_names: Sequence[str],
        cue_signs: Sequence[int],
        base: Array,
        design: LinearDesign,
        intercept: float,
        coefficients: Array,
        boosters: Sequence[lgb.Booster],
        settings: HazardSettings,
    ) -> None:
        self.columns, self.cue_names, self.cue_signs = tuple(columns), tuple(cue_names), tuple(cue_signs)
        self.base, self.design = base, design
        self.intercept, self.coefficients = intercept, coefficients
        self.boosters, self.settings = list(boosters), settings

    @property
    def names(self) -> tuple[str, ...]:
        """The trees' columns in order."""
        return (*(column.name for column in self.columns), *self.cue_names, *TEXT_COLUMNS, "interval")

    @classmethod
    def fit(
        cls,
        table: Array,
        cues: Array,
        text: Array,
        rows: HazardRows,
        weight: Array,
        *,
        columns: Sequence[Column],
        cue_names: Sequence[str],
        cue_signs: Sequence[int],
        settings: HazardSettings,
        seed: int,
        progress: Progress | None = None,
    ) -> EscalationHazard:
        """Fit on query points.

        Parameters
        ----------
        table, cues, text
            Shapes (n, p), (n, c), (n, 2). The text columns must be out of fold; NaN where there was no
            earlier text to learn from.
        rows, weight
            The hazard rows and the weight of each query point, shape (n,).
        """
        base = baseline(rows, weight)
        design = LinearDesign.fit(table, columns, weight)
        model = cls(columns, cue_names, cue_signs, base, design, 0.0, np.zeros(0), [], settings)
        model._fit_line(table, cues, text, rows, weight)
        model._fit_trees(table, cues, text, rows, weight, seed, progress)
        return model

    def _fit_line(self, table: Array, cues: Array, text: Array, rows: HazardRows, weight: Array) -> None:
        settings, n = self.settings, len(table)
        events, exposure = collapsed(rows, weight, n)
        used = exposure > 0
        penalty = np.concatenate(
            [
                np.full(len(self.design.terms), settings.table_penalty),
                np.full(len(self.cue_names), settings.cue_penalty),
                np.full(len(TEXT_COLUMNS), settings.text_penalty),
            ]
        )
        signs = np.concatenate(
            [self.design.signs, self.cue_signs, np.ones(len(TEXT_COLUMNS), dtype=np.int64)]
        )
        x = self._linear_matrix(table[used], cues[used], text[used])
        if (weight[used] * events[used]).sum() > 0:
            self.intercept, self.coefficients = fit_ridge(
                x,
                events[used],
                loss="poisson",
                penalty=penalty,
                weight=weight[used],
                offset=np.log(exposure[used]),
                bounds=signs,
            )
        else:
            self.intercept, self.coefficients = 0.0, np.zeros(x.shape[1])

    def _fit_trees(
        self,
        table: Array,
        cues: Array,
        text: Array,
        rows: HazardRows,
        weight: Array,
        seed: int,
        progress: Progress | None,
    ) -> None:
        settings = self.settings
        if not rows.event.sum() > 0:
            return
        x = np.column_stack([np.hstack([table, cues, text])[rows.example], rows.interval])
        data = lgb.Dataset(
            x,
            label=rows.event,
            weight=weight[rows.example],
            init_score=logit(self.base)[rows.interval],
            feature_name=list(self.names),
            categorical_feature=[c.name for c in self.columns if c.kind == "code"],
            params={"max_bin": 63, "min_data_in_bin": 5, "verbose": -1, "num_threads": settings.threads},
            free_raw_data=False,
        )
        signs = [0 if c.kind == "code" else c.monotone for c in self.columns]
        parameters = {
            "objective": "binary",
            "boost_from_average": False,
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.leaves,
            "min_data_in_leaf": 50,
            "min_sum_hessian_in_leaf": 2.0,
            "lambda_l2": 10.0,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "cat_smooth": 20.0,
            "cat_l2": 20.0,
            "min_data_per_group": 50,
            "monotone_constraints": [*signs, *self.cue_signs, 1, 1, 0],
            "monotone_constraints_method": "basic",
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": settings.threads,
            "verbose": -1,
        }
        for number in range(settings.seeds):
            booster = lgb.train(parameters | {"seed": seed + number}, data, settings.trees)
            self.boosters.append(booster)
            if progress is not None:
                progress(number + 1, settings.seeds)

    def _linear_matrix(self, table: Array, cues: Array, text: Array) -> Array:
        return np.hstack([self.design(table), cues, np.where(np.isnan(text), 0.0, text)])

    def linear(self, table: Array, cues: Array, text: Array) -> Array:
        """The line's log hazard relative to the baseline, shape (n,)."""
        if len(self.coefficients) == 0:
            return np.zeros(len(table))
        x = self._linear_matrix(table, cues, text)
        # a plain sum: the same case alone and in a batch gives the same bits
        return np.asarray((x * self.coefficients).sum(axis=1) + self.intercept)

    def logits(self, table: Array, cues: Array, text: Array) -> Array:
        """Logit hazard by interval, shape (n, 4)."""
        n, size = len(table), len(INTERVALS)
        cumulative = (
            -np.log1p(-self.base)[None, :] * np.exp(np.minimum(self.linear(table, cues, text), 20))[:, None]
        )
        line = logit(np.clip(-np.expm1(-cumulative), 1e-12, 1 - 1e-9))
        if not self.boosters:
            return np.asarray(line)
        x = np.empty((n * size, len(self.names)))
        x[:, :-1] = np.repeat(np.hstack([table, cues, text]), size, axis=0)
        x[:, -1] = np.tile(np.arange(size), n)
        raw = np.zeros(n * size)
        for booster in self.boosters:
            raw += booster.predict(x, raw_score=True, num_threads=self.settings.threads)
        trees = raw.reshape(n, size) / len(self.boosters) + logit(self.base)[None, :]
        share = self.settings.tree_share
        return np.asarray(share * trees + (1 - share) * line)

    def hazards(self, table: Array, cues: Array, text: Array) -> Array:
        """Uncalibrated hazard by interval, shape (n, 4)."""
        return np.asarray(expit(self.logits(table, cues, text)))

    def contributions(self, table: Array, cues: Array, text: Array) -> Array:
        """What each column but the interval adds to the logit of the 30- to 90-day hazard, shape (n, d).

        References
        ----------
        Lundberg, S. M. et al. (2020), From local explanations to global understanding with explainable AI for
        trees, Nature Machine Intelligence 2.
        """
        width = len(self.names) - 1
        line = np.zeros((len(table), width))
        if len(self.coefficients):
            terms = self._linear_matrix(table, cues, text) * self.coefficients
            sources = [term.source for term in self.design.terms]
            for place, source in enumerate(sources):
                line[:, source] += terms[:, place]
            line[:, len(self.columns) :] = terms[:, len(sources) :]
        if not self.boosters:
            return line
        x = np.column_stack([table, cues, text, np.full(len(table), _SHOWN_INTERVAL)])
        trees = np.zeros((len(table), width))
        for booster in self.boosters:
            shap = booster.predict(x, pred_contrib=True, num_threads=self.settings.threads)
            trees += np.asarray(shap)[:, :width]
        share = self.settings.tree_share
        return np.asarray(share * trees / len(self.boosters) + (1 - share) * line)

    def with_settings(self, settings: HazardSettings) -> EscalationHazard:
        """The same fit under other settings of use (threads)."""
        return EscalationHazard(
            self.columns,
            self.cue_names,
            self.cue_signs,
            self.base,
            self.design,
            self.intercept,
            self.coefficients,
            self.boosters,
            settings,
        )
