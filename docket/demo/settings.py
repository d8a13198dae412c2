"""What a bench may vary about a demo district."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

Wordings: TypeAlias = Literal["all", "common", "held_out", "drifting"]


@dataclass(frozen=True)
class DistrictSettings:
    """The knobs of a demo district; the defaults are the frozen district.

    Parameters
    ----------
    base_rate
        Share of disputes with harm of any kind within 180 days of intake, 0.003 to 0.05.
    history
        How much a person's hidden propensity and the history of a pair decide severity; 0 is not at all.
    signals
        How far the signals in texts follow severity; 0 is not at all.
    wordings
        Which wordings of risk signals occur: ``all``; ``common``, two thirds of them; ``held_out``, the
        other third only; ``drifting``, the common ones until the last third of the years, all afterwards.
    wording_seed
        Chooses which third of the wordings is held out.
    drift
        Change of the log of every harm rate from the first day to the last; the mix of doors and the share
        of hot-tempered texts move along with it.
    late
        Share of disputes recorded days or weeks after they opened.
    duplicates
        Share of disputes that are a second record of a matter already known through another door.
    authority
        Share of disputes that are complaints about an official.
    petitions
        Share of narratives that mention petitioning. It has no effect on anything.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    base_rate: float = 0.02
    history: float = 1.0
    signals: float = 1.0
    wordings: Wordings = "all"
    wording_seed: int = 0
    drift: float = 0.15
    late: float = 0.18
    duplicates: float = 0.015
    authority: float = 0.03
    petitions: float = 0.04

    def __post_init__(self) -> None:
        limits = {
            "base_rate": (0.003, 0.05),
            "history": (0.0, 2.0),
            "signals": (0.0, 2.0),
            "drift": (-1.0, 1.0),
            "late": (0.0, 0.6),
            "duplicates": (0.0, 0.1),
            "authority": (0.0, 0.2),
            "petitions": (0.0, 0.5),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must lie within {low} and {high}, not {getattr(self, name)}")
        if self.wordings not in ("all", "common", "held_out", "drifting"):
            raise ValueError(f"unknown wordings: {self.wordings}")


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each part, so that a change in one part leaves the draws of others alone."""
    return np.random.default_rng([seed, *name.encode()])
