"""Who falls out with whom: pairs of people who have a relation, and how often each pair does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS
from docket.demo.world import Ints, World

KIND_MIX: Final = {
    "neighbour": 0.16, "family": 0.11, "divorce": 0.10, "domestic_violence": 0.07, "debt": 0.10, "labour": 0.09,
    "property_management": 0.06, "housing": 0.06, "injury": 0.045, "land": 0.04, "contract": 0.03, "traffic": 0.03,
    "consumer": 0.035, "medical": 0.015, "school": 0.015, "demolition": 0.015, "environment": 0.02, "other": 0.025,
}  # fmt: skip
_RELATION_MIX: Final = {
    "divorce": {"spouse": 0.72, "ex_spouse": 0.28},
    "domestic_violence": {"spouse": 0.70, "ex_spouse": 0.16, "family": 0.14},
    "family": {"family": 0.85, "spouse": 0.15},
    "neighbour": {"neighbour": 1.0},
    "housing": {"business": 0.55, "neighbour": 0.3, "family": 0.15},
    "land": {"neighbour": 0.6, "family": 0.25, "business": 0.15},
    "debt": {"business": 0.55, "family": 0.15, "colleague": 0.1, "stranger": 0.05, "unknown": 0.15},
    "contract": {"business": 0.9, "stranger": 0.1},
    "labour": {"business": 0.75, "colleague": 0.25},
    "injury": {"stranger": 0.4, "neighbour": 0.3, "colleague": 0.2, "unknown": 0.1},
    "traffic": {"stranger": 0.9, "unknown": 0.1},
    "medical": {"business": 0.6, "unknown": 0.4},
    "property_management": {"business": 0.8, "neighbour": 0.2},
    "consumer": {"business": 0.8, "stranger": 0.2},
    "school": {"stranger": 0.5, "unknown": 0.3, "neighbour": 0.2},
    "demolition": {"business": 0.5, "family": 0.3, "unknown": 0.2},
    "environment": {"neighbour": 0.6, "business": 0.4},
    "other": {"unknown": 0.5, "stranger": 0.3, "neighbour": 0.2},
}
AUTHORITY_KINDS: Final = ("demolition", "land", "other", "environment", "housing")
_TURNS_INTO: Final = {
    "neighbour": ("injury", 0.14), "divorce": ("domestic_violence", 0.18), "family": ("domestic_violence", 0.06),
    "debt": ("injury", 0.06), "land": ("injury", 0.10), "property_management": ("neighbour", 0.08),
    "environment": ("neighbour", 0.2), "labour": ("injury", 0.04),
}  # fmt: skip


@dataclass(frozen=True)
class Pairs:
    """One row a dispute: its pair, kind, relation, applicant and respondent."""

    pair: Ints
    kind: Ints
    relation: Ints
    applicant: Ints
    respondent: Ints


def draw(rng: np.random.Generator, world: World, n: int) -> Pairs:
    """`n` disputes in pairs; a tenth of the pairs make a third of them."""
    size = 1 + np.minimum(rng.poisson(rng.gamma(0.28, 1.9, size=n)), 24)
    used = int(np.searchsorted(np.cumsum(size), n)) + 1
    size = size[:used]
    size[-1] -= int(size.sum()) - n
    kind_codes = np.array([DISPUTE_KINDS.index(k) for k in KIND_MIX])
    kind = kind_codes[
        rng.choice(len(kind_codes), size=used, p=np.array(list(KIND_MIX.values())) / sum(KIND_MIX.values()))
    ]
    relation = np.zeros(used, dtype=np.int64)
    for name, mix in _RELATION_MIX.items():
        rows = np.flatnonzero(kind == DISPUTE_KINDS.index(name))
        codes = np.array([RELATIONS.index(r) for r in mix])
        relation[rows] = codes[rng.choice(len(codes), size=len(rows), p=list(mix.values()))]
    a, b = _people(rng, world, relation)
    pair = np.repeat(np.arange(used), size)
    kind, relation = kind[pair], relation[pair]
    first = np.concatenate([[True], pair[1:] != pair[:-1]])
    for name, (turned, chance) in _TURNS_INTO.items():
        move = (kind == DISPUTE_KINDS.index(name)) & ~first & (rng.random(n) < chance)
        kind = np.where(move, DISPUTE_KINDS.index(turned), kind)
    swap = ~first & (rng.random(n) < 0.2)
    applicant, respondent = np.where(swap, b[pair], a[pair]), np.where(swap, a[pair], b[pair])
    return Pairs(pair, kind, relation, applicant, respondent)


def _people(rng: np.random.Generator, world: World, relation: Ints) -> tuple[Ints, Ints]:
    """A pair of people for each relation; applicant first."""
    n = len(relation)
    pool = np.flatnonzero(world.weight > 0)
    weight = world.weight[pool] / world.weight[pool].sum()
    a = rng.choice(pool, size=n, p=weight)
    b = rng.choice(pool, size=n, p=weight)
    hubs = rng.permutation(pool)[: max(20, len(pool) // 60)]
    hub_weight = 1.0 / (np.arange(len(hubs)) + 12.0)
    chosen: dict[str, Ints] = {r: np.flatnonzero(relation == RELATIONS.index(r)) for r in RELATIONS}
    for name, link in (("spouse", world.spouse), ("ex_spouse", world.former)):
        rows = chosen[name]
        have = np.flatnonzero((link >= 0) & (world.weight > 0))
        who = rng.choice(have, size=len(rows), p=world.weight[have] / world.weight[have].sum())
        # Wives come to the door more often than husbands do.
        other = link[who]
        wife_first = rng.random(len(rows)) < 0.74
        male = world.male[who]
        a[rows] = np.where(male == wife_first, other, who)
        b[rows] = link[a[rows]]
    rows = chosen["family"]
    start, home = world.house_start, world.household
    width = start[home[a[rows]] + 1] - start[home[a[rows]]]
    inside = start[home[a[rows]]] + (rng.random(len(rows)) * width).astype(np.int64)
    kin_home = (home[a[rows]] * 7919 + 13) % (len(start) - 1)
    kin = start[kin_home]
    b[rows] = np.where((rng.random(len(rows)) < 0.6) & (world.weight[inside] > 0), inside, kin)
    rows = chosen["neighbour"]
    where = world.grid[a[rows]]
    where = np.where(rng.random(len(rows)) < 0.25, world.adjacent[where], where)
    low, high = np.searchsorted(world.grid, where, "left"), np.searchsorted(world.grid, where, "right")
    near = low + (rng.random(len(rows)) * (high - low)).astype(np.int64)
    b[rows] = np.where(high > low, near, b[rows])
    rows = chosen["colleague"]
    order = np.argsort(world.workplace, kind="stable")
    sorted_place = world.workplace[order]
    low = np.searchsorted(sorted_place, world.workplace[a[rows]], "left")
    high = np.searchsorted(sorted_place, world.workplace[a[rows]], "right")
    b[rows] = order[low + (rng.random(len(rows)) * (high - low)).astype(np.int64)]
    rows = chosen["business"]
    b[rows] = hubs[rng.choice(len(hubs), size=len(rows), p=hub_weight / hub_weight.sum())]
    bad = (a == b) | (world.weight[b] <= 0)
    spare = rng.choice(pool, size=n, p=weight)
    b = np.where(bad, spare, b)
    return a, np.where(a == b, pool[(np.searchsorted(pool, a) + 1) % len(pool)], b)


def extra_people(
    rng: np.random.Generator, world: World, applicant: Ints, respondent: Ints
) -> tuple[NDArray[np.int64], list[tuple[str, Ints, Ints]]]:
    """Further parties from the households: (role, rows, persons) for each way of being drawn in."""
    n = len(applicant)
    out: list[tuple[str, Ints, Ints]] = []
    for role, of, share, least_weight in (
        ("applicant", applicant, 0.06, True),
        ("respondent", respondent, 0.03, True),
        ("affected", applicant, 0.11, False),
    ):
        rows = np.flatnonzero((rng.random(n) < share) & (of >= 0))
        home = world.household[of[rows]]
        width = world.house_start[home + 1] - world.house_start[home]
        who = world.house_start[home] + (rng.random(len(rows)) * width).astype(np.int64)
        keep = (who != applicant[rows]) & (who != respondent[rows])
        if least_weight:
            keep &= world.weight[who] > 0
        out.append((role, rows[keep], who[keep]))
    return np.arange(n), out
