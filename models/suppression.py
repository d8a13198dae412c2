"""Small counts hidden so that no published total gives them away.

A count of 1 to `least` - 1 may be about somebody whom a neighbour knows. Hiding it alone is not enough: what
adds up to a published total can be subtracted. So more is hidden (complementary suppression) until

- in no sum is one number hidden alone;
- what is hidden of a sum whose total is shown adds up to `least` or more: it is as good as one number;
- no hidden number follows from all of the sums together, which is asked of their null space: a number follows
  from linear equations exactly if it is the same in all of their solutions.

A zero is shown as long as it can be, for nobody is in it.

References
----------
Willenborg & de Waal, Elements of Statistical Disclosure Control (2001), chapters 6 and 7.
Hundepool et al., Statistical Disclosure Control (2012), chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import lsmr

LEAST: Final = 5
_NOTHING: Final = 1e-6

Sum = tuple[int, Sequence[int]]
"""The place of a total and the places of its parts."""


def hidden(counts: NDArray[np.int64], sums: Sequence[Sum], least: int = LEAST) -> NDArray[np.bool_]:
    """Which counts to hide.

    Parameters
    ----------
    counts
        Of the cells.
    sums
        Every sum that a reader knows to hold between cells.
    least
        The smallest count that is shown, but for zero.

    Returns
    -------
    array of bool
        The same for the same counts: two readers who compare learn nothing.

    Raises
    ------
    ValueError
        If a sum doesn't hold.
    """
    for total, parts in sums:
        if counts[total] != counts[list(parts)].sum():
            raise ValueError(f"the parts of cell {total} don't add up")
    state = _State(counts, sums, least)
    state.settle(range(len(sums)))
    while True:
        told = state.determined()
        if not len(told):
            return state.hidden
        state.settle(sorted({state.cover(cell) for cell in told}))


class _State:
    """What is hidden so far."""

    def __init__(self, counts: NDArray[np.int64], sums: Sequence[Sum], least: int) -> None:
        self.counts, self.sums, self.least = counts, sums, least
        self.hidden: NDArray[np.bool_] = (counts > 0) & (counts < least)
        self.sums_of: list[list[int]] = [[] for _ in counts]
        for number, (total, parts) in enumerate(sums):
            for cell in (total, *parts):
                self.sums_of[cell].append(number)

    def settle(self, numbers: Iterable[int]) -> None:
        """Hide until no sum gives anything away by itself."""
        waiting = list(numbers)
        listed = set(waiting)
        while waiting:
            number = waiting.pop()
            listed.discard(number)
            cell = self._to_hide(number)
            if cell is not None:
                self._hide(cell)
                fresh = [other for other in self.sums_of[cell] if other not in listed]
                waiting += fresh
                listed.update(fresh)

    def determined(self) -> NDArray[np.int64]:
        """The hidden cells that follow from all of the sums together."""
        unknown = np.flatnonzero(self.hidden)
        column = np.full(len(self.counts), -1)
        column[unknown] = np.arange(len(unknown))
        rows, columns, values = [], [], []
        for row, (total, parts) in enumerate(self.sums):
            for cell, sign in ((total, 1.0), *((part, -1.0) for part in parts)):
                if self.hidden[cell]:
                    rows.append(row)
                    columns.append(column[cell])
                    values.append(sign)
        if not rows:
            return unknown[:0]
        equations = csr_matrix((values, (rows, columns)), shape=(len(self.sums), len(unknown)))
        # A random vector less what the equations see of it: where nothing is left, nothing is free.
        random = np.random.default_rng(0).normal(size=len(unknown))
        seen = lsmr(equations.T, random, atol=1e-12, btol=1e-12, maxiter=20 * len(unknown) + 100)[0]
        free = random - equations.T @ seen
        told: NDArray[np.int64] = unknown[np.abs(free) < _NOTHING]
        return told

    def cover(self, cell: int) -> int:
        """Hide one more number near a hidden cell; a sum that it stands in."""
        seen, near = {cell}, [cell]
        while near:
            numbers = [number for one in near for number in self.sums_of[one]]
            shown = {cells[0]: number for number in numbers if (cells := self._shown(number))}
            if shown:
                found = min(shown, key=self._loss)
                self._hide(found)
                return shown[found]
            further = {one for number in numbers for one in (self.sums[number][0], *self.sums[number][1])}
            near = sorted(further - seen)
            seen |= further
        raise RuntimeError("a number follows from sums of which nothing is shown")

    def _to_hide(self, number: int) -> int | None:
        total, parts = self.sums[number]
        gone = [cell for cell in (total, *parts) if self.hidden[cell]]
        if not gone:
            return None
        safe = len(gone) > 1 and (self.hidden[total] or self.counts[gone].sum() >= self.least)
        shown = self._shown(number)
        return None if safe or not shown else shown[0]

    def _shown(self, number: int) -> list[int]:
        """What a sum shows, that first which is hidden at the least loss."""
        total, parts = self.sums[number]
        return sorted((cell for cell in (total, *parts) if not self.hidden[cell]), key=self._loss)

    def _loss(self, cell: int) -> tuple[bool, int, int]:
        # A zero hides least: everybody may guess it.
        return bool(self.counts[cell] == 0), int(self.counts[cell]), cell

    def _hide(self, cell: int) -> None:
        self.hidden[cell] = True
