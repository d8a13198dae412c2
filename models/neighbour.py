"""What another district's model says, as a start for one that has little to learn from.

The neighbour's *line* is carried over: what each term of the table and each cue is worth. Terms are matched
by column, transformation and category, and brought to the scale of the new district. Its text score and its
trees stay behind, for they hold the other district's wordings and rates. The new fit is drawn to following
the line as it is (`HazardSettings.neighbour_penalty`), follows it less where its own harms speak against it,
and departs from it term by term as it would depart from nothing: a ridge prior, as in hierarchical transfer
(Raina, Ng & Koller 2006; Evgeniou & Pontil 2004).

References
----------
Evgeniou, T. & Pontil, M. (2004), Regularized multi-task learning, KDD.
Raina, R., Ng, A. Y. & Koller, D. (2006), Constructing informative priors using transfer learning, ICML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.design import Column, LinearDesign, Term

if TYPE_CHECKING:
    from models.hazard import EscalationHazard

Array = NDArray[np.float64]
Key: TypeAlias = tuple[str, str, float]


def line_of(
    neighbour: EscalationHazard, design: LinearDesign, columns: Sequence[Column], cue_names: Sequence[str]
) -> Array:
    """What the neighbour's line gives each term of `design` and each cue, shape (terms + cues,).

    What it doesn't know is worth nothing, as it is without a neighbour.
    """
    theirs = {
        _key(term, neighbour.columns): coefficient / term.scale
        for term, coefficient in zip(neighbour.design.terms, neighbour.coefficients, strict=False)
    }
    terms = [theirs.get(_key(term, columns), 0.0) * term.scale for term in design.terms]
    of_cues = neighbour.coefficients[len(neighbour.design.terms) :]
    cues = dict(zip(neighbour.cue_names, of_cues.tolist(), strict=False))
    return np.array([*terms, *(cues.get(name, 0.0) for name in cue_names)])


def _key(term: Term, columns: Sequence[Column]) -> Key:
    return columns[term.source].name, term.kind, term.code
