"""How a text becomes clauses and cues: the language side, in the shape that the estimators read.

Reading a text costs far more than reading a number, and most texts of a district are read several times (at
intake, after an event, on a quiet day), so each distinct text is read once a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.cues import (
    BY_NAME,
    CUE_COLUMNS,
    CUES,
    Finding,
    checklist,
    cue_matrix,
    floor,
    points,
    polar_clauses,
    tag,
)
from models.corpus import Clause

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

CUE_NAMES: Final = CUE_COLUMNS
CUE_SIGNS: Final = (1,) * len(CUES) + (-1,) * (len(CUE_COLUMNS) - len(CUES))
"""An asserted cue never lowers the risk, and one that is only denied never raises it. The second rule makes
the first hold where an assertion takes the place of a denial."""
CUE_POINTS: Final = np.array([cue.points for cue in CUES] + [0.0] * (len(CUE_COLUMNS) - len(CUES)))
"""What the checklist gives for each cue column."""
_BATCH: Final = 2_000


def clauses_of(text: str) -> list[Clause]:
    """The clauses of a prepared text as the n-gram score reads them."""
    return [
        Clause(clause.text, "" if clause.sense == "plain" else clause.sense, clause.cue, clause.mention)
        for clause in polar_clauses(text)
    ]


def cue_rows(texts: Sequence[str], progress: Progress | None = None) -> Array:
    """The cue columns of texts, shape (n, len(CUE_NAMES))."""
    place: dict[str, int] = {}
    rows = np.array([place.setdefault(text, len(place)) for text in texts], dtype=np.int64)
    distinct = list(place)
    parts = []
    for start in range(0, len(distinct), _BATCH):
        parts.append(cue_matrix(distinct[start : start + _BATCH]))
        if progress is not None:
            progress(min(start + _BATCH, len(distinct)), len(distinct))
    whole = np.concatenate(parts) if parts else np.zeros((0, len(CUE_NAMES)))
    return np.asarray(whole[rows])


def floored(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether a safety floor applies to each text, shape (n,)."""
    held = {text: bool(floor(tag(text))) for text in set(texts)}
    return np.array([held[text] for text in texts], dtype=bool)


def checklist_points(texts: Sequence[str]) -> Array:
    """Checklist points of each text, shape (n,)."""
    return np.asarray(checklist(texts), dtype=np.float64)


def points_of(findings: Iterable[Finding]) -> float:
    """Checklist points of what was read."""
    return float(points(findings))


def asserted(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that count as present."""
    return [finding for finding in findings if finding.polarity == "asserted"]


def cue_title(name: str) -> str:
    """What staff call a cue."""
    return BY_NAME[name].title


def quoted(text: str, finding: Finding) -> str:
    """The clause in which a cue stands, in Chinese quotation marks: prepared text, so masked."""
    begin = max(text.rfind(mark, 0, finding.start) for mark in "，\n") + 1
    ends = [place for place in (text.find(mark, finding.end) for mark in "，\n") if place >= 0]
    return f"“{text[begin : min(ends, default=len(text))]}”"
