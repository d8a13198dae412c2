"""Safety floors: stated dangers that make a case red whatever a score says.

A floor needs no model. It rests on what is asserted: a denied, joking, reported or past danger is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from features.cues.tagging import Finding

_ALONE: Final = frozenset({"threat_jump", "strangulation", "suicide_means", "fire_gas"})
_TOGETHER: Final = ((frozenset({"threat_kill", "die_together"}), frozenset({"weapon"})),)
"""Pairs of which one of each side must be asserted in the same text."""

FLOOR_CUES: Final = _ALONE | frozenset().union(*(left | right for left, right in _TOGETHER))


def floor(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that put a floor under the colour; none if it is empty.

    Parameters
    ----------
    findings
        From `features.cues.tag`, of one document.
    """
    asserted = [finding for finding in findings if finding.polarity == "asserted"]
    present = {finding.cue for finding in asserted}
    counting = set(_ALONE)
    for left, right in _TOGETHER:
        if present & left and present & right:
            counting |= left | right
    return [finding for finding in asserted if finding.cue in counting]
