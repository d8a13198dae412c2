"""The matters of a district: who, about what, opened when, learned when, how severe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS, SOURCES
from docket.demo import law
from docket.demo.law import Floats
from docket.demo.pairs import AUTHORITY_KINDS, draw
from docket.demo.settings import DistrictSettings, stream
from docket.demo.world import Ints, World
from docket.times import DAY, HOUR, MINUTE, SECOND

UNKNOWN: Final = RELATIONS.index("unknown")
AUTHORITY: Final = RELATIONS.index("authority")
POLICE: Final = SOURCES.index("police_110")
_AMOUNT_KINDS: Final = {"debt": 0.9, "labour": 0.7, "contract": 0.7, "traffic": 0.6, "consumer": 0.6, "injury": 0.5,
                        "housing": 0.4, "medical": 0.4, "demolition": 0.3, "divorce": 0.1}  # fmt: skip
_DOORS: Final = np.array([0.27, 0.10, 0.20, 0.22, 0.10, 0.09, 0.02])
_POLICE_KINDS: Final = {"domestic_violence": 3.0, "injury": 2.5, "neighbour": 1.3, "divorce": 1.2, "traffic": 1.5,
                        "property_management": 0.4, "consumer": 0.3, "school": 0.4, "environment": 0.4}  # fmt: skip


@dataclass(frozen=True)
class Matters:
    """Arrays over matters, ordered by intake (µs); `twin` is the intake of a second record, or NEVER.

    `driver` numbers whose propensity acts: the respondent, or a number of its own where nobody is known
    whose history would count. `linked` is when the respondent was put on record.
    """

    start: int
    cut: int
    pair: Ints
    kind: Ints
    relation: Ints
    applicant: Ints
    respondent: Ints
    official: Ints
    driver: Ints
    opened: Ints
    intake: Ints
    linked: Ints
    twin: Ints
    source: Ints
    twin_source: Ints
    grid: Ints
    amount: Floats
    propensity: Ints
    severity: Ints
    log_prior: Floats
    harm: Floats
    door_evidence: Floats
    twin_door_evidence: Floats

    @property
    def n(self) -> int:
        """How many matters there are."""
        return len(self.kind)


NEVER: Final = 2**62


def build(
    world: World, disputes: int, seed: int, start: int, cut: int, settings: DistrictSettings
) -> Matters:
    """All matters recorded by `cut`; times are µs since the epoch."""
    rng = stream(seed, "schedule")
    twins = min(round(disputes * settings.duplicates), disputes // 3)
    n = disputes - twins
    p = draw(rng, world, n)
    opened, intake = _times(rng, p.pair, start, cut, settings.late)
    order = np.lexsort((np.arange(n), intake))
    pair, kind, relation, applicant, respondent = (
        x[order] for x in (p.pair, p.kind, p.relation, p.applicant, p.respondent)
    )
    opened, intake = opened[order], intake[order]

    complaint = rng.random(n) < settings.authority
    kinds = np.array([DISPUTE_KINDS.index(k) for k in AUTHORITY_KINDS])
    kind = np.where(complaint, kinds[rng.integers(0, len(kinds), n)], kind)
    nobody = ~complaint & (
        rng.random(n) < np.where(np.isin(relation, [UNKNOWN, RELATIONS.index("stranger")]), 0.2, 0.02)
    )
    respondent = np.where(complaint | nobody, -1, respondent)
    official = np.where(complaint, world.officials[rng.integers(0, len(world.officials), n)], -1)
    relation = np.where(complaint, UNKNOWN, relation)
    lag = ((rng.exponential(6.0, n) + 0.2) * DAY).astype(np.int64) // SECOND * SECOND
    tardy = (respondent >= 0) & (rng.random(n) < 0.04)
    linked = np.where(tardy, intake + lag, intake)

    twin = np.full(n, NEVER)
    able = np.flatnonzero(~complaint & ~tardy & (intake < cut - 3 * DAY))
    chosen = np.sort(rng.permutation(able)[:twins])
    gap = np.minimum((rng.exponential(5.0, len(chosen)) + 0.1) * DAY, 0.9 * (cut - intake[chosen]))
    twin[chosen] = intake[chosen] + gap.astype(np.int64) // SECOND * SECOND

    same = (respondent >= 0) & ~tardy
    pair_count = _before(np.where(same, pair, -1 - np.arange(n)), intake, twin)
    respondent_count = _before(np.where(same, respondent, -1 - np.arange(n)), intake, np.full(n, NEVER))
    # A respondent named later says nothing at intake: neither the pair nor the person was known to repeat.
    pair_count[~same] = 0
    respondent_count[~same] = 0
    log_prior = law.severity_logits(kind, relation, pair_count, respondent_count, settings.history)

    hidden = stream(seed, "hidden")
    person_z = hidden.choice(len(law.PROPENSITIES), size=world.people + n, p=law.PROPENSITY_PRIOR)
    driver = np.where(respondent >= 0, respondent, world.people + np.arange(n))
    z = person_z[driver]
    chance = np.exp(log_prior[np.arange(n), z])
    severity = _categorical(hidden, chance)
    share = np.einsum("z,nzs->s", law.PROPENSITY_PRIOR, np.exp(log_prior)) / n
    trend = np.exp(settings.drift * ((intake - start) / (cut - start) - 0.5))
    harm = law.harm_scale(share, settings.base_rate) * trend

    odds = law.POLICE_DOOR[severity]
    source, door = _doors(stream(seed, "doors"), kind, odds, (intake - start) / (cut - start), settings.drift)
    twin_source, twin_door = _doors(stream(seed, "twin"), kind, odds, (intake - start) / (cut - start), 0.0)
    amount_rng = stream(seed, "amounts")
    has = np.array([_AMOUNT_KINDS.get(k, 0.04) for k in DISPUTE_KINDS])[kind]
    amount = np.round(np.exp(amount_rng.normal(9.3, 1.5, n)), -1).astype(np.float64) + 50
    amount[amount_rng.random(n) >= has] = np.nan
    home = np.where((respondent >= 0) & (amount_rng.random(n) < 0.35), respondent, applicant)
    return Matters(
        start, cut, pair, kind, relation, applicant, respondent, official, driver, opened, intake, linked, twin,
        source, twin_source, world.grid[home], amount, z, severity, log_prior, harm, door, twin_door,
    )  # fmt: skip


def _times(
    rng: np.random.Generator, pair: Ints, start: int, cut: int, late: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Opening and intake of each dispute, by pair: a first one, then more after gaps."""
    n = len(pair)
    span = (cut - start) / DAY
    first = np.concatenate([[True], pair[1:] != pair[:-1]])
    gap = np.where(first, 0.0, np.exp(rng.normal(np.log(45), 1.1, n)) + 0.5)
    total = np.cumsum(gap)
    begin = np.flatnonzero(first)
    after = total - total[begin][np.cumsum(first) - 1]
    day = rng.random(len(begin))[np.cumsum(first) - 1] * span + after
    day = np.where(day >= span, rng.random(n) * span, day)
    hour = np.where(rng.random(n) < 0.72, rng.normal(14, 3.6, n), rng.normal(21.5, 2.2, n)) % 24
    opened = start + np.floor(day).astype(np.int64) * DAY + (hour * HOUR).astype(np.int64)
    delay = rng.exponential(4.0, n) * HOUR + 3 * MINUTE
    tardy = rng.random(n) < late
    short = rng.random(n) < 0.6
    days = np.where(
        short, 1 + rng.exponential(2.0, n), np.minimum(np.exp(rng.normal(np.log(18), 0.8, n)), 120)
    )
    delay = np.where(tardy, days * DAY, delay).astype(np.int64)
    # Half of the late ones are dated to a bare day, as people who write up a backlog do.
    bare = tardy & (rng.random(n) < 0.5)
    opened = np.where(bare, start + (opened - start) // DAY * DAY, opened)
    over = opened + delay - (cut - HOUR)
    opened = np.where(over > 0, opened - over - (rng.random(n) * 2 * DAY).astype(np.int64), opened)
    opened = opened // SECOND * SECOND
    return opened, ((opened + delay) // SECOND * SECOND).astype(np.int64)


def _before(key: Ints, intake: Ints, twin: Ints) -> Floats:
    """How many records of the same key were in before each matter's intake, second records counted."""
    n = len(key)
    second = np.flatnonzero(twin < NEVER)
    keys = np.concatenate([key, key[second]])
    times = np.concatenate([intake, twin[second]])
    order = np.lexsort((np.arange(len(keys)), times, keys))
    ks = keys[order]
    start = np.concatenate([[True], ks[1:] != ks[:-1]])
    at = np.arange(len(ks))
    rank = at - np.maximum.accumulate(np.where(start, at, 0))
    out = np.zeros(len(ks))
    out[order] = rank
    return out[:n]


def _categorical(rng: np.random.Generator, chance: Floats) -> Ints:
    draw_ = rng.random(len(chance))[:, None] * chance.sum(axis=1, keepdims=True)
    place = (np.cumsum(chance, axis=1) < draw_).sum(axis=1)
    return np.asarray(np.minimum(place, chance.shape[1] - 1))


def _doors(
    rng: np.random.Generator, kind: Ints, odds: Floats, when: Floats, drift: float
) -> tuple[Ints, Floats]:
    """The door each came through, and the log evidence of it for each severity (n, s)."""
    n = len(kind)
    weights = np.tile(_DOORS, (n, 1))
    weights[:, 0] *= np.exp(drift * when)
    weights[:, POLICE] *= np.array([_POLICE_KINDS.get(k, 1.0) for k in DISPUTE_KINDS])[kind]
    rest = weights.sum(axis=1) - weights[:, POLICE]
    source = _categorical(rng, np.where(np.arange(len(SOURCES)) == POLICE, weights * odds[:, None], weights))
    police = weights[:, [POLICE]] * law.POLICE_DOOR
    share = police / (police + rest[:, None])
    evidence = np.log(np.where((source == POLICE)[:, None], share, 1 - share))
    return source, evidence
