"""What happens to each matter, day by day, until the district's last day.

One loop over calendar days moves all live matters at once (they stand in order of intake, so the live ones are
a slice); only what happens is handled singly. A step works from the midnight after it was recorded, so that
how far the steps on record hold a matter down is itself always on record.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from docket.contract.enumerations import DISPUTE_KINDS
from docket.demo import law
from docket.demo.law import Floats
from docket.demo.schedule import Matters
from docket.demo.settings import stream
from docket.demo.world import World
from docket.times import DAY, HOUR, MINUTE, SECOND

_HOME: Final = frozenset(DISPUTE_KINDS.index(k) for k in ("divorce", "domestic_violence", "family"))
REGISTRY: Final = {
    DISPUTE_KINDS.index("divorce"): ("divorce", 0.40),
    DISPUTE_KINDS.index("domestic_violence"): ("domestic_violence", 0.75),
    DISPUTE_KINDS.index("neighbour"): ("neighbour_grudge", 0.12),
}
_MEDIATED: Final = 0.62
_VISIT: Final = {"base": 0.0012, "registry": 0.012, "watch": 0.028}


@dataclass
class Rows:
    """What was written down, as plain columns: matters by number, times in µs."""

    events: list[tuple[int, int, int, str, int]] = field(default_factory=list)  # matter at recorded kind twin
    outcomes: list[tuple[int, int, int, int, int]] = field(
        default_factory=list
    )  # matter at recorded kind twin
    visits: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)
    registry: list[list[int]] = field(
        default_factory=list
    )  # matter person kind entered recorded left left_rec
    changes: list[tuple[int, int, int, float, int, int]] = field(default_factory=list)
    """matter, day from which, µs from which it is foreseeable, effect, agreement stands, state"""


class Life:
    """The matters of a district on their way; `run` fills `rows`."""

    def __init__(self, world: World, matters: Matters, seed: int) -> None:
        m = matters
        self.world, self.m, self.rows = world, m, Rows()
        self.rng = stream(seed, "life")
        self.pick = random.Random(int(stream(seed, "steps").integers(2**62)))
        self.pending: defaultdict[int, list[tuple[str, int, int]]] = defaultdict(list)
        self.last_day = (m.cut - m.start) // DAY
        self.intake_day = (m.intake - m.start) // DAY
        self.opened_day = (m.opened - m.start) // DAY
        harm = law.HARM[m.severity] * m.harm[:, None]
        self.causes: Floats = np.cumsum(
            np.column_stack([law.POLICE_CALL[m.severity], law.REPEAT_REPORT[m.severity], harm]), axis=1
        )
        self.breach: Floats = law.BREACH[m.severity]
        self.mediation = np.zeros(m.n)
        self.orders = np.zeros(m.n)
        self.counsel = np.zeros(m.n)
        self.closed = np.zeros(m.n, dtype=bool)
        self.agreed = np.zeros(m.n)
        self.visited_until = np.full(m.n, -1)
        self.effect = np.ones(m.n)
        self.visit_rate = np.full(m.n, _VISIT["base"])
        self.visit_rate[m.official >= 0] = 0.0
        self.registered: set[int] = set()
        self.latest: dict[int, int] = {}

    def run(self) -> Rows:
        """Live through all days; costs time in proportion to matters and days."""
        ages = np.arange(self.last_day + 400)
        weight = law.AGE_WEIGHTS[np.searchsorted(law.AGE_BREAKS, ages, side="right") - 1]
        for day in range(self.last_day + 1):
            low = int(np.searchsorted(self.intake_day, day - law.LIFE_DAYS, side="left"))
            high = int(np.searchsorted(self.intake_day, day, side="left"))
            came = int(np.searchsorted(self.intake_day, day, side="right"))
            for i in range(high, came):
                self._intake(i, day)
            for what, i, value in self.pending.pop(day, ()):
                self._step(what, i, value, day)
            if high <= low:
                continue
            live = slice(low, high)
            pace = weight[np.minimum(day - self.opened_day[live], len(weight) - 1)] * self.effect[live]
            rate = pace * self.causes[live, -1] + self.agreed[live] * self.breach[live]
            draws = self.rng.random((2, high - low))
            for k in np.flatnonzero(draws[0] < -np.expm1(-rate)):
                self._happens(low + int(k), day, float(pace[k]))
            self._visits(low + np.flatnonzero(draws[1] < self.visit_rate[live]), day)
        return self.rows

    # Time of day, and when it is written down

    def _at(self, day: int, office: bool) -> int:
        hour = self.pick.gauss(14, 2.5) if office else self.pick.gauss(20, 4.5)
        hour = min(max(hour, 8.2), 18.5) if office else hour % 24
        return int(self.m.start + day * DAY + hour * HOUR) // SECOND * SECOND

    def _recorded(self, at: int, delay: tuple[Floats, Floats]) -> int:
        weights, means = delay
        u, k = self.pick.random(), 0
        while k < len(means) - 1 and u >= weights[k]:
            u, k = u - weights[k], k + 1
        return at + int(self.pick.expovariate(1.0) * means[k] * DAY) // SECOND * SECOND

    def _write(self, i: int, day: int, kind: str, office: bool = True, twin: int = 0) -> int:
        """Write an event, whose effect follows by itself; returns the day after it was recorded."""
        at = self._at(day, office)
        recorded = self._recorded(at, law.DELAY_EVENT)
        self.rows.events.append((i, at, recorded, kind, twin))
        if kind in _CODES:
            self._take_effect(i, recorded, kind)
        return (recorded - self.m.start) // DAY + 1

    def _take_effect(self, i: int, recorded: int, kind: str) -> None:
        self._later((recorded - self.m.start) // DAY + 1, "work", i, recorded * 16 + _CODES[kind])

    def _later(self, day: int, what: str, i: int, value: int = 0) -> None:
        if day <= self.last_day:
            self.pending[day].append((what, i, value))

    # Intake and what was planned

    def _intake(self, i: int, day: int) -> None:
        m, pick = self.m, self.pick
        self.latest[int(m.applicant[i])] = i
        if m.respondent[i] >= 0:
            self.latest[int(m.respondent[i])] = i
        kind = int(m.kind[i])
        if pick.random() < 0.72:
            self._later(day + 1 + int(pick.expovariate(0.7)), "contacted", i)
        if pick.random() < _MEDIATED:
            self._later(day + 3 + int(pick.expovariate(1 / 9)), "session", i)
        self._later(day + 40 + int(pick.expovariate(1 / 70)), "close", i)
        if pick.random() < 0.05:
            self._later(day + 1 + int(pick.expovariate(0.1)), "handover", i)
        if pick.random() < (0.06 if kind in _HOME else 0.03):
            self._later(day + 2 + int(pick.expovariate(0.05)), "legal_aid", i)
        if kind in _HOME and pick.random() < 0.14:
            self._later(day + 5 + int(pick.expovariate(0.06)), "counselling", i)
        if m.official[i] < 0 and m.source[i] != 6:
            _, chance = REGISTRY.get(kind, ("other", 0.015))
            if pick.random() < chance:
                self._later(day + int(pick.expovariate(0.4)), "register", i)
        if self.m.twin[i] < 2**62:
            twin_day = int((m.twin[i] - m.start) // DAY)
            if pick.random() < 0.7:
                self._later(twin_day + 1 + int(pick.expovariate(0.5)), "merge", i)

    def _step(self, what: str, i: int, value: int, day: int) -> None:  # noqa: PLR0912 - a table of what may come
        pick = self.pick
        if what == "work":
            self._works(i, value, day)
        elif what == "unvisit":
            self._refresh(i, day)
        elif what == "unwatch":
            self.visit_rate[i] = _VISIT["registry"] if i in self.registered else _VISIT["base"]
        elif what == "leave":
            self._leave(value, day)
        elif what == "register":
            self._register(i, day)
        elif what == "merge":
            self._write(i, day, "contacted", twin=1)
        elif what == "session":
            if not self.closed[i] and not self.agreed[i]:
                self._session(i, day)
        elif what == "close":
            if not self.closed[i]:
                self._write(i, day, "closed")
        elif what == "reopen":
            if self.closed[i]:
                self._write(i, day, "reopened")
                self._later(day + 4 + int(pick.expovariate(0.08)), "session", i)
                self._later(day + 40 + int(pick.expovariate(1 / 60)), "close", i)
        else:
            self._write(i, day, what)

    def _session(self, i: int, day: int) -> None:
        pick = self.pick
        at = self._at(day, True)
        recorded = self._recorded(at, law.DELAY_EVENT)
        agrees = pick.random() < law.AGREEMENT[self.m.severity[i]]
        result = "agreement" if agrees else "mediation_failed"
        self.rows.events.append((i, at, recorded, "mediation_session", 0))
        self.rows.events.append((i, at + 90 * MINUTE, recorded + 90 * MINUTE, result, 0))
        works = (recorded + 90 * MINUTE - self.m.start) // DAY + 1
        self._take_effect(i, recorded + 90 * MINUTE, result)
        if agrees:
            if pick.random() < 0.8:
                self._later(works + 4 + int(pick.expovariate(0.1)), "close", i)
        elif pick.random() < 0.45:
            self._later(works + 7 + int(pick.expovariate(0.06)), "session", i)
        elif pick.random() < 0.25:
            self._later(works + 3 + int(pick.expovariate(0.06)), "court_filing", i)

    # What works, and how much

    def _works(self, i: int, value: int, day: int) -> None:
        name = _NAMES[value % 16]
        if name in ("agreement", "mediation_failed", "agreement_breached"):
            self.mediation[i] = law.EFFECT[name]
            self.agreed[i] = float(name == "agreement")
        elif name in ("warning_letter", "protection_order"):
            self.orders[i] = min(self.orders[i], 0.0) + law.EFFECT[name]
            self.orders[i] = max(self.orders[i], -1.3)
        elif name == "counselling":
            self.counsel[i] = law.EFFECT[name]
        elif name == "visit":
            self.visited_until[i] = day + law.VISIT_DAYS
            self._later(day + law.VISIT_DAYS, "unvisit", i)
        else:
            self.closed[i] = name == "closed"
        self._refresh(i, day, value // 16)

    def _refresh(self, i: int, day: int, known: int = 0) -> None:
        total = float(self.mediation[i] + self.orders[i] + self.counsel[i])
        total += law.EFFECT["closed"] if self.closed[i] else 0.0
        total += law.EFFECT["visit"] if self.visited_until[i] > day else 0.0
        self.effect[i] = np.exp(total)
        agreed = int(self.agreed[i])
        state = 3 * int(self.closed[i]) + (1 if agreed else 2 if self.mediation[i] > 0 else 0)
        self.rows.changes.append((i, day, known, float(self.effect[i]), agreed, state))

    # What people do

    def _happens(self, i: int, day: int, pace: float) -> None:
        pick, causes = self.pick, self.causes[i]
        u = pick.random() * (
            pace * float(causes[-1]) + float(self.agreed[i] * self.breach[i])
        ) - pace * float(causes[-1])
        kind = int(self.m.kind[i])
        if u >= 0:
            works = self._write(i, day, "agreement_breached", office=False)
            self._follow(i, works, 0.6, kind, 0.02)
            return
        cause = int(np.searchsorted(causes, (u + pace * float(causes[-1])) / pace, side="right"))
        if cause <= 1:
            works = self._write(i, day, ("police_call", "repeat_report")[cause], office=cause == 1)
            self._follow(i, works, 0.55, kind, (0.30 if kind in _HOME else 0.04) if cause == 0 else 0.0)
            return
        at = self._at(day, False)
        recorded = self._recorded(at, law.DELAY_HARM)
        twin = int(at > self.m.twin[i] and pick.random() < 0.5)
        self.rows.outcomes.append((i, at, recorded, cause - 2, twin))
        works = (recorded - self.m.start) // DAY + 1
        self._follow(i, works, 0.8, kind, 0.45 if kind in _HOME else 0.12)
        if pick.random() < 0.35:
            self._later(works + int(pick.expovariate(0.15)), "counselling", i)

    def _follow(self, i: int, day: int, reopen: float, kind: int, letter: float) -> None:
        """What the district does once a call, a breach or harm is on record: decided from the record alone."""
        pick = self.pick
        if pick.random() < reopen:
            self._later(day + int(pick.expovariate(0.5)), "reopen", i)
        if pick.random() < letter:
            self._later(day + int(pick.expovariate(0.4)), "warning_letter", i)
        if kind in _HOME and pick.random() < letter * 0.35:
            self._later(day + 1 + int(pick.expovariate(0.2)), "protection_order", i)
        if self.m.official[i] < 0:
            if pick.random() < 0.7:
                self.visit_rate[i] = _VISIT["watch"]
                self._later(day + 40, "unwatch", i)
            if i not in self.registered and pick.random() < REGISTRY.get(kind, ("other", 0.05))[1] * 0.5:
                self._later(day + int(pick.expovariate(0.4)), "register", i)

    # Registry and visits

    def _register(self, i: int, day: int) -> None:
        if i in self.registered:
            return
        self.registered.add(i)
        m, pick = self.m, self.pick
        people = [int(m.respondent[i])] if m.respondent[i] >= 0 else [int(m.applicant[i])]
        if m.respondent[i] >= 0 and pick.random() < 0.35:
            people.append(int(m.applicant[i]))
        entered = max(self._at(day, True), int(m.intake[i]) + HOUR, int(m.linked[i]) + HOUR)
        recorded = self._recorded(entered, law.DELAY_EVENT)
        for person in people:
            self._later(day + 60 + int(pick.expovariate(1 / 150)), "leave", i, len(self.rows.registry))
            self.rows.registry.append([i, person, int(m.kind[i]), entered, recorded, -1, -1])
        self.visit_rate[i] = max(self.visit_rate[i], _VISIT["registry"])

    def _leave(self, row: int, day: int) -> None:
        entry = self.rows.registry[row]
        entry[5] = max(self._at(day, True), entry[4] + HOUR)
        if self.pick.random() < 0.45:
            entry[6] = entry[5] + int(self.pick.expovariate(1 / 12.0) * DAY) // SECOND * SECOND
        self.visit_rate[entry[0]] = _VISIT["base"]

    def _visits(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]], day: int) -> None:
        """Visits of a day, within each worker's capacity; a visit is about the person's latest dispute."""
        m, pick, world = self.m, self.pick, self.world
        if day % 7 in (5, 6):
            rows = rows[::3]
        used: defaultdict[int, int] = defaultdict(int)
        for i in map(int, rows):
            named = m.respondent[i] >= 0 and m.linked[i] < m.start + day * DAY
            person = int(m.respondent[i] if named and pick.random() < 0.6 else m.applicant[i])
            worker = int(world.worker_of[world.grid[person]])
            if self.latest.get(person) != i or used[worker] >= world.capacity[worker]:
                continue
            used[worker] += 1
            at = self._at(day, True)
            recorded = self._recorded(at, law.DELAY_EVENT)
            met = int(pick.random() < 0.74)
            weights = law.FINDING[m.severity[i]] if met else (0.04, 0.02, 0.0, 0.94)
            finding = pick.choices((0, 1, 2, 3), weights=weights)[0]
            self.rows.visits.append((i, person, worker, at, recorded, met, finding))
            if met:
                self._take_effect(i, recorded, "visit")


_NAMES: Final = (*law.EFFECT, "reopened")
_CODES: Final = {name: k for k, name in enumerate(_NAMES)}
