"""The fold against lists, on contributions so dense that everything collides."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from docket.asof import NEVER, live
from docket.times import DAY
from features.contributions import arrange
from features.declarations import Aggregate, Entity, Measure
from features.expansion import Expansion
from features.measures import Asked, measured

HALF = DAY // 2
AGGREGATES = (
    Aggregate.COUNT,
    Aggregate.SUM,
    Aggregate.DECAYED,
    Aggregate.SINCE,
    Aggregate.DURATION,
    Aggregate.LAST,
    Aggregate.FIRST,
    Aggregate.MAX,
    Aggregate.MIN,
)
Row = tuple[str, str, str, int, int, int, str, float]


@st.composite
def contributions(draw: st.DrawFn) -> Row:
    at = draw(st.integers(0, 12))
    known = at + draw(st.sampled_from([0, 0, 1, 4]))
    until = draw(st.sampled_from([NEVER, NEVER, (known + 1) * HALF, (known + 3) * HALF, known * HALF]))
    return (
        draw(st.sampled_from("ab")),
        draw(st.sampled_from(["x", "y", "z", ""])),
        draw(st.sampled_from("ijk")),
        known * HALF,
        at * HALF,
        until,
        draw(st.sampled_from("mn")),
        draw(st.sampled_from([1.0, 2.0, 0.1])),
    )


def kept_rows(measure: Measure, rows: list[Row], key: str, dispute: str, as_of: int) -> list[Row]:
    kept = []
    for row in rows:
        of, own, _item, known, at, until, kind, _value = row
        end = until if measure.within is None else min(until, at + measure.within * DAY)
        mine = measure.not_own and own == dispute
        if (
            of == key
            and not mine
            and live(known, end, as_of)
            and (measure.where is None or kind in measure.where)
        ):
            kept.append(row)
    return kept


def by_lists(measure: Measure, rows: list[Row], key: str, dispute: str, as_of: int) -> float:
    kept = kept_rows(measure, rows, key, dispute, as_of)
    if measure.aggregate is Aggregate.COUNT:
        return len({row[2] for row in kept})
    if measure.aggregate in (Aggregate.SUM, Aggregate.DECAYED):
        half = measure.half_life or math.inf
        once = {(own, item, at, value) for _k, own, item, _kn, at, _u, _kind, value in kept}
        return math.fsum(value * 2.0 ** (-(as_of - at) / DAY / half) for _o, _i, at, value in once)
    if not kept:
        return math.nan
    known, at, value = 3, 4, 7

    def order(row: Row) -> tuple[object, ...]:
        return (row[known], row[at], row[1], row[2], row[6], row[value], row[5])

    match measure.aggregate:
        case Aggregate.SINCE:
            return (as_of - max(row[at] for row in kept)) / DAY
        case Aggregate.DURATION:
            return (as_of - min(row[at] for row in kept)) / DAY
        case Aggregate.LAST:
            return max(kept, key=lambda row: (row[at], *order(row)))[value]
        case Aggregate.FIRST:
            return max(kept, key=lambda row: (-row[known], *order(row)))[value]
        case Aggregate.MAX:
            return max(row[value] for row in kept)
    return min(row[value] for row in kept)


def as_table(rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * 8
    types = (
        pa.string(),
        pa.string(),
        pa.string(),
        pa.int64(),
        pa.int64(),
        pa.int64(),
        pa.string(),
        pa.float64(),
    )
    return pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)],
        ["key", "dispute_id", "item", "known", "at", "until", "kind", "value"],
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(contributions(), max_size=14),
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyw"), st.integers(0, 40)), min_size=1, max_size=8
    ),
    st.sampled_from([None, 1, 3]),
)
def test_pairs_in_a_part_are_what_lists_say(
    rows: list[Row], queries: list[tuple[str, str, int]], within: int | None
) -> None:
    # An item of a part belongs to one dispute: its id ends with it.
    rows = [(k, own, f"{i}\x1f{own}", n, a, u, kind, v) for k, own, i, n, a, u, kind, v in rows]
    arranged = arrange(as_table(rows), pa.array(["b", "a"]))
    expansion = Expansion(
        np.arange(len(queries)), np.array(["ba".index(key) for key, _, _ in queries]), pa.array(["b", "a"])
    )
    as_of = np.array([moment * HALF for _, _, moment in queries])
    asked = Asked.of(arranged, expansion, as_of, arranged.places(pa.array([d for _, d, _ in queries])))
    measure = Measure("s", Entity.STREET, Aggregate.PAIRS, within, not_own=True)
    found = measured(measure, arranged, asked)
    for place, (key, dispute, moment) in enumerate(queries):
        counted = Measure("s", Entity.STREET, Aggregate.COUNT, within, not_own=True)
        items = {row[2] for row in kept_rows(counted, rows, key, dispute, moment * HALF)}
        parts = [item.split("\x1f")[0] for item in items]
        assert found[place] == sum(one == two for one in parts for two in parts) - len(parts)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(contributions(), max_size=14),
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyw"), st.integers(0, 40)), min_size=1, max_size=8
    ),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, frozenset("m")]),
    st.booleans(),
)
def test_the_fold_is_what_lists_say(
    rows: list[Row],
    queries: list[tuple[str, str, int]],
    within: int | None,
    where: frozenset[str] | None,
    not_own: bool,
) -> None:
    names = pa.array(["b", "a"])
    arranged = arrange(as_table(rows), names)
    as_of = np.array([moment * HALF for _, _, moment in queries])
    keys = np.array([("b", "a").index(key) for key, _, _ in queries])
    asked = Asked.of(
        arranged,
        Expansion(np.arange(len(queries)), keys, names),
        as_of,
        arranged.places(pa.array([dispute for _, dispute, _ in queries])),
    )
    for aggregate in AGGREGATES:
        if aggregate is Aggregate.DECAYED and within is not None:
            continue
        half_life = 1.5 if aggregate is Aggregate.DECAYED else None
        measure = Measure("person_events", Entity.PERSON, aggregate, within, where, half_life, not_own)
        found = measured(measure, arranged, asked)
        for place, (key, dispute, moment) in enumerate(queries):
            wanted = by_lists(measure, rows, key, dispute, moment * HALF)
            assert math.isclose(found[place], wanted, rel_tol=1e-12, abs_tol=1e-12) or (
                math.isnan(wanted) and math.isnan(found[place])
            ), (aggregate, queries[place])
            if aggregate in (Aggregate.SUM, Aggregate.DECAYED):
                # Nothing left is nothing, never the rounding error of a subtraction.
                assert (wanted == 0.0) == (found[place] == 0.0)
