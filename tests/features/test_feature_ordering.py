"""Rows are sorted as numpy and Python would sort them, however many there are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.contributions import FIELDS, arrange
from features.ordering import distinct, order_of, present

ENDS = np.iinfo(np.int64)


@pytest.mark.parametrize("size", [0, 1, 100, 5_000])
@pytest.mark.parametrize("spread", [1, 3, 5_000, 2**50, 2**62])
def test_the_order_is_that_of_lexsort(size: int, spread: int) -> None:
    rng = np.random.default_rng(size + spread % 97)
    columns = [rng.integers(-spread, spread, size) for _ in range(3)]
    if size > 2:
        columns[0][:2] = ENDS.min, ENDS.max
    before = [column.copy() for column in columns]
    assert (order_of(*columns) == np.lexsort(columns[::-1])).all()
    assert all((column == was).all() for column, was in zip(columns, before, strict=True))


def test_distinct_and_present_are_unique() -> None:
    values = np.random.default_rng(1).integers(0, 900, 5_000)
    assert (distinct(values) == np.unique(values)).all()
    assert (present(values, 1_000) == np.unique(values)).all()
    assert distinct(values[:0]).size == present(values[:0], 3).size == 0


@pytest.mark.parametrize("size", [300, 6_000])
@pytest.mark.parametrize("moments", [2, 10_000])
def test_rows_stand_by_time_then_by_code_point(size: int, moments: int) -> None:
    """Whatever order they come in, and however many of them tie."""
    rng = np.random.default_rng(size + moments)
    # Beyond ASCII: a locale would sort these otherwise.
    words = ["b", "B", "a", "é", "z", "\u4e2d", "\U0001f600", "\uffff", "a1", "A", ""]

    def drawn() -> list[str]:
        return [words[place] for place in rng.integers(0, len(words), size)]

    rows = list(
        zip(
            [f"k{place}" for place in rng.integers(0, 3, size)],
            drawn(),
            drawn(),
            *(rng.integers(0, moments, size).tolist() for _ in range(3)),
            drawn(),
            rng.choice([-1.5, -0.0, 0.0, 2.0], size).tolist(),
            strict=True,
        )
    )
    columns = [
        pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), FIELDS, strict=True)
    ]
    found = arrange(pa.Table.from_arrays(columns, schema=FIELDS), pa.array(["k2", "k0", "k1"]))
    place = {"k2": 0, "k0": 1, "k1": 2}
    wanted = sorted(
        (place[key], known, at, dispute, item, kind, value + 0.0, until)
        for key, dispute, item, known, at, until, kind, value in rows
    )
    names = [found.disputes.to_pylist(), found.item_names.to_pylist(), list(found.kinds)]
    codes = (found.dispute, found.item, found.kind)
    texts = [[name[code] for code in column] for name, column in zip(names, codes, strict=True)]
    assert wanted == list(
        zip(found.key, found.known, found.at, *texts, found.value, found.until, strict=True)
    )
