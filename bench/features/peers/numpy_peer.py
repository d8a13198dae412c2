"""Peer in plain numpy, part four: whose keys, and from measures to columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from ..reading import Features
from ..reading import Records as Given
from .finishing import Finisher, Wanted, measures_of, name_of
from .numpy_catalogue import MAKERS, area_codes
from .numpy_measures import Measures, Questions, distinct
from .numpy_streams import Array, Records, join

AREAS: Final = ("grid", "community", "street")
PERSONS: Final = ("applicant", "respondent", "person")
OWN_STREAMS: Final = ("case", "case_parties", "case_events", "case_outcomes", "case_registry")


class Program:
    """All columns of some questions, streams made once and let go of.

    Parameters
    ----------
    tables
        The records.
    ids, as_of
        (n,) the questions.
    features
        Declarations in plain types.
    """

    def __init__(
        self,
        tables: Mapping[str, pa.Table],
        ids: pa.Array,
        as_of: Array,
        features: Sequence[Mapping[str, Any]],
    ) -> None:
        self.records = Records(tables, ids, as_of)
        self.as_of, self.features = as_of, features
        self.expansions = self._expansions()
        self.values: dict[str, Array] = {}

    def _expansions(self) -> dict[str, tuple[Array, Array]]:
        """Questions and keys of each entity, by what is live."""
        r = self.records
        query, row = self._live(r.d)
        found = {"dispute": (query, r.asked[query])}
        for level in AREAS:
            found[level] = (query, area_codes(r, level)[r.d["grid"][row]])
        seen = np.zeros(r.asked.size, bool)
        seen[query] = True
        query, row = self._live(r.p)
        query, row = query[seen[query]], row[seen[query]]
        person, role = r.p["person"][row], r.p["kind"][row]
        found["person"] = (query, person)
        for name in PERSONS[:2]:
            held = role == r.p["names"].index(name)
            found[name] = (query[held], person[held])
        (one, a), (other, b) = found["applicant"], found["respondent"]
        left, right = join(one, other)
        packed = a[left] * len(r.people) + b[right]
        apart = a[left] != b[right]
        r.pairs_asked = distinct(packed[apart])
        found["pair"] = (one[left][apart], np.searchsorted(r.pairs_asked, packed[apart]))
        return found

    def _live(self, rows: dict[str, Array]) -> tuple[Array, Array]:
        r = self.records
        query, row = join(r.asked, rows["dispute"])
        t = self.as_of[query]
        live = (rows["known"][row] <= t) & (t < rows["until"][row])
        return query[live], row[live]

    def columns(self) -> Array:
        """(n, features)."""
        wanted = {name_of(w): w for feature in self.features for w in measures_of(feature)}
        for stream, make in MAKERS.items():
            mine = [w for w in wanted.values() if w["stream"] == stream]
            if mine:
                self._measure(Measures(self.records, make(self.records)), stream, mine)
        queries = {entity: query for entity, (query, _) in self.expansions.items()}
        finisher = Finisher(self.values, queries, self.as_of.size)
        answer = np.empty((self.as_of.size, len(self.features)), order="F")
        for place, feature in enumerate(self.features):
            answer[:, place] = finisher.column(feature)
        return answer

    def _measure(self, measures: Measures, stream: str, wanted: list[Wanted]) -> None:
        for entity in dict.fromkeys(w["entity"] for w in wanted):
            asked = Questions(self.records, measures.stream, *self.expansions[entity], self.as_of)
            for w in wanted:
                if w["entity"] == entity:
                    how = "few" if stream in OWN_STREAMS else w["aggregate"]
                    method = getattr(measures, how if how in ("few", "count", "decayed", "pairs") else "best")
                    self.values[name_of(w)] = method(w, asked)


def compute(records: Given, features: Features) -> Array:
    """(questions, features)."""
    return Program(records.tables, *records.questions, features).columns()
