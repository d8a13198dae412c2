"""The areas' counts, kept in memory and brought up to date by what came in since.

A street's year is thousands of disputes; to fetch it for every case would be most of the case's time. Of an
area nothing is asked but how many items are live in a window, and of a street besides how they fall to its
grids: whole numbers, for which it is enough to know when each item's life begins and when it ends. So the
state holds, by key, window and kinds, the sorted beginnings and ends, and answers any moment from `since` on
by two searches. It is keyed by `known` as everything else: what was recorded after a moment begins after it.

Records are only ever added to. Rows deleted from the tables by hand would go unnoticed: whoever does
that starts the service anew.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Final, TypeAlias

import numpy as np

from docket.asof import NEVER, live
from docket.times import DAY

from ..arrays import F64, I64
from ..declarations import Aggregate, Entity, Measure
from ..sources.base import Narrowing
from ..streams import GRID_DISPUTES
from .statements import Native, Reader, Rows, Select

AREAS: Final = frozenset({Entity.GRID, Entity.COMMUNITY, Entity.STREET})
BACK: Final = 31
"""How many days before it is read a state answers for; older moments are counted from the store."""
_BATCH: Final = 256
"""Changed disputes read in one statement."""
_GRIDS: Final = "SELECT g.grid_id, g.community_id, g.street_id FROM known_grids AS g"

Life: TypeAlias = tuple[int, int]
Version: TypeAlias = tuple[str, int, int, int, str]
"""Grid, known, at, until and kind of one row of the grid stream."""


AskedAreas: TypeAlias = "Mapping[Entity, Sequence[tuple[int, str]]]"
"""By level: cases, as positions, and the keys that they ask for."""
_Own: TypeAlias = "Mapping[tuple[Entity, str], Sequence[Version]]"
"""A dispute's own rows by the areas that they stand in."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What is counted: items of some kinds within a window, by one level of area."""

    level: Entity
    within: int
    where: frozenset[str]


@dataclass(slots=True)
class _Lives:
    """When lives begin and end, each sorted (microseconds)."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))

    def count(self, moments: I64) -> I64:
        """How many are live at each moment."""
        # neither array is kept: nothing could be added to what it shows
        begun, over = (np.asarray(of).searchsorted(moments, "right") for of in (self.starts, self.ends))
        return begun - over

    def add(self, life: Life) -> None:
        insort(self.starts, life[0])
        insort(self.ends, life[1])

    def take(self, life: Life) -> None:
        del self.starts[bisect_left(self.starts, life[0])]
        del self.ends[bisect_left(self.ends, life[1])]


class AreaState:
    """Counts of grids, communities and streets, as one transaction saw them.

    Parameters
    ----------
    measures
        Those that it is to answer: counts within a window, or `PAIRS`, of areas.
    """

    def __init__(self, measures: Sequence[Measure]) -> None:
        self.measures = tuple(measures)
        self._counted = [(measure.entity, _slots_of(measure), measure.not_own) for measure in measures]
        self._slots = tuple(dict.fromkeys(slot for _, slots, _ in self._counted for slot in slots))
        self._longest = max((slot.within for slot in self._slots), default=0)
        self.clear()

    def clear(self) -> None:
        """Know nothing."""
        self._since = NEVER
        self._above: dict[str, dict[Entity, str]] = {}
        self._grids_of: dict[str, list[str]] = {}
        self._versions: dict[str, tuple[Version, ...]] = {}
        self._lives: dict[Slot, defaultdict[str, _Lives]] = {}

    def answers(self, as_of: int) -> bool:
        """Whether the moment isn't too old."""
        return as_of >= self._since

    def values(self, disputes: Sequence[str], as_of: Sequence[int], asked: AskedAreas) -> list[F64]:
        """Every measure in turn: (asked of its level,) each.

        Parameters
        ----------
        disputes, as_of
            (cases,) the cases, and their moments (microseconds).
        """
        own, moments = [self._own(name) for name in disputes], np.array(as_of, np.int64)
        found = []
        for level, slots, not_own in self._counted:
            by_key: dict[str, list[int]] = {}
            for place, (_, key) in enumerate(asked[level]):
                by_key.setdefault(key, []).append(place)
            answer = np.zeros(len(asked[level]), np.float64)
            for key, places in by_key.items():
                cases = [asked[level][place][0] for place in places]
                mine = [own[case] for case in cases] if not_own else []
                answer[places] = self._value(slots, key, mine, moments[cases])
            found.append(answer)
        return found

    def _own(self, dispute_id: str) -> _Own:
        own: dict[tuple[Entity, str], list[Version]] = {}
        for version in self._versions.get(dispute_id, ()):
            for place in self._above[version[0]].items():
                own.setdefault(place, []).append(version)
        return own

    def read(self, reader: Reader, as_of: int) -> None:
        """Everything anew, for moments from some weeks before `as_of` on."""
        self.clear()
        self._lives = {slot: defaultdict(_Lives) for slot in self._slots}
        (grids,) = reader.read([Native(_GRIDS)])
        for grid, community, street in grids:
            self._above[grid] = {Entity.GRID: grid, Entity.COMMUNITY: community, Entity.STREET: street}
            self._grids_of.setdefault(street, []).append(grid)
        since = as_of - BACK * DAY
        after = since - self._longest * DAY
        everywhere = Narrowing((), (), GRID_DISPUTES.happened, after)
        (rows,) = reader.read([Select(GRID_DISPUTES.sql, everywhere)])
        starts: dict[tuple[Slot, str], array[int]] = defaultdict(lambda: array("q"))
        ends: dict[tuple[Slot, str], array[int]] = defaultdict(lambda: array("q"))
        for dispute, versions in _by_dispute(rows):
            self._versions[dispute] = versions
            for slot, key, (start, end) in self._lives_of(versions):
                starts[slot, key].append(start)
                ends[slot, key].append(end)
        for (slot, key), moments in starts.items():
            self._lives[slot][key] = _Lives(array("q", sorted(moments)), array("q", sorted(ends[slot, key])))
        self._since = since

    def take_in(self, reader: Reader, disputes: Sequence[str]) -> None:
        """What is now said of some disputes, in the place of what was."""
        found: list[tuple[str, tuple[Version, ...]]] = []
        for start in range(0, len(disputes), _BATCH):
            of_these = Narrowing(("d.dispute_id",), (disputes[start : start + _BATCH],))
            (rows,) = reader.read([Select(GRID_DISPUTES.sql, of_these)])
            found += _by_dispute(rows)
        now = dict(found)
        for dispute in disputes:
            for slot, key, life in self._lives_of(self._versions.pop(dispute, ())):
                self._lives[slot][key].take(life)
            if dispute in now:
                self._versions[dispute] = now[dispute]
                for slot, key, life in self._lives_of(now[dispute]):
                    self._lives[slot][key].add(life)

    def _lives_of(self, versions: Sequence[Version]) -> Iterable[tuple[Slot, str, Life]]:
        """A dispute's lives under every slot and key: an item that is live twice over counts once.

        Of a street the item is (grid, dispute), of the other levels the dispute; no dispute stands in two
        grids at a time, so that it is one life either way.
        """
        for slot in self._slots:
            by_key: dict[str, list[Life]] = {}
            for grid, known, at, until, kind in versions:
                end = min(at + slot.within * DAY, until)
                if kind in slot.where and live(known, end, known):
                    by_key.setdefault(self._above[grid][slot.level], []).append((known, end))
            for key, lives in by_key.items():
                for life in _union(lives):
                    yield slot, key, life

    def _value(self, slots: tuple[Slot, ...], key: str, own: Sequence[_Own], as_of: I64) -> F64:
        """Of one key at some moments; `own` is what isn't counted at each, or empty."""
        if len(slots) == 1:
            return self._count(slots[0], key, own, as_of).astype(np.float64)
        pairs = np.zeros(as_of.size, np.int64)
        for grid in self._grids_of.get(key, ()):
            count = self._count(slots[1], grid, own, as_of)
            pairs += count * (count - 1)
        return pairs.astype(np.float64)

    def _count(self, slot: Slot, key: str, own: Sequence[_Own], as_of: I64) -> I64:
        lives = self._lives[slot].get(key)
        if lives is None:
            return np.zeros(as_of.size, np.int64)
        count = lives.count(as_of)
        for place, mine in enumerate(own):
            versions = mine.get((slot.level, key), ())
            count[place] -= any(
                kind in slot.where and live(known, min(at + slot.within * DAY, until), int(as_of[place]))
                for _, known, at, until, kind in versions
            )
        return count


def _slots_of(measure: Measure) -> tuple[Slot, ...]:
    """What a measure counts; of pairs, besides, what it counts in each part."""
    if measure.within is None or measure.where is None:
        raise ValueError(f"{measure} has no window or no kinds: it can't be kept as a count")
    slot = Slot(measure.entity, measure.within, measure.where)
    if measure.aggregate is Aggregate.COUNT:
        return (slot,)
    if (measure.aggregate, measure.entity) == (Aggregate.PAIRS, Entity.STREET):
        return slot, Slot(Entity.GRID, measure.within, measure.where)
    raise ValueError(f"{measure} is no count: it can't be kept as one")


def _by_dispute(rows: Rows) -> list[tuple[str, tuple[Version, ...]]]:
    """Rows of the grid stream by dispute."""
    versions: dict[str, list[Version]] = {}
    for grid, dispute, _, known, at, until, kind, _ in rows:
        versions.setdefault(dispute, []).append((intern(grid), known, at, until, intern(kind)))
    return [(dispute, tuple(found)) for dispute, found in versions.items()]


def _union(lives: list[Life]) -> list[Life]:
    """The same time, in lives that don't overlap."""
    if len(lives) == 1:
        return lives
    joined: list[Life] = []
    for start, end in sorted(lives):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
