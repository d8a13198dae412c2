"""The escalation hazard by interval: a ridge hazard regression, and boosted trees on what it leaves over.

Both read the table, the cues and the text score, and both keep the signs that the literature is clear about
(an asserted cue, an earlier harm never lower the risk). The line starts from the checklist and from what
trouble says: until harms say more, a cue is worth its points and a table column what it tells of trouble. The
trees start from the line, and get the more rounds the more harms there are to learn from; see docs/adr/0020
and 0073.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.design import Column, LinearDesign
from models.hazard_settings import HazardSettings
from models.linear import fit_ridge
from models.rows import HazardRows, baseline, collapsed
from models.trees import fit_trees, logits_of, shap_of
from models.trouble import Lead

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

SUGGESTED: Final = "suggested_points"
"""Checklist points by the tagger: worth what a point is worth, until harms say more."""
TEXT_COLUMNS: Final = ("text_sum", "text_worst", "trouble_sum", "trouble_worst", SUGGESTED)
TEXT_STARTS: Final = {"text_sum": 0.3, "trouble_sum": 0.2}
"""What a text column is worth before harms say more; the others nothing. See docs/adr/0073."""
BELIEVED_FROM: Final = 30.0
"""Weighted harms from which on text columns start there, and proportionally lower with fewer: until then cues
count as on the checklist."""
STAGE: Final = frozenset({"dispute_age_days", "is_closed"})
"""What every dispute goes through: learned freely, so that an intake is not given an old hazard."""


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
        booster: lgb.Booster | None,
        settings: HazardSettings,
        text_names: Sequence[str] = TEXT_COLUMNS,
    ) -> None:
        self.text_names = tuple(text_names)
        self.columns, self.cue_names, self.cue_signs = tuple(columns), tuple(cue_names), tuple(cue_signs)
        self.base, self.design = base, design
        self.intercept, self.coefficients = intercept, coefficients
        self.booster, self.settings = booster, settings
        self.followed = 0.0
        """How far harms said that the lead was to be followed, while training: 1 is as it is."""

    @property
    def names(self) -> tuple[str, ...]:
        """The trees' columns in order."""
        return (*(column.name for column in self.columns), *self.cue_names, *self.text_names, "interval")

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
        cue_points: Array,
        settings: HazardSettings,
        seed: int,
        text_names: Sequence[str] = TEXT_COLUMNS,
        design: LinearDesign | None = None,
        lead: Lead | None = None,
        neighbour: Array | None = None,
        progress: Progress | None = None,
    ) -> EscalationHazard:
        """Fit on query points.

        Parameters
        ----------
        table, cues, text
            Shapes (n, p), (n, c), (n, t). The text columns must be out of fold; NaN where there was no
            earlier text to learn from. None of them ever lowers the hazard.
        rows, weight
            The hazard rows and the weight of each query point, shape (n,).
        cue_points
            What each cue column is worth on the checklist, shape (c,).
        text_names
            Names of the text columns: two of each n-gram score, the
            tagger's points, and those of an encoder after them.
        design
            The terms of the table, where they are fitted already.
        lead
            What to follow over the terms, as far as harms say so.
        neighbour
            What another district's line gives each term and cue (`models.neighbour`): what this one starts
            from instead of nothing.
        """
        base = baseline(rows, weight)
        design = LinearDesign.fit(table, columns, weight) if design is None else design
        model = cls(columns, cue_names, cue_signs, base, design, 0.0, np.zeros(0), None, settings, text_names)
        model._fit_line(table, cues, text, rows, weight, cue_points, lead, neighbour)
        model._fit_trees(table, cues, text, rows, weight, seed, progress)
        return model

    def _fit_line(
        self,
        table: Array,
        cues: Array,
        text: Array,
        rows: HazardRows,
        weight: Array,
        cue_points: Array,
        lead: Lead | None,
        neighbour: Array | None,
    ) -> None:
        settings = self.settings
        events, exposure = collapsed(rows, weight, len(table))
        used = exposure > 0
        terms, texts = len(self.design.terms), len(self.text_names)
        staged = [self.columns[term.source].name in STAGE for term in self.design.terms]
        table_penalties = np.where(staged, settings.stage_penalty, settings.table_penalty)
        others = (
            settings.cue_penalty,
            settings.text_penalty,
            settings.lead_penalty,
            settings.neighbour_penalty,
            settings.points_penalty,
        )
        harms = float(weight[used] @ events[used])
        if not harms > 0:
            self.coefficients = np.zeros(terms + len(self.cue_names) + texts)
            return
        x = self._linear_matrix(table[used], cues[used], text[used])
        read = terms + len(self.cue_names)
        points = np.concatenate([cue_points, [float(name == SUGGESTED) for name in self.text_names]])
        led = np.zeros(len(x)) if lead is None else _centred(lead.column[used], weight[used])
        said = np.zeros(len(x)) if neighbour is None else _centred(x[:, :read] @ neighbour, weight[used])
        believed = min(1.0, harms / BELIEVED_FROM)
        starts = [believed * TEXT_STARTS.get(name, 0.0) for name in self.text_names]
        sums = [settings.lead_start, 0.0, settings.points_start]
        if neighbour is not None:  # its line holds what lead and points were worth to it
            sums = [0.0, 1.0, 0.0]
        self.intercept, found = fit_ridge(
            np.column_stack([x, led, said, x[:, terms:] @ points]),
            events[used],
            loss="poisson",
            penalty=np.concatenate(
                [table_penalties, np.repeat(others, (len(self.cue_names), texts, 1, 1, 1))]
            ),
            weight=weight[used],
            offset=np.log(exposure[used]),
            bounds=np.concatenate([self.design.signs, self.cue_signs, np.ones(texts + 3, dtype=np.int64)]),
            centre=np.concatenate([np.zeros(read), starts, sums]),
        )
        # points, lead and neighbour are sums over columns: what they are worth goes into the columns'
        *coefficients, follow, believe, point = found
        self.followed = float(follow)
        self.coefficients = np.asarray(coefficients)
        self.coefficients[terms:] += point * points
        for worth, direction in (
            (follow, None if lead is None else lead.direction),
            (believe, neighbour),
        ):
            if direction is not None:
                self.coefficients[:read] += worth * direction
                self.intercept -= worth * float(np.average(x[:, :read] @ direction, weights=weight[used]))

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
        line = self._line_logits(table, cues, text)
        signs = [*(0 if c.kind == "code" else c.monotone for c in self.columns), *self.cue_signs]
        self.booster = fit_trees(
            np.hstack([table, cues, text]),
            rows,
            weight,
            line,
            names=self.names,
            codes=[c.name for c in self.columns if c.kind == "code"],
            signs=[*signs, *(1 for _ in self.text_names), 0],
            settings=self.settings,
            seed=seed,
            progress=progress,
        )

    def _linear_matrix(self, table: Array, cues: Array, text: Array) -> Array:
        return np.hstack([self.design(table), cues, np.where(np.isnan(text), 0.0, text)])

    def linear(self, table: Array, cues: Array, text: Array) -> Array:
        """The line's log hazard relative to the baseline, shape (n,)."""
        if len(self.coefficients) == 0:
            return np.zeros(len(table))
        x = self._linear_matrix(table, cues, text)
        # a plain sum: the same case alone and in a batch gives the same bits
        return np.asarray((x * self.coefficients).sum(axis=1) + self.intercept)

    def _line_logits(self, table: Array, cues: Array, text: Array) -> Array:
        return self._links(self.linear(table, cues, text))

    def _links(self, linear: Array) -> Array:
        """Log hazard relative to the baseline, shape (n,), to the logit by interval, shape (n, 4)."""
        relative = np.exp(np.minimum(linear, 20))
        hazard = -np.expm1(np.log1p(-self.base)[None, :] * relative[:, None])
        return np.asarray(logit(np.clip(hazard, 1e-12, 1 - 1e-9)))

    def logits(self, table: Array, cues: Array, text: Array) -> Array:
        """Logit hazard by interval, shape (n, 4)."""
        line = self._line_logits(table, cues, text)
        if self.booster is None:
            return line
        return line + logits_of(
            self.booster, np.hstack([table, cues, text]), line.shape[1], self.settings.threads
        )

    def hazards(self, table: Array, cues: Array, text: Array) -> Array:
        """Uncalibrated hazard by interval, shape (n, 4)."""
        return np.asarray(expit(self.logits(table, cues, text)))

    def contributions(self, table: Array, cues: Array, text: Array, intervals: int) -> tuple[Array, Array]:
        """What each column but the interval adds to the logit hazard of the leading intervals, and what to.

        Returns
        -------
        contributions, base
            Shapes (intervals, n, d) and (intervals, n): the one over its columns and the other add up to
            `logits` in that interval.

        Notes
        -----
        TreeSHAP for the trees. For the line, which stands under a link (log hazard to logit hazard), each
        term's share of the linear predictor's distance from an average case: the rescale rule, exact in sum.

        References
        ----------
        Lundberg, S. M. et al. (2020), From local explanations to global understanding with explainable AI for
        trees, Nature Machine Intelligence 2. Shrikumar, A. et al. (2017), Learning important features through
        propagating activation differences, ICML.
        """
        n, width = len(table), len(self.names) - 1
        base = np.repeat(self._links(np.array([self.intercept]))[:, :intervals].T, n, axis=1)
        shown = np.zeros((intervals, n, width))
        if len(self.coefficients):
            terms = self._linear_matrix(table, cues, text) * self.coefficients
            sources = np.array([term.source for term in self.design.terms], dtype=np.int64)
            line = np.zeros((n, width))
            np.add.at(line.T, sources, terms[:, : len(sources)].T)
            line[:, len(self.columns) :] = terms[:, len(sources) :]
            distance = terms.sum(axis=1)
            moved = self._links(distance + self.intercept)[:, :intervals].T - base
            ratio = np.divide(moved, distance, out=np.ones_like(moved), where=np.abs(distance) > 1e-9)
            shown = line[None] * ratio[:, :, None]
        if self.booster is None:
            return shown, base
        shap = shap_of(self.booster, np.hstack([table, cues, text]), intervals, self.settings.threads)
        return shown + shap[:, :, :width], base + shap[:, :, width:].sum(axis=2)

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
            self.booster,
            settings,
            self.text_names,
        )


def _centred(column: Array, weight: Array) -> Array:
    """Less its mean; what is missing stands at it."""
    known = np.isfinite(column)
    if not weight[known].sum() > 0:
        return np.zeros(len(column))
    return np.where(known, column - np.average(column[known], weights=weight[known]), 0.0)
