"""Cues as columns, and as the points of a checklist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from features.cues.catalogue import BY_NAME, CUES
from features.cues.tagging import Finding, tag

CUE_COLUMNS: Final = tuple(f"cue_{cue.name}" for cue in CUES) + tuple(
    f"cue_{cue.name}_denied" for cue in CUES
)
"""For each cue whether it is asserted anywhere in the text; then whether it is only mentioned otherwise."""

_PLACE: Final = {cue.name: place for place, cue in enumerate(CUES)}


def cue_matrix(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Cue columns of each text, shape (n, len(CUE_COLUMNS)), 0 or 1.

    A cue said twice counts once, so that more of the same evidence changes nothing.
    """
    matrix = np.zeros((len(texts), len(CUE_COLUMNS)))
    for row, text in enumerate(texts):
        for finding in tag(text):
            place = _PLACE[finding.cue]
            matrix[row, place if finding.polarity == "asserted" else place + len(CUES)] = 1.0
    other = matrix[:, len(CUES) :]
    other[matrix[:, : len(CUES)] > 0] = 0.0
    return matrix


def points(findings: Iterable[Finding]) -> float:
    """Checklist points: each asserted cue counts once with its weight, as DASH-style forms do."""
    return sum(BY_NAME[name].points for name in {f.cue for f in findings if f.polarity == "asserted"})


def checklist(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Checklist points of each text, shape (n,): the baseline that a model must beat."""
    return np.array([points(tag(text)) for text in texts], dtype=np.float64)
