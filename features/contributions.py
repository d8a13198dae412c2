"""Contributions in the one order that every engine shares, as the arrays that the fold walks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import F64, I64, Bool

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


def _ranked(column: pa.ChunkedArray) -> tuple[I64, pa.Array]:
    """Each value's rank in code-point order, and the values in that order.

    The order is decided here and not in SQL, where it would follow a database's collation.
    """
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    order = pc.array_sort_indices(encoded.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    indices = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return rank[indices], encoded.dictionary.take(pa.array(order))


def _positions(values: pa.Array, among: pa.Array) -> I64:
    """Where each of `values` stands in `among`, -1 if nowhere."""
    found = pc.index_in(values, value_set=among)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _dense(*columns: I64) -> tuple[I64, I64]:
    """Dense codes of the rows' tuples in lexicographic order, and the order that sorts them (stable)."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(order.size, np.bool_)
    for column in columns:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    codes = np.empty(order.size, np.int64)
    codes[order] = np.cumsum(new)
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
        (rows,) ranks among the strings present, in code-point order.
    disputes, item_names, kinds
        Those strings.
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
        named = [name.partition(PART_JOINT)[0] for name in self.item_names.to_pylist()]
        code, _ = _ranked(pa.chunked_array([pa.array(named, pa.string())]))
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

    def own_groups(self, key: I64, dispute: pa.Array) -> I64:
        """The code of (key, dispute) for each query, -1 where the dispute has no row under that key.

        Parameters
        ----------
        key
            (queries,) positions in the names.
        dispute
            (queries,) the ids of the disputes being scored.
        """
        ranks = _positions(dispute, self.disputes)
        width = max(len(self.disputes), 1)
        packed = np.zeros(int(self.group.max()) + 1 if self.group.size else 0, np.int64)
        packed[self.group] = self.key * width + self.dispute
        wanted = np.where(ranks >= 0, key * width + ranks, -1)
        at = np.searchsorted(packed, wanted)
        found = at < packed.size
        found[found] = packed[at[found]] == wanted[found]
        return np.where(found, at, -1).astype(np.int64)


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
    dispute, disputes = _ranked(table["dispute_id"])
    item, items = _ranked(table["item"])
    kind, kinds = _ranked(table["kind"])
    known, at, until = (
        table[name].combine_chunks().to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        for name in ("known", "at", "until")
    )
    # Adding 0.0 makes -0.0 into 0.0, which compare alike but differ in their bits.
    value = table["value"].combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64) + 0.0
    order = np.lexsort((until, value, kind, item, dispute, at, known, key))
    key = key[order]
    starts = np.searchsorted(key, np.arange(len(names) + 1)).astype(np.int64)
    return Contributions(
        key=key,
        starts=starts,
        dispute=dispute[order],
        item=item[order],
        kind=kind[order],
        disputes=disputes,
        item_names=items,
        kinds=tuple(kinds.to_pylist()),
        known=known[order],
        at=at[order],
        until=until[order],
        value=value[order],
    )
