"""Cues: what a trained risk assessor looks for in a text, how it was meant, and where it stands."""

from features.cues.catalogue import BY_NAME, CUES, Cue
from features.cues.clauses import PolarClause, polar_clauses
from features.cues.floors import FLOOR_CUES, floor
from features.cues.matrix import CUE_COLUMNS, checklist, cue_matrix, points
from features.cues.tagging import Finding, tag

__all__ = [
    "BY_NAME",
    "CUES",
    "CUE_COLUMNS",
    "FLOOR_CUES",
    "Cue",
    "Finding",
    "PolarClause",
    "checklist",
    "cue_matrix",
    "floor",
    "points",
    "polar_clauses",
    "tag",
]
