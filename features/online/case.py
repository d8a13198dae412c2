"""Features and texts of one case out of a record store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from ..arrays import F64, I64
from ..catalogue import CATALOGUE
from ..declarations import Aggregate, Entity, Feature, Measure
from ..documents import EVENTS_SQL, NARRATIVES_SQL, VISITS_SQL
from ..engine import measure_stream
from ..expansion import DISPUTES_SQL, PARTIES_SQL, Expansion, Request
from ..finishing import finished
from ..links import LINKS_SQL
from ..sources.base import Narrowing
from ..sources.store import StoreSource
from ..streams import STREAMS
from .areas import AREAS, AreaState, AskedAreas
from .changes import looked, looking
from .facts import CaseFacts, document_known
from .folding import Asking, Plan
from .kept import Kept
from .keys import Keys, chained, own_keys, with_reached
from .many import Counts, facts_together
from .narrowing import narrowed
from .people import MANY, PeopleState, Person
from .statements import Reader, Rows, Select

_NO_NAMES: Final = pa.nulls(0, pa.string())
_PARTIES: Final = frozenset({Entity.APPLICANT, Entity.RESPONDENT, Entity.PERSON})
_PEOPLE: Final = (*_PARTIES, Entity.RELATIVE, Entity.CONTACT)


FEW: Final = 4
"""Cases from which on they are read sooner together than one after the other."""


class OneCase:
    """Reads single cases, and keeps what serves the next ones.

    May be used by several threads, each with a connection of its own. It belongs to one store.

    Parameters
    ----------
    features
        Another catalogue than the project's own, for tests.
    many
        How many rows of a stream a person must have to be kept.
    """

    def __init__(self, features: Sequence[Feature] = CATALOGUE, many: int = MANY) -> None:
        self._features = tuple(features)
        measures = tuple(dict.fromkeys(m for feature in features for m in feature.measures))
        self._areas = AreaState([m for m in measures if m.entity in AREAS])
        self._people = PeopleState(
            [m for m in measures if STREAMS[m.stream].entities > {Entity.PERSON}], many
        )
        self._kept = Kept(self._areas, self._people)
        self._plan = Plan([m for m in measures if m.entity not in AREAS])
        self._measures = {
            name: [m for m in self._plan.measures if m.stream == name] for name in self._plan.streams
        }
        self._groups: dict[tuple[str, Entity, bool], list[Measure]] = {}
        for measure in self._plan.measures:
            if STREAMS[measure.stream].entities > {Entity.PERSON}:
                group = Entity.PERSON if measure.entity in _PARTIES else measure.entity
                # Of a contact with thousands of disputes the last year's are read, and those of a few kinds;
                # a row that comes twice counts once.
                recent = group is not Entity.PERSON and measure.aggregate is Aggregate.COUNT
                recent = recent and measure.within is not None
                self._groups.setdefault((measure.stream, group, recent), []).append(measure)
        self._shared = {name for name, _, _ in self._groups}
        place = {m: at for at, m in enumerate((*self._plan.measures, *self._areas.measures))}
        self._place = place
        self._made_of = [(feature, [place[m] for m in feature.measures]) for feature in self._features]
        self._names = tuple(feature.name for feature in self._features)

    @property
    def people_kept(self) -> int:
        """How many people's rows are in memory."""
        return len(self._people.people)

    def warm(self, connection: sa.Connection, as_of: int) -> None:
        """Compile, and read the areas' state, rather than for the first case.

        Parameters
        ----------
        connection
            As in `facts`, of no use afterwards but to be closed.
        as_of
            Now.
        """
        self.facts(connection, "", as_of)

    def facts(self, connection: sa.Connection, dispute_id: str, as_of: int) -> CaseFacts:
        """Features and texts of a dispute at a moment (microseconds).

        At most three round trips, and some more where something has changed since the last case. The numbers
        are those of `features.frame.feature_frame` to the last bit.

        Parameters
        ----------
        connection
            Of `docket.store.Store.snapshot`. A case is fastest where this is the first that is read with it:
            one that sees less than what was read for another case meanwhile counts its areas anew.

        Raises
        ------
        sqlalchemy.exc.DBAPIError
            If the database fails.
        """
        reader = Reader(connection)
        own = [name for name in self._plan.streams if STREAMS[name].entities == {Entity.DISPUTE}]
        selects = [
            *(Select(sql, _by(column, dispute_id)) for sql, column in _OWN),
            *(Select(STREAMS[name].sql, _by(STREAMS[name].lookup[0], dispute_id)) for name in own),
        ]
        with self._kept.lock:
            grids, now, changed, disputes, parties, narratives, events, *streams = reader.read(
                [*looking(reader.engine, self._kept.seen), *selects]
            )
            fresh = self._kept.refresh(reader, looked(reader.engine, grids, now, changed), as_of)
            keys = own_keys(disputes, parties, dispute_id, as_of)
            told = fresh and self._areas.answers(as_of)
            areas = self._areas.values([dispute_id], [as_of], _areas_of([keys])) if told else None
            kept = self._people.people if fresh else {}
        rows = dict(zip(own, streams, strict=True))
        keys, visits = self._read_people(reader, keys, kept, rows, as_of)
        request = _request(keys, dispute_id, as_of, named=areas is None)
        if areas is None:
            areas = _from_store(connection, request, self._areas.measures)
        asked = self._asked(keys, rows)
        folded = self._plan.fold(asked, dispute_id, as_of)
        self._add_kept(folded, asked, keys, kept, dispute_id, as_of)
        values = [*folded, *areas]
        row = np.empty(len(self._made_of), np.float64)
        for place, (feature, made_of) in enumerate(self._made_of):
            row[place] = finished(feature, [values[at] for at in made_of], request)[0]
        return CaseFacts(self._names, row, document_known(keys, narratives, events, visits, as_of))

    def facts_of(self, connection: sa.Connection, as_of: Mapping[str, int]) -> dict[str, CaseFacts]:
        """`facts` of several disputes, each at a moment of its own; some thirty trips, however many they are.

        Raises
        ------
        sqlalchemy.exc.DBAPIError
            If the database fails.
        """
        if len(as_of) < FEW:
            return {name: self.facts(connection, name, moment) for name, moment in as_of.items()}
        reader = Reader(connection)
        by_dispute = Narrowing(("d.dispute_id",), (list(as_of),))
        with self._kept.lock:
            grids, now, changed, disputes = reader.read(
                [*looking(reader.engine, self._kept.seen), Select(DISPUTES_SQL, by_dispute)]
            )
            look = looked(reader.engine, grids, now, changed)
            fresh = self._kept.refresh(reader, look, max(as_of.values()))
            told = fresh and self._areas.answers(min(as_of.values()))
            counts = self._counts(disputes, as_of) if told else None
        groups = [(name, self._measures[name]) for name in self._plan.streams if name not in self._shared]
        groups += [(name, measures) for (name, _, _), measures in self._groups.items()]
        matrix, documents = facts_together(
            reader, as_of, self._features, groups, self._areas.measures, counts
        )
        return {
            name: CaseFacts(self._names, matrix[place], documents[place]) for place, name in enumerate(as_of)
        }

    def _counts(self, disputes: Rows, as_of: Mapping[str, int]) -> Counts:
        """What the areas' state says of the areas of each dispute."""
        by_dispute: dict[str, Rows] = {name: [] for name in as_of}
        for row in disputes:
            by_dispute[row[0]].append(row)
        asked = _areas_of([own_keys(rows, [], name, as_of[name]) for name, rows in by_dispute.items()])
        values = self._areas.values(list(as_of), list(as_of.values()), asked)
        return {
            measure: dict(zip(asked[measure.entity], of_level.tolist(), strict=True))
            for measure, of_level in zip(self._areas.measures, values, strict=True)
        }

    def _read_people(
        self, reader: Reader, keys: Keys, kept: Mapping[str, Person], rows: dict[str, Rows], as_of: int
    ) -> tuple[Keys, Rows]:
        """Add the rows of pairs and of people who aren't kept; the keys with whom is reached, and visits."""
        moment = np.array([as_of], np.int64)
        parties = [name for name in keys.of[Entity.PERSON] if name not in kept]
        of_pairs = [name for name in self._plan.streams if STREAMS[name].entities == {Entity.PAIR}]
        links, visits, *streams = reader.read(
            [
                Select(LINKS_SQL, Narrowing(("a.person_id",), (parties,))),
                Select(VISITS_SQL, Narrowing(("x.person_id",), (parties,))),
                *(
                    Select(
                        STREAMS[name].sql,
                        narrowed(STREAMS[name], keys.of[Entity.PAIR], self._measures[name], moment),
                    )
                    for name in of_pairs
                ),
            ]
        )
        rows.update(zip(of_pairs, streams, strict=True))
        by_party: dict[str, Rows] = {}
        for row in links:
            by_party.setdefault(row[0], []).append(row)
        chains = {party: chained(found) for party, found in by_party.items()}
        for party in keys.of[Entity.PERSON]:
            if party in kept:
                chains[party] = kept[party].chain
                visits = [*visits, *kept[party].visits]
        keys = with_reached(keys, chains, as_of)
        # Of whom the parties only know less is asked than of them: it is less to read.
        asked = []
        for (name, group, _), measures in self._groups.items():
            people = [person for person in keys.of[group] if person not in kept]
            asked.append((name, Select(STREAMS[name].sql, narrowed(STREAMS[name], people, measures, moment))))
        found = reader.read([select for _, select in asked])
        for (name, _), of_stream in zip(asked, found, strict=True):
            rows.setdefault(name, []).extend(of_stream)
        self._people.met((links, *found))
        return keys, visits

    def _add_kept(
        self,
        folded: list[F64],
        asked: Mapping[str, Asking],
        keys: Keys,
        kept: Mapping[str, Person],
        dispute_id: str,
        as_of: int,
    ) -> None:
        """Put what is known of those who are kept into the places that `folded` holds for them."""
        people = keys.people
        here = [(place, name) for place, name in enumerate(people) if name in kept]
        self._people.used(name for _, name in here)
        for place, name in here:
            entities = frozenset(entity for entity in _PEOPLE if name in keys.of[entity])
            values = kept[name].fold(entities, dispute_id, as_of)
            for measure, value in zip(self._people.plan.measures, values, strict=True):
                if value.size:
                    positions = asked[measure.stream].wanted[measure.entity]
                    folded[self._place[measure]][np.searchsorted(positions, place)] = value[0]

    def _asked(self, keys: Keys, rows: Mapping[str, Rows]) -> dict[str, Asking]:
        asked: dict[str, Asking] = {}
        people = keys.people
        place = {name: position for position, name in enumerate(people)}
        for name in self._plan.streams:
            entities = {measure.entity for measure in self._measures[name]}
            if STREAMS[name].entities <= {Entity.DISPUTE, Entity.PAIR}:
                (entity,) = entities
                of = keys.of[entity]
                asked[name] = Asking(rows[name], of, {entity: np.arange(len(of))})
            else:
                asked[name] = Asking(
                    rows[name], people, {entity: _places(keys.of[entity], place) for entity in entities}
                )
        return asked


_OWN: Final = (
    (DISPUTES_SQL, "d.dispute_id"),
    (PARTIES_SQL, "p.dispute_id"),
    (NARRATIVES_SQL, "x.dispute_id"),
    (EVENTS_SQL, "x.dispute_id"),
)


def _areas_of(keys: Sequence[Keys]) -> AskedAreas:
    return {
        level: [(place, key) for place, of_case in enumerate(keys) for key in of_case.of[level]]
        for level in AREAS
    }


def _by(column: str, key: str) -> Narrowing:
    return Narrowing((column,), ([key],))


def _places(names: Sequence[str], place: Mapping[str, int]) -> I64:
    return np.array(sorted(place[name] for name in names), np.int64)


def _request(keys: Keys, dispute_id: str, as_of: int, *, named: bool) -> Request:
    """The case as the batch's engine knows it; finishing needs no names of its keys, reading does."""
    expansions = {
        entity: Expansion(
            np.zeros(len(of), np.int64), np.arange(len(of)), pa.array(of, pa.string()) if named else _NO_NAMES
        )
        for entity, of in keys.of.items()
    }
    return Request(np.array([as_of], np.int64), pa.array([dispute_id], pa.string()), expansions)


def _from_store(connection: sa.Connection, request: Request, measures: Sequence[Measure]) -> list[F64]:
    """What the state can't tell, read from the store as for a batch."""
    values: dict[Measure, F64] = {}
    for name in dict.fromkeys(measure.stream for measure in measures):
        of_stream = [measure for measure in measures if measure.stream == name]
        values |= measure_stream(StoreSource(connection), request, STREAMS[name], of_stream)
    return [values[measure] for measure in measures]
