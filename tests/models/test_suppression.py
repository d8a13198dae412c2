"""Hidden counts stay hidden: no published number, and no sum of them, gives one away."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from models.suppression import LEAST, Sum, hidden


@st.composite
def tables(draw: Any) -> tuple[np.ndarray, list[Sum]]:
    """Grids in communities in streets in a district, by kind: every number a sum of others, two ways."""
    streets = draw(st.integers(1, 2))
    kinds = draw(st.integers(1, 3))
    of = [draw(st.integers(1, 2)) for _ in range(streets)]
    grids = [draw(st.integers(1, 3)) for communities in of for _ in range(communities)]
    small = st.integers(0, 3) | st.integers(0, 12)
    leaves = np.array([[draw(small) for _ in range(kinds)] for _ in range(sum(grids))])
    parents: list[list[int]] = []  # children of each inner area, leaves first
    rows = list(leaves)
    first = 0
    level = list(range(len(leaves)))
    for sizes in (grids, of, [streets]):
        made = []
        first = 0
        for size in sizes:
            children = level[first : first + size]
            first += size
            made.append(len(rows))
            parents.append(children)
            rows.append(np.sum([rows[child] for child in children], axis=0))
        level = made
    by_kind = np.array(rows)
    counts = np.column_stack([by_kind.sum(axis=1), by_kind])
    width = kinds + 1
    sums: list[Sum] = [
        (row * width, [row * width + kind for kind in range(1, width)]) for row in range(len(rows))
    ]
    for number, children in enumerate(parents):
        row = len(leaves) + number
        sums += [(row * width + c, [child * width + c for child in children]) for c in range(width)]
    return counts.reshape(-1), sums


def _rank(matrix: list[list[Fraction]]) -> int:
    """By elimination in fractions: exact, unlike what is tested."""
    rank = 0
    rows = [row[:] for row in matrix]
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][column] != 0), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for r in range(rank + 1, len(rows)):
            if rows[r][column] != 0:
                factor = rows[r][column] / rows[rank][column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    return rank


@settings(max_examples=100, deadline=None)
@given(tables())
def test_no_sum_of_published_numbers_tells_a_hidden_one(table: tuple[np.ndarray, list[Sum]]) -> None:
    counts, sums = table
    gone = hidden(counts, sums)
    assert gone[(counts > 0) & (counts < LEAST)].all()
    unknown = np.flatnonzero(gone)
    place = {cell: number for number, cell in enumerate(unknown)}
    equations, right = [], []
    for total, parts in sums:
        row = np.zeros(len(unknown))
        known = 0
        for cell, sign in ((total, 1), *((part, -1) for part in parts)):
            if cell in place:
                row[place[cell]] += sign
            else:
                known += sign * int(counts[cell])
        if row.any():
            equations.append(row)
            right.append(-known)
    exact = [[Fraction(int(value)) for value in row] for row in equations]
    whole = _rank(exact)
    for cell in unknown:
        unit = [Fraction(int(place[cell] == column)) for column in range(len(unknown))]
        assert not exact or _rank([*exact, unit]) == whole + 1, f"cell {cell} follows"
    for total, parts in sums:  # what is hidden of a shown total is as good as one number
        parts_gone = [part for part in parts if gone[part]]
        if parts_gone and not gone[total]:
            assert len(parts_gone) > 1 and counts[parts_gone].sum() >= LEAST


def test_what_is_not_small_is_shown_where_nothing_small_is_near() -> None:
    counts = np.array([30, 10, 12, 8])
    assert not hidden(counts, [(0, [1, 2, 3])]).any()
    assert hidden(np.array([24, 10, 12, 2]), [(0, [1, 2, 3])]).tolist() == [False, True, False, True]


def test_zeros_are_shown_and_two_small_ones_are_not_told_by_their_sum() -> None:
    gone = hidden(np.array([12, 1, 1, 10, 0]), [(0, [1, 2, 3, 4])])
    # one and one: who sees that both are 2 together, and neither is none, knows both
    assert gone.tolist() == [False, True, True, True, False]


def test_a_single_part_is_hidden_with_its_total_and_not_without() -> None:
    sums: list[Sum] = [(0, [1, 2]), (1, [3])]
    assert hidden(np.array([20, 3, 17, 3]), sums).tolist() == [False, True, True, True]
    assert hidden(np.array([9, 9, 0, 9]), sums).tolist() == [False] * 4


def test_numbers_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="add up"):
        hidden(np.array([5, 2, 2]), [(0, [1, 2])])


def _span(counts: np.ndarray, sums: list[Sum], gone: np.ndarray, cell: int) -> tuple[float, float]:
    unknown = np.flatnonzero(gone)
    place = {one: number for number, one in enumerate(unknown)}
    rows, right = [], []
    for total, parts in sums:
        row, known = np.zeros(len(unknown)), 0
        for one, sign in ((total, 1), *((part, -1) for part in parts)):
            if one in place:
                row[place[one]] += sign
            else:
                known += sign * int(counts[one])
        rows.append(row)
        right.append(-known)
    unit = np.array([float(place[cell] == number) for number in range(len(unknown))])
    ends = [linprog(sign * unit, A_eq=rows, b_eq=right, bounds=(0, None)) for sign in (1, -1)]
    return float(ends[0].fun), float(np.inf if ends[1].status == 3 else -ends[1].fun)


@settings(max_examples=40, deadline=None)
@given(tables())
def test_who_knows_that_no_count_is_below_zero_learns_no_count_either(
    table: tuple[np.ndarray, list[Sum]],
) -> None:
    counts, sums = table
    gone = hidden(counts, sums)
    small = np.flatnonzero(gone & (counts > 0) & (counts < LEAST))
    assume(len(small) > 0)
    for cell in small:
        low, high = _span(counts, sums, gone, int(cell))
        assert high - low > 0.5, (cell, low, high)
