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
    from models.ranges import Ranges

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
    """A case as the model has read it, and the model, to be asked what would be otherwise.

    Attributes
    ----------
    table, cues, text
        Its columns, shapes (1, p), (1, c) and (1, t).
    risks
        The twelve risks, shape (12,).
    bounds
        The ends of their intervals, shape (12,) each; None where the model states none.
    contributions
        What each column adds, in logits; see `explained`.
    outside
        Whether it lies outside of what the model was trained on, by its table and by its text, shape (2,).
    """

    estimator: Estimator
    calibration: HazardMap
    policy: ColourPolicy
    table: Array
    cues: Array
    text: Array
    risks: Array
    bounds: tuple[Array, Array] | None
    contributions: dict[str, float]
    outside: NDArray[np.bool_]

    @cached_property
    def values(self) -> dict[str, float]:
        """The table's columns by name."""
        names = (column.name for column in self.estimator.hazard.columns)
        return dict(zip(names, self.table[0].tolist(), strict=True))

    def under(self, changes: Sequence[Mapping[str, float]]) -> Array:
        """The twelve risks as they are, and as they would be under each change of columns, shape (1 + k, 12).

        Parameters
        ----------
        changes
            Table columns with their other values; the text stays. A column that the model doesn't read
            changes nothing.
        """
        return under([self], [changes])[0]

    def scores(self, changes: Sequence[Mapping[str, float]]) -> Array:
        """The logit of what the colour is read from, as it is and under each change, shape (1 + k,)."""
        return np.asarray(logit(self.policy.index(self.under(changes))))


def under(cases: Sequence[OneCase], changes: Sequence[Sequence[Mapping[str, float]]]) -> list[Array]:
    """`OneCase.under` of cases that one model has read, each under changes of its own, in one call."""
    if not cases:
        return []
    estimator = cases[0].estimator
    place = {column.name: number for number, column in enumerate(estimator.hazard.columns)}
    sizes = [1 + len(of_case) for of_case in changes]
    table, cues, text = (
        np.repeat(np.concatenate(parts), sizes, axis=0)
        for parts in zip(*((case.table, case.cues, case.text) for case in cases), strict=True)
    )
    ends = np.cumsum(sizes)
    for end, size, of_case in zip(ends.tolist(), sizes, changes, strict=True):
        for row, change in enumerate(of_case, end - size + 1):
            for name, value in change.items():
                if name in place:
                    table[row, place[name]] = value
    risks = estimator.risks_of(table, cues, text, cases[0].calibration)
    return np.split(risks, ends[:-1])


def cases_of(
    estimator: Estimator, calibration: HazardMap, policy: ColourPolicy, ranges: Ranges, inputs: Inputs
) -> list[OneCase]:
    """Each of n cases, alone or among others the same."""
    if len(inputs) == 0:
        return []
    text = estimator.text_columns(inputs)
    risks = estimator.risks(inputs, calibration, text)
    bounds = estimator.bounds(inputs, calibration, text)
    shown, _ = explained(estimator, calibration, inputs, text)
    outside = ranges.outside(inputs, estimator.hazard.design, estimator.score)
    names = estimator.hazard.names[:-1]
    found = []
    for row in range(len(inputs)):
        ends = None
        if bounds is not None:
            # rounding must not put a risk outside of its own interval
            ends = np.minimum(bounds[0][row], risks[row]), np.maximum(bounds[1][row], risks[row])
        found.append(
            OneCase(
                estimator,
                calibration,
                policy,
                inputs.table[row : row + 1],
                inputs.cues[row : row + 1],
                text[row : row + 1],
                risks[row],
                ends,
                dict(zip(names, shown[row].tolist(), strict=True)),
                outside[row],
            )
        )
    return found
