"""Sorting rows by several whole numbers, as `numpy.lexsort` does, in time that grows with the rows alone."""

from __future__ import annotations

from typing import Final

import numpy as np

from .arrays import I64, Bool
from .jit import jit

_FEW: Final = 4_096
"""Below this many rows numpy is as quick, and one case needn't wait for compiled code."""
_BITS: Final = 12
"""Of a digit: its 4096 counts stay in a core's own cache."""


def order_of(*columns: I64) -> I64:
    """The order that sorts rows by the columns, the first foremost; rows that tie keep theirs.

    Parameters
    ----------
    columns
        (rows,) each. Where they span little, or are in order already, little is done.

    Returns
    -------
    ndarray
        (rows,) positions: `numpy.lexsort` of the columns reversed.
    """
    size = columns[0].size
    if size < _FEW:
        return np.lexsort(columns[::-1]).astype(np.int64)
    order = np.arange(size, dtype=np.int64)
    for column in columns[::-1]:
        order = _by_digits(np.ascontiguousarray(column, np.int64), order)
    return order


def first_of_each(size: int, *columns: I64) -> Bool:
    """Which of `size` rows differ from the row before, the columns in order; the first does."""
    new = np.zeros(size, np.bool_)
    new[:1] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def distinct(values: I64) -> I64:
    """Each value once, ascending. `numpy.unique` hashes integers, which takes several times as long."""
    ordered = np.sort(values)
    return ordered[first_of_each(ordered.size, ordered)]


def present(values: I64, size: int) -> I64:
    """Each value once, ascending, of values below `size`."""
    seen = np.zeros(size, np.bool_)
    seen[values] = True
    return np.flatnonzero(seen).astype(np.int64)


@jit
def _by_digits(column: I64, order: I64) -> I64:
    """Sort the rows in `order` by the column, stable: digit by digit, the lowest first (LSD radix sort)."""
    size = order.size
    values = np.empty(size, np.int64)
    least = column[order[0]]
    most = least
    rising = True
    for place in range(size):
        value = column[order[place]]
        values[place] = value
        least = min(least, value)
        most = max(most, value)
        if place > 0 and value < values[place - 1]:
            rising = False
    if rising:
        return order
    # As unsigned: the span of two int64 may be more than an int64 holds.
    span = np.uint64(most) - np.uint64(least)
    other_values = np.empty(size, np.int64)
    other = np.empty(size, np.int64)
    counts = np.empty(1 << _BITS, np.int64)
    shift = np.uint64(0)
    mask = np.uint64((1 << _BITS) - 1)
    while shift < np.uint64(64) and (span >> shift) > np.uint64(0):
        counts[:] = 0
        for place in range(size):
            counts[((np.uint64(values[place]) - np.uint64(least)) >> shift) & mask] += 1
        total = 0
        for each in range(counts.size):
            held = counts[each]
            counts[each] = total
            total += held
        for place in range(size):
            digit = ((np.uint64(values[place]) - np.uint64(least)) >> shift) & mask
            where = counts[digit]
            counts[digit] = where + 1
            other_values[where] = values[place]
            other[where] = order[place]
        values, other_values = other_values, values
        if shift == np.uint64(0):
            # The caller's order isn't to be written to.
            order, other = other, np.empty(size, np.int64)
        else:
            order, other = other, order
        shift += np.uint64(_BITS)
    return order
