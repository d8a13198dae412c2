"""The effect of a visit that met somebody, from visits that nobody drew by lot: a trial begun on each day.

On every day each dispute that no visit reached of late is an occasion: it is visited that day or it isn't.
The chance of that is modelled from what was known as the day began, so that unvisited occasions can be
weighted to be like the visited ones. Who isn't visited today may be visited tomorrow; from then on that
occasion no longer says what comes without a visit, and what came before stands for those so censored, by
the inverse of the chance of having stayed unvisited. What this can't see is a reason for a visit that the
records don't hold.

References
----------
Hernan & Robins, Am. J. Epidemiology 183 (2016) 758-764: emulating a trial; a trial begun at each time.
Robins & Finkelstein, Biometrics 56 (2000) 779-788: inverse probability of censoring weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.effects.days import OUTCOMES, District, Happenings
from models.effects.estimating import (
    Array,
    Effect,
    Occasions,
    doubly_robust,
    imbalance,
    unweighted,
    weighted,
)

FOLLOW: Final = 30
"""Days after a visit that are looked at."""
WASHOUT: Final = 60
"""Days without a visit after which another is a first one again."""
FEW: Final = 30
"""Visits below which nothing is estimated."""
FOLDS: Final = 5
_CONTROLS: Final = 150_000
_LEARNED_FROM: Final = 150_000
_PART: Final = 500_000
_MOST_LOST: Final = 0.95

Ints = NDArray[np.int64]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """What was estimated of one outcome.

    Attributes
    ----------
    outcome
        One of `OUTCOMES`, counted over the days that follow.
    unweighted, weighted, doubly_robust
        The effect by each.
    """

    outcome: str
    unweighted: Effect
    weighted: Effect
    doubly_robust: Effect


@dataclass(frozen=True)
class Visiting:
    """What visits did.

    Attributes
    ----------
    visits, occasions
        How many of either were compared.
    effective
        How many equally weighted unvisited occasions say as much as those there are.
    imbalance
        The largest standardised difference before and after weighting.
    found
        By outcome.
    """

    visits: int
    occasions: int
    effective: float
    imbalance: tuple[float, float]
    found: list[Found]


def estimate(
    district: District,
    *,
    follow: int = FOLLOW,
    washout: int = WASHOUT,
    seed: int = 0,
    tell: Tell | None = None,
) -> Visiting | None:
    """Estimate the effect of a visit; None with fewer than `FEW` visits to estimate it from."""
    rng = np.random.default_rng(seed)
    dispute, day = district.days
    visited = district.visits.on(dispute, day)
    possible = district.current(dispute, day) > 0
    if visited.sum() < FEW:
        return None
    if tell is not None:
        tell("learning who is visited")
    fold = rng.integers(FOLDS, size=len(district.begin))
    chance = _chances(district, dispute, day, visited, possible, fold, rng)
    fresh = possible & (district.visits.before(dispute, day)[1] > washout)
    taken = np.flatnonzero(fresh & visited)
    pool = np.flatnonzero(fresh & ~visited)
    if len(taken) < FEW or not len(pool):
        return None
    kept = np.sort(rng.choice(pool, size=min(_CONTROLS, len(pool)), replace=False))
    rows = np.concatenate([taken, kept])
    weight = np.where(np.arange(len(rows)) < len(taken), 1.0, len(pool) / len(kept))
    stayed = _Stayed(dispute, day, chance)
    columns = district.columns(dispute[rows], day[rows])
    found = []
    for outcome in OUTCOMES:
        if tell is not None:
            tell(f"what came of it: {outcome}")
        counted = _counted(district, district.happened[outcome], stayed, rows, len(taken), follow)
        data = Occasions(
            np.arange(len(rows)) < len(taken),
            counted,
            chance[rows] / (1 - chance[rows]),
            weight,
            dispute[rows],
        )
        expected = _expected(data, columns, fold[dispute[rows]])
        found.append(Found(outcome, unweighted(data), weighted(data), doubly_robust(data, expected)))
    return Visiting(len(taken), len(pool), data.effective, imbalance(data, columns), found)


def _chances(
    district: District,
    dispute: Ints,
    day: Ints,
    visited: NDArray[np.bool_],
    possible: NDArray[np.bool_],
    fold: Ints,
    rng: np.random.Generator,
) -> Array:
    """The chance of a visit on each day, by a model that has not seen the dispute."""
    yes = np.flatnonzero(visited & possible)
    no = np.flatnonzero(~visited & possible)
    sample = rng.choice(no, size=min(_LEARNED_FROM, len(no)), replace=False)
    rows = np.concatenate([yes, sample])
    weight = np.concatenate([np.ones(len(yes)), np.full(len(sample), len(no) / len(sample))])
    columns = district.columns(dispute[rows], day[rows])
    of = fold[dispute[rows]]
    chance = np.zeros(len(day))
    models = []
    for held in range(FOLDS):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=500))
        seen = of != held
        model.fit(columns[seen], visited[rows][seen], logisticregression__sample_weight=weight[seen])
        models.append(model)
    for first in range(0, len(day), _PART):
        part = slice(first, first + _PART)
        known = district.columns(dispute[part], day[part])
        of = fold[dispute[part]]
        for held, model in enumerate(models):
            mine = of == held
            if mine.any():
                chance[first : first + _PART][mine] = model.predict_proba(known[mine])[:, 1]
    return np.where(possible, np.clip(chance, 0.0, _MOST_LOST), 0.0)


class _Stayed:
    """The chance that a dispute stays unvisited over some days."""

    def __init__(self, dispute: Ints, day: Ints, chance: Array) -> None:
        self.dispute, self.day = dispute, day
        self.total = np.concatenate([[0.0], np.cumsum(np.log1p(-chance))])

    def through(self, row: Ints, days: Ints) -> Array:
        """From the day after a row's on, for so many days; of days beyond those looked at nothing is lost."""
        last = np.minimum(row + days + 1, len(self.day))
        return np.asarray(np.exp(self.total[last] - self.total[row + 1]), dtype=np.float64)


def _counted(
    district: District, what: Happenings, stayed: _Stayed, rows: Ints, treated: int, follow: int
) -> Array:
    """How often something happened in the days after each row's; of the untreated until their next visit."""
    dispute, day = stayed.dispute[rows], stayed.day[rows]
    begin = np.searchsorted(what.key, dispute * 2**20 + day + 1)
    end = np.searchsorted(what.key, dispute * 2**20 + day + follow, side="right")
    owner = np.repeat(np.arange(len(rows)), end - begin)
    place = (
        np.repeat(begin, end - begin)
        + np.arange(len(owner))
        - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
    )
    wait = what.key[place] % 2**20 - day[owner]
    visit = district.visits.after(dispute, day + 1) - day
    counts = owner < treated
    # A visit works from the day after it: what happens on its own day still came without it.
    counts |= wait <= visit[owner]
    value = np.where(owner < treated, 1.0, 1.0 / stayed.through(rows[owner], wait - 1))
    total = np.bincount(owner, np.where(counts, value, 0.0), len(rows))
    return np.asarray(total, dtype=np.float64)


def _expected(data: Occasions, columns: Array, fold: Ints) -> Array:
    """What was to be expected without a visit, by a model that has not seen the dispute."""
    expected = np.zeros(len(fold))
    for held in range(FOLDS):
        seen = (fold != held) & ~data.treated
        model = make_pipeline(StandardScaler(), PoissonRegressor(alpha=1e-4, max_iter=500))
        # Fitted where the treated are: there the answer is asked for.
        model.fit(
            columns[seen],
            data.outcome[seen],
            poissonregressor__sample_weight=data.control_weight[seen] / data.control_weight[seen].mean(),
        )
        mine = fold == held
        expected[mine] = model.predict(columns[mine])
    return expected
