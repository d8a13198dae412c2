"""All cues, in the order of their columns. Append, never reorder: trained models have learned the order."""

from __future__ import annotations

from typing import Final

from features.cues.catalogue_circumstances import CIRCUMSTANCES
from features.cues.catalogue_threats import THREATS
from features.cues.declaration import Cue

CUES: Final[tuple[Cue, ...]] = (*THREATS, *CIRCUMSTANCES)
BY_NAME: Final = {cue.name: cue for cue in CUES}

__all__ = ["BY_NAME", "CUES", "Cue"]
