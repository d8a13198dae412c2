"""Peer in plain numpy, part one: records as integer codes, contributions by joins on sorted codes.

Nothing here calls the engine. Moments become ranks among the moments that are asked, so that a key and a
moment fit into one int64, which numpy sorts and searches several times faster than two columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Array = Any
NEVER: Final = 2**62
ROLES: Final = ("applicant", "respondent", "affected")
KIND_STEPS: Final = {"divorce": 1, "family": 1, "neighbour": 1, "injury": 2, "domestic_violence": 2}
EVENT_STEPS: Final = {
    "repeat_report": 1,
    "mediation_failed": 2,
    "agreement_breached": 2,
    "police_call": 3,
    "warning_letter": 4,
    "protection_order": 4,
}
FINDINGS: Final = {"tense": 1, "worse": 2}


def join(left: Array, right: Array) -> tuple[Array, Array]:
    """Rows of `left` with the rows of `right` of the same code; `right` is sorted."""
    low = np.searchsorted(right, left, "left")
    sizes = np.searchsorted(right, left, "right") - low
    one = np.repeat(np.arange(left.size), sizes)
    other = np.arange(one.size) + np.repeat(low - (np.cumsum(sizes) - sizes), sizes)
    return one, other


@dataclass
class Stream:
    """Contributions sorted by (key, first rank that sees them, at), those that no question sees left out.

    Attributes
    ----------
    key, dispute, item, kind
        Codes; `names` are those of the kinds.
    start, end
        Ranks among the moments asked: seen by ranks in [start, end), windows apart.
    known, at, value
        As recorded.
    part
        Which grid of the street, in the stream of streets.
    at_rank
        Place of each row in the order of `at`, whatever at a tie.
    keys
        One more than the largest key, of questions too.
    """

    key: Array
    dispute: Array
    item: Array
    kind: Array
    names: list[str]
    start: Array
    end: Array
    known: Array
    at: Array
    value: Array
    part: Array | None
    at_rank: Array
    keys: int

    @cached_property
    def by_dispute(self) -> tuple[Array, Array]:
        """Codes of (dispute, key) in order, and the order."""
        packed = self.dispute * self.keys + self.key
        order = np.argsort(packed)
        return packed[order], order

    def mask(self, where: list[str] | None) -> Array:
        """Which rows are of the kinds `where`."""
        if where is None:
            return np.ones(self.key.size, bool)
        return np.isin(self.names, where)[self.kind]


class Records:
    """The tables as codes, each sorted by dispute, and the streams made of them."""

    def __init__(self, tables: Mapping[str, pa.Table], ids: pa.Array, as_of: Array) -> None:
        self.tables = tables
        self.disputes = pc.unique(tables["disputes"]["dispute_id"]).cast(pa.string())
        people = [tables[name]["person_id"] for name in ("parties", "visits", "registry")]
        self.people = pc.unique(pa.chunked_array([c for column in people for c in column.chunks]))
        self.grids = tables["grids"]["grid_id"].combine_chunks()
        moments = np.sort(as_of)
        self.pairs_asked: Array = np.empty(0, np.int64)
        self.moments = moments[np.flatnonzero(np.diff(moments, prepend=-1))]
        self.rank = np.searchsorted(self.moments, as_of)
        self.asked = self._code(ids, self.disputes)
        self.width = self.moments.size + 1
        self.never = self.moments.size

    def _code(self, values: Any, among: Any) -> Array:
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        found = pc.index_in(values.cast(among.type), value_set=among)
        return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def ranks(self, times: Array) -> Array:
        """How many of the moments asked lie before each time."""
        return np.searchsorted(self.moments, times, "left")

    @cached_property
    def d(self) -> dict[str, Array]:
        """Versions of disputes, sorted by dispute."""
        return self._rows("disputes", "opened_at", excluded="excluded_at")

    @cached_property
    def p(self) -> dict[str, Array]:
        """Versions of parties, sorted by dispute."""
        return self._rows("parties", None)

    @cached_property
    def e(self) -> dict[str, Array]:
        """Versions of events, sorted by dispute."""
        return self._rows("events", "at")

    @cached_property
    def o(self) -> dict[str, Array]:
        """Versions of outcomes, sorted by dispute."""
        return self._rows("outcomes", "at")

    @cached_property
    def r(self) -> dict[str, Array]:
        """Versions of registry entries, sorted by dispute."""
        return self._rows("registry", "entered_at")

    def _rows(self, name: str, happened: str | None, excluded: str | None = None) -> dict[str, Array]:
        table = self.tables[name]

        def times(column: str) -> Array:
            return pc.fill_null(table[column], NEVER).to_numpy()

        rows = {
            "dispute": self._code(table["dispute_id"], self.disputes),
            "known": table["recorded_at"].to_numpy(),
            "until": times("superseded_at"),
        }
        if happened is not None:
            rows["at"] = table[happened].to_numpy()
        if excluded is not None:
            rows["excluded"] = times(excluded)
        kind = {"parties": "role", "registry": "category"}.get(name, "kind")
        encoded = table[kind].combine_chunks().dictionary_encode()
        rows["kind"] = encoded.indices.to_numpy().astype(np.int64)
        names = encoded.dictionary.to_pylist()
        if "person_id" in table.column_names:
            rows["person"] = self._code(table["person_id"], self.people)
        if name in ("events", "outcomes", "registry"):
            identity = {"events": "event_id", "outcomes": "outcome_id", "registry": "entry_id"}[name]
            rows["item"] = table[identity].combine_chunks().dictionary_encode().indices.to_numpy()
        if name == "disputes":
            rows["grid"] = self._code(table["grid_id"], self.grids)
            rows["amount"] = table["amount_cny"].to_numpy()
            rows["police"] = pc.equal(table["source"], "police_110").to_numpy()
        if name == "parties":
            rows["relation"] = table["relation"].combine_chunks().dictionary_encode()
        if name == "outcomes":
            rows["value"] = table["severity"].to_numpy()
        if name == "registry":
            left = times("left_at")
            known = pc.coalesce(table["left_recorded_at"], table["left_at"])
            rows["left"] = np.maximum(left, pc.fill_null(known, NEVER).to_numpy())
        relation = rows.pop("relation", None)
        order = np.argsort(rows["dispute"], kind="stable")
        rows = {column: np.asarray(values)[order] for column, values in rows.items()}
        rows["names"] = names
        if relation is not None:
            rows["relation"] = relation.indices.to_numpy()[order].astype(np.int64)
            rows["relations"] = relation.dictionary.to_pylist()
        return rows

    def stream(
        self,
        key: Array,
        dispute: Array,
        item: Array,
        known: Array,
        until: Array,
        at: Array,
        kind: Array,
        names: list[str],
        value: Array,
        part: Array | None = None,
    ) -> Stream:
        """Leave out what no question sees, and sort."""
        start, end = self.ranks(known), self.ranks(until)
        seen = np.flatnonzero((start < end) & (key >= 0))
        seen = seen[np.argsort(at[seen], kind="stable")]
        by_key = np.argsort(key[seen] * self.width + start[seen], kind="stable")
        order = seen[by_key]

        def taken(values: Array) -> Array:
            return np.broadcast_to(np.asarray(values, np.float64), key.shape)[order]

        return Stream(
            key[order],
            dispute[order],
            item[order],
            kind[order],
            names,
            start[order],
            end[order],
            known[order],
            at[order],
            taken(value),
            None if part is None else part[order],
            by_key,
            max(len(self.disputes), len(self.people), len(self.grids), self.pairs_asked.size),
        )

    @cached_property
    def party_disputes(self) -> dict[str, Array]:
        """Parties with the versions of their dispute, sorted by dispute."""
        p, d = self.p, self.d
        one, other = join(p["dispute"], d["dispute"])
        return {
            "person": p["person"][one],
            "dispute": p["dispute"][one],
            "role": p["kind"][one],
            "known": np.maximum(p["known"][one], d["known"][other]),
            "until": np.minimum(p["until"][one], np.minimum(d["until"][other], d["excluded"][other])),
            "at": d["at"][other],
            "kind": d["kind"][other],
        }

    @cached_property
    def opposed(self) -> dict[str, Array]:
        """Two parties of a dispute on different sides, both orders, sorted by dispute."""
        pd, p = self.party_disputes, self.p
        one, other = join(pd["dispute"], p["dispute"])
        respondent = p["names"].index("respondent")
        role_a, role_b = pd["role"][one], p["kind"][other]
        apart = (role_a != role_b) & ((role_a == respondent) | (role_b == respondent))
        apart &= pd["person"][one] != p["person"][other]
        one, other = one[apart], other[apart]
        return {
            "pair": pd["person"][one] * len(self.people) + p["person"][other],
            "dispute": pd["dispute"][one],
            "role": pd["role"][one],
            "known": np.maximum(pd["known"][one], p["known"][other]),
            "until": np.minimum(pd["until"][one], p["until"][other]),
            "at": pd["at"][one],
            "kind": pd["kind"][one],
        }

    def with_details(self, rows: dict[str, Array], key: str, detail: dict[str, Array], named: bool) -> Stream:
        """Events or outcomes under the keys of `rows`, the role before the kind if `named`."""
        one, other = join(detail["dispute"], rows["dispute"])
        kinds, names = detail["kind"][one], detail["names"]
        steps = np.array([EVENT_STEPS.get(name, 0) for name in names], np.float64)
        value = detail["value"][one] if "value" in detail else steps[kinds]
        if named:
            kinds, names = rows["role"][other] * len(names) + kinds, self._with_roles(names)
        return self.stream(
            rows[key][other],
            rows["dispute"][other],
            detail["item"][one],
            np.maximum(rows["known"][other], detail["known"][one]),
            np.minimum(rows["until"][other], detail["until"][one]),
            detail["at"][one],
            kinds,
            names,
            value,
        )

    def _with_roles(self, names: list[str]) -> list[str]:
        return [f"{role}/{name}" for role in self.p["names"] for name in names]

    def of_disputes(self, rows: dict[str, Array], key: str) -> Stream:
        """The disputes themselves under the keys of `rows`."""
        names = self.d["names"]
        value = np.array([KIND_STEPS.get(name, 0) for name in names], np.float64)[rows["kind"]]
        kind = rows["role"] * len(names) + rows["kind"]
        return self.stream(
            rows[key],
            rows["dispute"],
            rows["dispute"],
            rows["known"],
            rows["until"],
            rows["at"],
            kind,
            self._with_roles(names),
            value,
        )


Maker = Callable[[Records], Stream]
