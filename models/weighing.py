"""What is asked of the model to say why: of many cases in one call, or of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from models.counterfactuals import Lever, tried_levers
from models.explaining import OneCase, under
from models.reasons import Told, TriedFact, told_of, tried_facts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Weighed:
    """A case, and what the model would answer if columns of it were otherwise.

    Attributes
    ----------
    told
        The facts that raise its score, the most first.
    levers, risks
        What might lower it, each with its words, and the twelve risks as they are and under each, shape
        (1 + levers, 12).
    """

    case: OneCase
    told: list[Told]
    levers: list[tuple[Lever, str]]
    risks: Array


def weigh(cases: Sequence[OneCase]) -> list[Weighed]:
    """Weigh cases that one model has read; each alone or among others the same."""
    facts = [tried_facts(case.values, case.contributions) for case in cases]
    levers = [tried_levers(case.values) for case in cases]
    changes = [
        [
            *(tried.fact.gone(case.values) for tried in of_facts),
            *(lever.change(case.values) for lever, _ in of_levers),
        ]
        for case, of_facts, of_levers in zip(cases, facts, levers, strict=True)
    ]
    answers = under(cases, changes)
    return [
        _weighed(case, of_facts, of_levers, risks)
        for case, of_facts, of_levers, risks in zip(cases, facts, levers, answers, strict=True)
    ]


def _weighed(case: OneCase, facts: list[TriedFact], levers: list[tuple[Lever, str]], risks: Array) -> Weighed:
    gone = risks[: 1 + len(facts)]
    scores = np.asarray(logit(case.policy.index(gone)))
    return Weighed(case, told_of(facts, scores), levers, np.delete(risks, slice(1, 1 + len(facts)), axis=0))
