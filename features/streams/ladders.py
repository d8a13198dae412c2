"""The steps of an escalation, as numbers: which kind of dispute or event is worse than which.

Judged, not fitted: B-SAFER and the DASH ask whether things are getting worse, and a ladder is the least that
must be said for a machine to answer. Only the order counts.
"""

from __future__ import annotations

from typing import Final

KIND_STEPS: Final = {
    "divorce": 1,
    "family": 1,
    "neighbour": 1,
    "injury": 2,
    "domestic_violence": 2,
}
"""A quarrel between people is a step above one about things (0), blows one above that."""

EVENT_STEPS: Final = {
    "repeat_report": 1,
    "mediation_failed": 2,
    "agreement_breached": 2,
    "police_call": 3,
    "warning_letter": 4,
    "protection_order": 4,
}
"""Reported again, a settlement lost, the police called, violence found proven; all else is no step (0)."""
