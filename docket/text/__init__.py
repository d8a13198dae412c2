"""Texts: normalised, masked, freed of what must not be read, with the way back to what was written."""

from docket.text.preparing import STEPS, Prepared, prepare, run

__all__ = ["STEPS", "Prepared", "prepare", "run"]
