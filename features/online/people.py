"""The rows of the busiest people, kept in memory, arranged for the fold, and brought up to date.

Someone with thousands of disputes, a property firm say, is party to a few cases and a contact in many more.
To read and sort all that is known of them for each takes far longer than the rest of the case. So their rows
are kept, every version with its own life, so that any moment can be asked; what changes in a dispute is read
anew for that dispute alone. They are what the store told, and the fold is the same.

As for the areas, rows deleted from the tables by hand would go unnoticed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, Final

import numpy as np

from ..arrays import F64
from ..declarations import Entity, Measure
from ..documents import VISITS_SQL
from ..links import LINKS_BY_DISPUTE_SQL
from ..portable import LOOKUP
from ..sources.base import Narrowing
from ..streams import STREAMS
from .changes import Look
from .folding import Arranged, Asking, Plan, arrange_case
from .keys import Chain, chained
from .statements import Native, Reader, Rows, Select

MANY: Final = 150
"""Rows of a stream from which on a person is worth keeping."""
AT_FIRST: Final = 64
"""How many people, those with the most disputes, are read before the first case."""
MOST_ROWS: Final = 500_000
"""Rows kept in all, some 200 MB; those who were asked for longest ago go first."""
_BATCH: Final = 256
"""Changed disputes, or people, read in one statement."""
_BUSIEST: Final = (
    "SELECT person_id FROM parties GROUP BY person_id HAVING COUNT(*) >= {many} "
    "ORDER BY COUNT(*) DESC, person_id LIMIT {most}"
)
_WHO: Final = tuple(
    (f"SELECT x.person_id AS person_id FROM known_{table} AS x WHERE {LOOKUP}", "x.dispute_id")
    for table in ("parties", "registry")
)
_LINKS: Final = "links"
_VISITS: Final = "visits"


@dataclass(frozen=True)
class Person:
    """All that is known of a person, every version of it.

    Attributes
    ----------
    rows
        By stream; and the links with the dispute that each rests on, and the texts of visits.
    plan
        How the streams are folded.
    """

    rows: Mapping[str, Rows]
    plan: Plan

    @property
    def size(self) -> int:
        """Rows in all."""
        return sum(len(rows) for rows in self.rows.values())

    @property
    def visits(self) -> Rows:
        """As `features.documents.VISITS_SQL` gives them."""
        return self.rows[_VISITS]

    @cached_property
    def chain(self) -> Chain:
        """Whom they shared a dispute with."""
        return chained(self.rows[_LINKS])

    @cached_property
    def _arranged(self) -> Arranged:
        names = [rows[0][0] for rows in self.rows.values() if rows][:1] or [""]
        streams = self.plan.streams
        asked = [Asking(self.rows[name], names, {}) for name in streams]
        return arrange_case(asked, range(len(streams) + 1))

    def fold(self, entities: frozenset[Entity], dispute_id: str, as_of: int) -> list[F64]:
        """Every measure of the plan: (1,) each where its entity is among `entities`, else (0,)."""
        once, never = np.zeros(1, np.int64), np.empty(0, np.int64)
        wanted = [once if entity in entities else never for _, entity in self.plan.entities]
        offsets = range(len(self.plan.streams) + 1)
        return self.plan.walk(self._arranged, offsets, wanted, dispute_id, as_of)


class PeopleState:
    """The busiest people, as one transaction saw them.

    Parameters
    ----------
    measures
        Those about people.
    many
        Rows of a stream from which on a person is kept.
    """

    def __init__(self, measures: Sequence[Measure], many: int = MANY) -> None:
        self.plan = Plan(measures)
        self._many = many
        self._sql = {name: (STREAMS[name].sql, STREAMS[name].lookup[0]) for name in self.plan.streams}
        self._sql |= {_LINKS: (LINKS_BY_DISPUTE_SQL, "a.person_id"), _VISITS: (VISITS_SQL, "x.person_id")}
        self._dispute = {name: STREAMS[name].dispute for name in self.plan.streams} | {_LINKS: "a.dispute_id"}
        self._of_dispute = {name: column for name, column in self._dispute.items() if column}
        self._clock = count()
        self.clear()

    def clear(self) -> None:
        """Know nobody."""
        self._people: Mapping[str, Person] = {}
        self._in: dict[str, set[str]] = {}
        self._used: dict[str, int] = {}
        self._met: str | None = None

    @property
    def people(self) -> Mapping[str, Person]:
        """Who is kept. What was handed out stays as it was."""
        return self._people

    def used(self, names: Iterable[str]) -> None:
        """Note that they were asked for."""
        for name in names:
            self._used[name] = next(self._clock)

    def met(self, rows: Iterable[Rows]) -> None:
        """Note who else had many rows: whoever had the most is read along with the next case."""
        found: Counter[str] = Counter()
        for of_stream in rows:
            if len(of_stream) >= self._many:
                for name, number in Counter(row[0] for row in of_stream).items():
                    found[name] = max(found[name], number)
        for name, number in found.most_common(1):
            if number >= self._many:
                self._met = name

    def read(self, reader: Reader) -> None:
        """Those with the most disputes, anew."""
        self.clear()
        (busiest,) = reader.read([Native(_BUSIEST.format(many=self._many, most=AT_FIRST))])
        self._learn(reader, [str(row[0]) for row in busiest])

    def take_in(self, reader: Reader, look: Look) -> None:
        """What is now said of the disputes and people named, in the place of what was; and of who was met."""
        if self._people:
            self._of_people(reader, [name for name in look.people if name in self._people])
            self._of_disputes(reader, list(dict.fromkeys((*look.disputes, *look.events))))
        name, self._met = self._met, None
        if name is not None and name not in self._people:
            self._learn(reader, [name])

    def _of_people(self, reader: Reader, names: list[str]) -> None:
        """What is told of a person apart from a dispute, and the registry, which needn't name a party."""
        for start in range(0, len(names), _BATCH):
            some = names[start : start + _BATCH]
            for name, rows in self._fetched(reader, some, None).items():
                self._put(name, Person(rows, self.plan))

    def _of_disputes(self, reader: Reader, disputes: list[str]) -> None:
        for start in range(0, len(disputes), _BATCH):
            some = disputes[start : start + _BATCH]
            named = reader.read([Select(sql, Narrowing((column,), (some,))) for sql, column in _WHO])
            who = {row[0] for rows in named for row in rows}
            who.update(*(self._in.get(dispute, ()) for dispute in some))
            who &= self._people.keys()
            if not who:
                continue
            gone = frozenset(some)
            for name, found in self._fetched(reader, sorted(who), some).items():
                before = self._people[name].rows
                rows = {
                    stream: [
                        *(row for row in before[stream] if _dispute_of(stream, row) not in gone),
                        *found[stream],
                    ]
                    if stream in self._of_dispute
                    else before[stream]
                    for stream in before
                }
                self._put(name, Person(rows, self.plan))

    def _learn(self, reader: Reader, names: list[str]) -> None:
        for start in range(0, len(names), _BATCH):
            for name, rows in self._fetched(reader, names[start : start + _BATCH], None).items():
                self._put(name, Person(rows, self.plan))
                self.used([name])
        kept = dict(self._people)
        total = sum(person.size for person in kept.values())
        for name in sorted(kept, key=lambda name: self._used.get(name, 0)):
            if total <= MOST_ROWS:
                break
            total -= kept.pop(name).size
        self._people = kept

    def _put(self, name: str, person: Person) -> None:
        for stream in self._of_dispute:
            for row in person.rows[stream]:
                self._in.setdefault(_dispute_of(stream, row), set()).add(name)
        self._people = {**self._people, name: person}

    def _fetched(
        self, reader: Reader, names: Sequence[str], disputes: Sequence[str] | None
    ) -> dict[str, dict[str, Rows]]:
        """The rows of people; of some disputes' only, in the streams that can be told by it."""
        wanted = self._sql if disputes is None else self._of_dispute
        selects = []
        for stream in wanted:
            sql, key = self._sql[stream]
            if disputes is None:
                narrowing = Narrowing((key,), (names,))
            else:
                # No index serves an expression: by a person's, all of their disputes would be looked through.
                columns = (self._of_dispute[stream], f"({key} || '')")
                narrowing = Narrowing(columns, (disputes, names))
            selects.append(Select(sql, narrowing))
        found: dict[str, dict[str, Rows]] = {name: {stream: [] for stream in wanted} for name in names}
        for stream, rows in zip(wanted, reader.read(selects), strict=True):
            for row in rows:
                found[row[0]][stream].append(row)
        return found


def _dispute_of(stream: str, row: tuple[Any, ...]) -> str:
    return str(row[-1] if stream == _LINKS else row[1])
