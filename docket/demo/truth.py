"""The truth beside the records: `p_true` from what is hidden, `p_seen` from what is on record.

Given its severity a matter's harm, calls, repeats and breaches are Poisson processes whose rates are known up
to severity, each incident being written down after a delay of known law. What is on record at a moment is then
a thinned Poisson process, whose likelihood is exact: the log rate of each incident on record, less the
rate integrated over time, each moment weighted by the chance that an incident of that moment would have
been on record by now. Texts, doors, mediation results and findings are independent draws given severity. A
person's propensity joins the matters in which the person is the respondent, a star whose posterior is a
product over its leaves. So filtering is a sum over a person's matters on record, and exact but for the steps
yet to come, which enter both truths by one table of mean effects (`docket.demo.damping`).

References
----------
Daley & Vere-Jones, An Introduction to the Theory of Point Processes, vol. I (2003), sections 2.4 and 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docket.demo import law
from docket.demo.law import Floats
from docket.demo.life import Rows
from docket.demo.schedule import Matters
from docket.demo.world import Ints
from docket.times import DAY, SECOND

TARGETS = ("violence", "civil_to_criminal", "self_harm", "escalation")
HORIZONS = (30, 90, 180)
_KINDS_OF = ((0,), (1,), (2, 3), (0, 1, 2, 3))
_CHUNK = 60_000
_KEY = 2**30


@dataclass(frozen=True)
class Queries:
    """Moments to judge: the matter, whether its second record is meant, and the µs."""

    matter: Ints
    twin: NDArray[np.bool_]
    as_of: Ints


@dataclass(frozen=True)
class Evidence:
    """Rows of log evidence (n, s), by matter and by when they became known."""

    matter: Ints
    known: Ints
    log: Floats


def ragged(start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Row numbers of the slices ``start[i]:stop[i]`` one after the other, and which slice each is of."""
    width = np.maximum(stop - start, 0)
    owner = np.repeat(np.arange(len(start)), width)
    offset = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    return start[owner] + offset, owner


class Course:
    """How strongly each matter's rates ran, as steps: the weight of age times the effect of the steps taken."""

    def __init__(self, m: Matters, rows: Rows) -> None:
        n = m.n
        intake, self.opened = (m.intake - m.start) // DAY, (m.opened - m.start) // DAY
        self.begin = intake + 1
        self.end = self.begin + law.LIFE_DAYS
        c = np.array(rows.changes, dtype=float).reshape(-1, 6)
        ages = np.concatenate([self.opened + b for b in law.AGE_BREAKS[1:-1]])
        who = np.tile(np.arange(n), len(law.AGE_BREAKS) - 2)
        inside = (ages > self.begin[who]) & (ages < self.end[who])
        ages, who = ages[inside], who[inside]
        nan = np.full(len(who), np.nan)
        matter = np.concatenate([np.arange(n), c[:, 0].astype(int), who, np.arange(n)])
        day = np.concatenate([self.begin, c[:, 1].astype(int), ages, self.end])
        effect = np.concatenate([np.ones(n), c[:, 3], nan, np.full(n, np.nan)])
        agreed = np.concatenate([np.zeros(n), c[:, 4], nan, np.full(n, np.nan)])
        order = np.lexsort((np.arange(len(matter)), day, matter))
        matter, day, effect, agreed = matter[order], day[order], effect[order], agreed[order]
        # Carry the last known values forward; each matter's first row has them, so none is carried across.
        last = np.maximum.accumulate(np.where(np.isnan(effect), 0, np.arange(len(effect))))
        effect, agreed = effect[last], agreed[last]
        over = day >= self.end[matter]
        age = np.searchsorted(law.AGE_BREAKS, np.maximum(day - self.opened[matter], 0), side="right") - 1
        pace = np.where(over, 0.0, law.AGE_WEIGHTS[age] * effect)
        agreed = np.where(over, 0.0, agreed)
        first = np.concatenate([[True], matter[1:] != matter[:-1]])
        self.jump = pace - np.where(first, 0.0, np.roll(pace, 1))
        self.agreed_jump = agreed - np.where(first, 0.0, np.roll(agreed, 1))
        self.day = day
        self.start = np.searchsorted(matter, np.arange(n + 1))
        known = np.argsort(c[:, 0], kind="stable")
        self.changes = c[known]
        self.changes_start = np.searchsorted(self.changes[:, 0], np.arange(n + 1))

    def exposures(self, matter: Ints, now: Floats) -> Floats:
        """Days of full rate by `now` (days) at which an incident would be on record: harm, conduct, breach (n, 3)."""
        row, owner = ragged(self.start[matter], self.start[matter + 1])
        x = now[owner] - self.day[row]
        live = x > 0
        row, owner, x = row[live], owner[live], x[live]
        harm, conduct = law.delay_integral(x, law.DELAY_HARM), law.delay_integral(x, law.DELAY_EVENT)
        parts = (self.jump[row] * harm, self.jump[row] * conduct, self.agreed_jump[row] * conduct)
        return np.column_stack([np.bincount(owner, p, len(matter)) for p in parts])

    def run(self, matter: Ints, now: Floats) -> Floats:
        """Days of full rate from intake to `now` (days), recorded or not."""
        row, owner = ragged(self.start[matter], self.start[matter + 1])
        pace = self.jump[row] * np.maximum(now[owner] - self.day[row], 0)
        return np.bincount(owner, pace, len(matter)).astype(np.float64)

    def standing(self, matter: Ints, as_of: Ints, now: Floats) -> tuple[Floats, Ints]:
        """Effect of the steps on record at `as_of`, from the next midnight on, and the state they make."""
        row, owner = ragged(self.changes_start[matter], self.changes_start[matter + 1])
        c = self.changes[row]
        seen = (c[:, 1] <= np.floor(now[owner]) + 1) & (c[:, 2] <= as_of[owner])
        row, owner = row[seen], owner[seen]
        effect, state = np.ones(len(matter)), np.zeros(len(matter), dtype=np.int64)
        effect[owner] = self.changes[row, 3]  # of several the last stays: rows are in order of effect
        state[owner] = self.changes[row, 5].astype(int)
        return effect, state


class Filter:
    """Posterior of severity at any moment, from the rows on record by then."""

    def __init__(self, m: Matters, course: Course, evidence: Evidence) -> None:
        self.m, self.course = m, course
        order = np.lexsort((evidence.known, evidence.matter))
        self.key = self._key(evidence.matter[order], evidence.known[order])
        self.total = np.concatenate([np.zeros((1, 4)), np.cumsum(evidence.log[order], axis=0)])
        self.first = np.searchsorted(self.key, np.arange(m.n) * _KEY)
        self.star = np.lexsort((m.intake, m.driver))
        drivers = m.driver[self.star]
        self.star_start = np.searchsorted(drivers, m.driver, side="left")
        self.star_stop = np.searchsorted(drivers, m.driver, side="right")

    def _key(self, matter: Ints, known: Ints) -> Ints:
        return matter * _KEY + (known - self.m.start) // SECOND

    def likelihood(self, matter: Ints, as_of: Ints) -> Floats:
        """Log likelihood of what is on record of each matter, for each severity (n, s)."""
        m = self.m
        upto = np.searchsorted(self.key, self._key(matter, as_of), side="right")
        out: Floats = self.total[upto] - self.total[self.first[matter]]
        seen = self.course.exposures(matter, (as_of - m.start) / DAY)
        out -= seen[:, [0]] * m.harm[matter, None] * law.HARM.sum(axis=1)
        out -= seen[:, [1]] * (law.POLICE_CALL + law.REPEAT_REPORT)
        out -= seen[:, [2]] * law.BREACH
        return out

    def posterior(self, matter: Ints, as_of: Ints) -> Floats:
        """P(severity | rows recorded by `as_of`), shape (n, s)."""
        m = self.m
        own = self.likelihood(matter, as_of)
        joint = m.log_prior[matter] + own[:, None, :]
        row, owner = ragged(self.star_start[matter], self.star_stop[matter])
        other = self.star[row]
        t = as_of[owner]
        joined = (other != matter[owner]) & (m.linked[other] <= t) & (m.linked[matter[owner]] <= t)
        other, owner, t = other[joined], owner[joined], t[joined]
        message = m.log_prior[other] + self.likelihood(other, t)[:, None, :]
        top = message.max(axis=2)
        leaf = top + np.log(np.exp(message - top[:, :, None]).sum(axis=2))
        person = np.log(law.PROPENSITY_PRIOR) + np.column_stack(
            [np.bincount(owner, leaf[:, z], len(matter)) for z in range(len(law.PROPENSITIES))]
        )
        joint += person[:, :, None]
        joint -= joint.max(axis=(1, 2), keepdims=True)
        weight = np.exp(joint).sum(axis=1)
        out: Floats = weight / weight.sum(axis=1, keepdims=True)
        return out


def probabilities(m: Matters, course: Course, q: Queries, damping: Floats) -> Floats:
    """P(harm within the horizon | severity) for each query: shape (n, s, target, horizon).

    Parameters
    ----------
    damping
        Mean effect of steps to come, (state, age bin, s, horizon).
    """
    now = (q.as_of - m.start) / DAY
    effect, state = course.standing(q.matter, q.as_of, now)
    opened, end = course.opened[q.matter], course.end[q.matter]
    begin = np.maximum(now, course.begin[q.matter])
    shared = m.twin[q.matter] <= q.as_of
    scale = m.harm[q.matter] * effect * np.where(shared | q.twin, 0.5, 1.0)
    out = np.empty((len(now), 4, len(TARGETS), len(HORIZONS)))
    bins = age_bin(now - course.begin[q.matter])
    for h, horizon in enumerate(HORIZONS):
        stop = np.minimum(now + horizon, end)
        days = np.maximum(law.age_integral(stop - opened) - law.age_integral(begin - opened), 0.0)
        for s in range(4):
            full = scale * days * damping[state, bins, s, h]
            for k, kinds in enumerate(_KINDS_OF):
                out[:, s, k, h] = -np.expm1(-full * law.HARM[s, list(kinds)].sum())
    return out


def age_bin(days: Floats) -> Ints:
    """0 in the first three weeks, 1 in the first three months, 2 later."""
    return np.searchsorted([21.0, 90.0], days, side="right")


def judge(m: Matters, rows: Rows, evidence: Evidence, q: Queries, damping: Floats) -> tuple[Floats, Floats]:
    """`p_true` and `p_seen` of each query: two arrays (n, target, horizon)."""
    course = Course(m, rows)
    filter_ = Filter(m, course, evidence)
    true = np.empty((len(q.as_of), len(TARGETS), len(HORIZONS)))
    seen = np.empty_like(true)
    for low in range(0, len(q.as_of), _CHUNK):
        part = slice(low, low + _CHUNK)
        some = Queries(q.matter[part], q.twin[part], q.as_of[part])
        p = probabilities(m, course, some, damping)
        true[part] = p[np.arange(len(p)), m.severity[some.matter]]
        seen[part] = np.einsum("ns,nsth->nth", filter_.posterior(some.matter, some.as_of), p)
    return true, seen
