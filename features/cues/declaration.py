"""What a cue is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Cue:
    """One thing that a trained assessor looks for.

    Attributes
    ----------
    name
        Key, stable: models have learned it.
    title
        What staff read, in Chinese.
    definition
        When it is present.
    instrument
        The published instrument that asks for it.
    points
        Weight in the checklist (0 to 3), as DASH-style forms count.
    advice
        What a worker should look out for; '' where there is nothing particular.
    patterns
        Regular expressions over one clause of prepared text. The match is the cue's core: what may deny it
        stands before or after.
    examples, counter_examples
        Clauses that assert it, and clauses that mention the same words and don't.
    """

    name: str
    title: str
    definition: str
    instrument: str
    points: float
    patterns: tuple[str, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    advice: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """All patterns as one."""
        return re.compile("|".join(f"(?:{pattern})" for pattern in self.patterns))
