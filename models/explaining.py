"""What a risk is made of, column by column, and what it would be if columns were otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.inputs import Inputs
from models.targets import DEFAULT_HORIZON, EDGES

if TYPE_CHECKING:
    from models.calibration import HazardMap
    from models.estimator import Estimator
    from models.policy import ColourPolicy

Array = NDArray[np.float64]


def explained(
    estimator: Estimator, calibration: HazardMap, inputs: Inputs, text: Array
) -> tuple[Array, Array]:
    """What each column adds to the logit of the risk of escalation within 90 days, and what to.

    Returns
    -------
    contributions, average
        Shapes (n, d) and (n,): a row and the logit of an average case's risk add up to the logit of the risk.

    Notes
    -----
    Each interval's logit hazard is a sum over columns (`EscalationHazard.contributions`). The risk is a
    function of three of them: what an interval adds is weighed by its hazard's part in the cumulative hazard,
    and the whole is scaled to the distance between the risk and the average case's, which the weights miss by
    little.
    """
    intervals = EDGES[1:].index(DEFAULT_HORIZON) + 1
    raw, base = estimator.hazard.contributions(inputs.table, inputs.cues, text, intervals)
    shown = calibration.slope * raw
    average = calibration(expit(base))
    hazards = expit(logit(average) + shown.sum(axis=2))
    start, end = (logit(-np.expm1(np.log1p(-h).sum(axis=0))) for h in (average, hazards))
    weight = -np.log1p(-hazards) - np.log1p(-average)
    weight /= weight.sum(axis=0)
    # plain sums: the same case alone and in a batch gives the same bits
    mixed = (shown * weight[:, :, None]).sum(axis=0)
    total = mixed.sum(axis=1)
    scale = np.divide(end - start, total, out=np.ones_like(total), where=np.abs(total) > 1e-9)
    return mixed * scale[:, None], start


@dataclass(frozen=True)
class OneCase:
    """A case and the model that it is asked about; its text is read once."""

    estimator: Estimator
    calibration: HazardMap
    policy: ColourPolicy
    inputs: Inputs

    @cached_property
    def text(self) -> Array:
        """The text columns, shape (1, t)."""
        return self.estimator.text_columns(self.inputs)

    @cached_property
    def risks(self) -> Array:
        """The twelve risks, shape (12,)."""
        return np.asarray(self.under([])[0])

    @cached_property
    def bounds(self) -> tuple[Array, Array] | None:
        """The ends of the twelve risks' intervals, shape (12,) each; None where the model states none."""
        found = self.estimator.bounds(self.inputs, self.calibration, self.text)
        if found is None:
            return None
        # rounding must not put a risk outside of its own interval
        return np.minimum(found[0][0], self.risks), np.maximum(found[1][0], self.risks)

    @cached_property
    def values(self) -> dict[str, float]:
        """The table's columns by name."""
        names = (column.name for column in self.estimator.hazard.columns)
        return dict(zip(names, self.inputs.table[0].tolist(), strict=True))

    @cached_property
    def contributions(self) -> dict[str, float]:
        """What each column adds, in logits; see `explained`."""
        shown, _ = explained(self.estimator, self.calibration, self.inputs, self.text)
        return dict(zip(self.estimator.hazard.names[:-1], shown[0].tolist(), strict=True))

    def under(self, changes: Sequence[Mapping[str, float]]) -> Array:
        """The twelve risks as they are, and as they would be under each change of columns, shape (1 + k, 12).

        Parameters
        ----------
        changes
            Table columns with their other values; the text stays. A column that the model doesn't read
            changes nothing.
        """
        place = {column.name: number for number, column in enumerate(self.estimator.hazard.columns)}
        size = 1 + len(changes)
        table, cues, text = (
            np.repeat(part, size, axis=0) for part in (self.inputs.table, self.inputs.cues, self.text)
        )
        for row, change in enumerate(changes, 1):
            for name, value in change.items():
                if name in place:
                    table[row, place[name]] = value
        return self.estimator.risks(Inputs(table, cues, self.inputs.corpus), self.calibration, text)

    def scores(self, changes: Sequence[Mapping[str, float]]) -> Array:
        """The logit of what the colour is read from, as it is and under each change, shape (1 + k,)."""
        return np.asarray(logit(self.policy.index(self.under(changes))))
