"""Contributions in the one order that every engine shares, as the arrays that the fold walks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import F64, I64, Bool
from .ordering import first_of_each, order_of, present

PART_JOINT = "\x1f"
"""Stands in an item between the part of the key that it belongs to, and its own id; see `shares`."""
FIELDS = pa.schema(
    [
        ("key", pa.string()),
        ("dispute_id", pa.string()),
        ("item", pa.string()),
        ("known", pa.int64()),
        ("at", pa.int64()),
        ("until", pa.int64()),
        ("kind", pa.string()),
        ("value", pa.float64()),
    ]
)
"""What a source returns for a stream."""


def _encoded(column: pa.ChunkedArray) -> tuple[I64, pa.Array]:
    """Each value's code, and the values by code."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def _ranks(values: pa.Array) -> I64:
    """Each value's rank in code-point order, of values that differ.

    The order is decided here and not in SQL, where it would follow a database's collation.
    """
    order = pc.array_sort_indices(values).to_numpy(zero_copy_only=False).astype(np.int64)
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    return rank


def _ranks_at(codes: I64, values: pa.Array, rows: I64) -> I64:
    """The ranks of `values[codes[rows]]` among themselves: sorting all values would take far longer."""
    some = present(codes[rows], len(values))
    rank = np.zeros(len(values), np.int64)
    rank[some] = _ranks(values.take(pa.array(some)))
    return rank[codes[rows]]


def _positions(values: pa.Array, among: pa.Array) -> I64:
    """Where each of `values` stands in `among`, -1 if nowhere."""
    found = pc.index_in(values, value_set=among)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _dense(*columns: I64) -> tuple[I64, I64]:
    """Dense codes of the rows' tuples in lexicographic order, and the order that sorts them (stable)."""
    order = order_of(*columns)
    new = first_of_each(order.size, *(column[order] for column in columns))
    codes = np.empty(order.size, np.int64)
    codes[order] = np.cumsum(new, dtype=np.int64) - 1
    return codes, order


@dataclass(frozen=True)
class Shares:
    """What of a dispute stands in which part of its key.

    Attributes
    ----------
    share
        (rows,) dense code of (key, dispute, part).
    part
        (shares,) dense code of (key, part).
    bounds
        (groups + 1,) each (key, dispute)'s first share.
    """

    share: I64
    part: I64
    bounds: I64


@dataclass(frozen=True)
class Contributions:
    """One stream's rows for a set of keys, sorted by (key, known, at, dispute, item, kind, value, until).

    Attributes
    ----------
    key
        (rows,) positions in the names they were arranged by.
    starts
        (keys + 1,) where each key's rows begin.
    dispute, item, kind
        (rows,) codes: positions in the three that follow.
    disputes, item_names, kinds
        The strings present, each once.
    known, at, until, value
        (rows,) as the stream gave them.
    """

    key: I64
    starts: I64
    dispute: I64
    item: I64
    kind: I64
    disputes: pa.Array
    item_names: pa.Array
    kinds: tuple[str, ...]
    known: I64
    at: I64
    until: I64
    value: F64

    @cached_property
    def _by_group(self) -> tuple[I64, I64]:
        return _dense(self.key, self.dispute)

    @property
    def group(self) -> I64:
        """(rows,) dense code of (key, dispute)."""
        return self._by_group[0]

    @cached_property
    def place(self) -> I64:
        """(rows,) position among the rows sorted by (key, dispute)."""
        place = np.empty(self.key.size, np.int64)
        place[self._by_group[1]] = np.arange(self.key.size)
        return place

    @cached_property
    def group_bounds(self) -> tuple[I64, I64]:
        """(groups,) the first place of each (key, dispute), and the one after its last."""
        sizes = np.bincount(self.group, minlength=1).astype(np.int64)
        high = np.cumsum(sizes)
        return high - sizes, high

    @cached_property
    def items(self) -> I64:
        """(rows,) dense code of (key, item)."""
        return _dense(self.key, self.item)[0]

    @cached_property
    def entries(self) -> I64:
        """(rows,) dense code of (key, dispute, item)."""
        return _dense(self.group, self.item)[0]

    @cached_property
    def facts(self) -> I64:
        """(rows,) dense code of (key, dispute, item, at, value).

        Not of the kind: who holds two roles in a dispute meets its every event twice, and is told of it once.
        """
        return _dense(self.entries, self.at, self.value.view(np.int64))[0]

    @cached_property
    def shares(self) -> Shares:
        """How each dispute's items fall to parts of the key, named before an item's `PART_JOINT`."""
        named = pc.list_element(pc.split_pattern(self.item_names, PART_JOINT, max_splits=1), 0)
        code, _ = _encoded(pa.chunked_array([named]))
        of = _dense(self.key, code[self.item])[0]
        share, _ = _dense(self.group, of)
        part = np.empty(self.key.size, np.int64)
        part[share] = of
        owner = np.empty(self.key.size, np.int64)
        owner[share] = self.group
        found = int(share.max()) + 1 if share.size else 0
        groups = int(self.group.max()) + 1 if self.group.size else 0
        bounds = np.searchsorted(owner[:found], np.arange(groups + 1)).astype(np.int64)
        return Shares(share, part[:found], bounds)

    def keep(self, where: frozenset[str] | None) -> Bool:
        """(rows,) which rows are of the kinds `where`; None keeps all."""
        if where is None:
            return np.ones(self.key.size, np.bool_)
        wanted = np.array([kind in where for kind in self.kinds], np.bool_)
        return wanted[self.kind] if self.kind.size else np.zeros(0, np.bool_)

    def own_groups(self, key: I64, dispute: I64) -> I64:
        """The code of (key, dispute) for each query, -1 where the dispute has no row under that key.

        Parameters
        ----------
        key
            (queries,) positions in the names.
        dispute
            (queries,) the disputes being scored, as positions in `disputes`; -1 for none.
        """
        width = max(len(self.disputes), 1)
        packed = np.zeros(int(self.group.max()) + 1 if self.group.size else 0, np.int64)
        packed[self.group] = self.key * width + self.dispute
        wanted = np.where(dispute >= 0, key * width + dispute, -1)
        at = np.searchsorted(packed, wanted)
        found = at < packed.size
        found[found] = packed[at[found]] == wanted[found]
        return np.where(found, at, -1).astype(np.int64)

    def places(self, disputes: pa.Array) -> I64:
        """Where each of `disputes` stands in those of the rows, -1 if nowhere."""
        return _positions(disputes, self.disputes)


def _canonical(
    table: pa.Table, key: I64, known: I64, at: I64, codes: Mapping[str, tuple[I64, pa.Array]]
) -> I64:
    """The order by (key, known, at, dispute, item, kind, value, until), strings by code point.

    The first three decide nearly all of it, so that the strings of rows that tie in them are all that is
    compared; and where a column is the same throughout each tie, as the dispute mostly is, not even those.
    """
    order = order_of(key, known, at)
    new = first_of_each(order.size, key[order], known[order], at[order])
    tied = ~new
    tied[:-1] |= ~new[1:]
    places = np.flatnonzero(tied)
    if places.size == 0:
        return order
    rows = order[places]
    tie = np.cumsum(new, dtype=np.int64)[places]
    same = ~first_of_each(tie.size, tie)
    columns: list[I64] = [tie]

    def varies(column: I64 | F64) -> bool:
        return bool(((column[1:] != column[:-1]) & same[1:]).any())

    for name in ("dispute_id", "item", "kind"):
        code, values = codes[name]
        if varies(code[rows]):
            columns.append(_ranks_at(code, values, rows))
    value, until = _numbers(table, "value")[rows], _moments(table, "until")[rows]
    if varies(value):
        columns.append(np.unique(value, return_inverse=True)[1].astype(np.int64))
    if varies(until):
        columns.append(until)
    order[places] = rows[order_of(*columns)]
    return order


def _moments(table: pa.Table, name: str) -> I64:
    values = table[name].combine_chunks().to_numpy(zero_copy_only=False)
    return np.asarray(values, np.int64)


def _numbers(table: pa.Table, name: str) -> F64:
    values = table[name].combine_chunks().to_numpy(zero_copy_only=False)
    # Adding 0.0 makes -0.0 into 0.0, which compare alike but differ in their bits.
    return np.asarray(values, np.float64) + 0.0


def arrange(table: pa.Table, names: pa.Array) -> Contributions:
    """Put a stream's rows in canonical order.

    Parameters
    ----------
    table
        Rows with the columns of `FIELDS`, in whatever order the engine gave them.
    names
        The keys asked for; rows of other keys are dropped.

    Returns
    -------
    Contributions
        The same for the same rows, whatever engine they came from.
    """
    key = _positions(table["key"].combine_chunks(), names)
    wanted = key >= 0
    if not wanted.all():
        table = table.filter(pa.array(wanted))
        key = key[wanted]
    codes = {name: _encoded(table[name]) for name in ("dispute_id", "item", "kind")}
    known, at = _moments(table, "known"), _moments(table, "at")
    order = _canonical(table, key, known, at, codes)
    key = key[order]
    starts = np.searchsorted(key, np.arange(len(names) + 1)).astype(np.int64)
    return Contributions(
        key=key,
        starts=starts,
        dispute=codes["dispute_id"][0][order],
        item=codes["item"][0][order],
        kind=codes["kind"][0][order],
        disputes=codes["dispute_id"][1],
        item_names=codes["item"][1],
        kinds=tuple(codes["kind"][1].to_pylist()),
        known=known[order],
        at=at[order],
        until=_moments(table, "until")[order],
        value=_numbers(table, "value")[order],
    )
