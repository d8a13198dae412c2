"""What is fixed before a hazard is fitted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HazardSettings:
    """What is fixed before the fit.

    Attributes
    ----------
    table_penalty, text_penalty
        Ridge penalties of standardised table terms and of the text score.
    stage_penalty
        Ridge penalty of the terms that say how far on a dispute is (`STAGE`).
    cue_penalty
        Ridge penalty of what a cue is worth beyond its checklist points.
    points_start, points_penalty
        What one checklist point is worth before harms say more, as a factor on the log hazard, and the ridge
        penalty of departing from it; see docs/adr/0073 for this and the next.
    lead_start, lead_penalty
        The same of how far the lead is followed; see `models.trouble`.
    neighbour_penalty
        Ridge penalty of following a neighbour's line more or less than it says; see `models.neighbour`.
    trees
        Most boosting rounds.
    harms_a_tree
        Weighted harms that earn one boosting round.
    learning_rate, leaves
        Step of a round, and its leaves.
    threads
        Of LightGBM; 0 is all cores.
    """

    table_penalty: float = 3000.0
    stage_penalty: float = 15.0
    cue_penalty: float = 60.0
    points_start: float = 0.1
    points_penalty: float = 300.0
    text_penalty: float = 20.0
    lead_start: float = 1.5
    lead_penalty: float = 10.0
    neighbour_penalty: float = 30.0
    trees: int = 80
    harms_a_tree: float = 10.0
    learning_rate: float = 0.03
    leaves: int = 8
    threads: int = 0
