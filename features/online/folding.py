"""All streams of one case in a single call: the walks of `features.fold`, and no other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
import pyarrow as pa

from docket.asof import NEVER
from docket.times import DAY

from ..arrays import F64, I64, Bool
from ..contributions import Contributions
from ..declarations import Aggregate, Entity, Measure
from ..fold import best_rows, count_items, sum_values
from ..jit import jit
from .statements import Rows

_COUNT: Final = 0
_SUM: Final = 1
_BEST: Final = {
    Aggregate.SINCE: 2,
    Aggregate.DURATION: 3,
    Aggregate.LAST: 4,
    Aggregate.FIRST: 5,
    Aggregate.MAX: 6,
    Aggregate.MIN: 7,
}
_CODES: Final = {Aggregate.COUNT: _COUNT, Aggregate.SUM: _SUM, Aggregate.DECAYED: _SUM, **_BEST}


@dataclass(frozen=True)
class Asking:
    """What is asked of one stream.

    Attributes
    ----------
    rows
        Its rows for the keys in `names`, in any order.
    names
        The keys, each once.
    wanted
        (keys of the entity,) positions in `names`, ascending, of each entity.
    """

    rows: Rows
    names: Sequence[str]
    wanted: Mapping[Entity, I64]


class Plan:
    """The measures, stated as arrays once, so that one compiled call serves every case.

    Parameters
    ----------
    measures
        None of them `PAIRS`.
    """

    def __init__(self, measures: Sequence[Measure]) -> None:
        self.measures = tuple(measures)
        self.streams = tuple(dict.fromkeys(measure.stream for measure in measures))
        self.entities = tuple(dict.fromkeys((measure.stream, measure.entity) for measure in measures))
        wheres = dict.fromkeys(measure.where for measure in measures)
        self._wheres = tuple(wheres)
        at_where = {where: place for place, where in enumerate(wheres)}
        at_entity = {entity: place for place, entity in enumerate(self.entities)}
        at_stream = {stream: place for place, stream in enumerate(self.streams)}
        self.stream = _ints(at_stream[measure.stream] for measure in measures)
        self.entity = _ints(at_entity[measure.stream, measure.entity] for measure in measures)
        self.where = _ints(at_where[measure.where] for measure in measures)
        self.code = _ints(_CODES[measure.aggregate] for measure in measures)
        self.within = _ints(NEVER if m.within is None else m.within * DAY for m in measures)
        self.rate = np.array(
            [0.0 if m.half_life is None else math.log(2.0) / m.half_life for m in measures], np.float64
        )
        self.not_own = np.array([measure.not_own for measure in measures], np.bool_)
        self._entities: list[int] = self.entity.tolist()
        self._kept: dict[str, Bool] = {}

    def kept(self, kind: str) -> Bool:
        """(wheres,) which of them keep a kind."""
        found = self._kept.get(kind)
        if found is None:
            found = np.array([where is None or kind in where for where in self._wheres], np.bool_)
            self._kept[kind] = found
        return found

    def fold(self, asked: Mapping[str, Asking], dispute_id: str, as_of: int) -> list[F64]:
        """Every measure in turn: (keys of its entity,) each."""
        offsets, start = [0], 0
        for stream in self.streams:
            start += len(asked[stream].names)
            offsets.append(start)
        rows = arrange_case([asked[stream] for stream in self.streams], offsets)
        wanted = [asked[stream].wanted[entity] for stream, entity in self.entities]
        return self.walk(rows, offsets, wanted, dispute_id, as_of)

    def walk(
        self, rows: Arranged, offsets: Sequence[int], wanted: Sequence[I64], dispute_id: str, as_of: int
    ) -> list[F64]:
        """`fold` of rows that are arranged already.

        Parameters
        ----------
        rows
            As `arrange_case` gives them.
        offsets
            (streams + 1,) each stream's first key.
        wanted
            For each of `entities`, positions among its stream's keys, ascending.
        """
        base = np.array(offsets, np.int64)
        own = np.full(offsets[-1], -1, np.int64)
        if dispute_id in rows.rank:
            mine = rows.sorted.dispute == rows.rank[dispute_id]
            own[rows.sorted.key[mine]] = rows.sorted.group[mine]
        sizes = [len(positions) for positions in wanted]
        bounds = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=bounds[1:])
        ends = list(accumulate(sizes[place] for place in self._entities))
        out = np.empty(ends[-1], np.float64)
        low, high = rows.sorted.group_bounds
        kept = np.array([self.kept(kind) for kind in rows.sorted.kinds], np.bool_)
        _walk_all(
            self.stream,
            self.entity,
            self.where,
            self.code,
            self.within,
            self.rate,
            self.not_own,
            base,
            rows.sorted.starts,
            rows.sorted.known,
            rows.sorted.at,
            rows.sorted.until,
            rows.sorted.value,
            rows.sorted.kind,
            rows.sorted.group,
            rows.sorted.items,
            rows.sorted.entries,
            rows.sorted.facts,
            rows.sorted.place,
            low,
            high,
            kept.reshape(-1, len(self._wheres)),
            own,
            np.concatenate(wanted) if wanted else np.empty(0, np.int64),
            bounds,
            as_of,
            out,
        )
        return [out[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _ints(values: object) -> I64:
    return np.fromiter(values, np.int64)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class Arranged:
    """All streams' rows in canonical order, and the ranks of the disputes in them."""

    sorted: Contributions
    rank: Mapping[str, int]


def _ranks(values: Sequence[str]) -> dict[str, int]:
    """Each value's rank in code-point order."""
    return {value: rank for rank, value in enumerate(sorted(set(values)))}


def arrange_case(asked: Sequence[Asking], offsets: Sequence[int]) -> Arranged:
    """`features.contributions.arrange` for several streams at once: a key's number tells its stream.

    Rows of keys that nobody asked for are dropped.
    """
    keyed = []
    for asking, offset in zip(asked, offsets, strict=False):
        place = {name: offset + position for position, name in enumerate(asking.names)}
        keyed += [(place[row[0]], *row[1:]) for row in asking.rows if row[0] in place]
    key, dispute, item, known, at, until, kind, value = zip(*keyed, strict=True) if keyed else ((),) * 8
    disputes, items, kinds = _ranks(dispute), _ranks(item), _ranks(kind)
    columns = np.array(
        [
            key,
            [disputes[name] for name in dispute],
            [items[name] for name in item],
            [kinds[name] for name in kind],
            known,
            at,
            until,
        ],
        np.int64,
    )
    values = np.array(value, np.float64) + 0.0
    order = np.lexsort(
        (columns[6], values, columns[3], columns[2], columns[1], columns[5], columns[4], columns[0])
    )
    columns = columns[:, order]
    starts = np.searchsorted(columns[0], np.arange(offsets[-1] + 1)).astype(np.int64)
    contributions = Contributions(
        key=columns[0],
        starts=starts,
        dispute=columns[1],
        item=columns[2],
        kind=columns[3],
        disputes=pa.nulls(0, pa.string()),
        item_names=pa.nulls(0, pa.string()),
        kinds=tuple(kinds),
        known=columns[4],
        at=columns[5],
        until=columns[6],
        value=values[order],
    )
    return Arranged(contributions, disputes)


@jit
def _walk_all(  # noqa: PLR0912, PLR0915 - one compiled call; what it calls is the fold
    stream: I64,
    entity: I64,
    where: I64,
    code: I64,
    within: I64,
    rate: F64,
    not_own: Bool,
    base: I64,
    starts: I64,
    known: I64,
    at: I64,
    until: I64,
    value: F64,
    kind: I64,
    group: I64,
    items: I64,
    entries: I64,
    facts: I64,
    place: I64,
    low: I64,
    high: I64,
    kept: Bool,
    own: I64,
    wanted: I64,
    bounds: I64,
    as_of: int,
    out: F64,
) -> None:
    """Every measure over its stream's rows, written to `out` one after the other."""
    done = 0
    for m in range(stream.size):
        first_key, last_key = base[stream[m]], base[stream[m] + 1]
        r0, r1 = starts[first_key], starts[last_key]
        w0, w1 = bounds[entity[m]], bounds[entity[m] + 1]
        size = w1 - w0
        answer = out[done : done + size]
        done += size
        if size == 0:
            continue
        if r0 == r1:
            answer[:] = 0.0 if code[m] < 2 else np.nan
            continue
        key_rows = starts[first_key : last_key + 1] - r0
        keys = last_key - first_key
        key_queries = np.searchsorted(wanted[w0:w1], np.arange(keys + 1))
        asked = np.full(size, as_of, np.int64)
        keep = np.empty(r1 - r0, np.bool_)
        for row in range(r0, r1):
            keep[row - r0] = kept[kind[row], where[m]]
        # Codes are dense over all streams, in the order of the keys: less the first, they are the stream's.
        first_group = group[r0:r1].min()
        last_group = group[r0:r1].max()
        mine = np.full(size, -1, np.int64)
        if not_own[m]:
            for query in range(size):
                g = own[first_key + wanted[w0 + query]]
                mine[query] = g - first_group if g >= 0 else -1
        k, a, u, v = known[r0:r1], at[r0:r1], until[r0:r1], value[r0:r1]
        g = group[r0:r1] - first_group
        if code[m] == 0:
            i = items[r0:r1] - items[r0:r1].min()
            e = entries[r0:r1] - entries[r0:r1].min()
            count_items(key_rows, key_queries, k, a, u, keep, within[m], g, i, e, asked, mine, answer)
        elif code[m] == 1:
            f = facts[r0:r1] - facts[r0:r1].min()
            sum_values(key_rows, key_queries, k, a, u, keep, within[m], g, f, v, rate[m], asked, mine, answer)
        else:
            score = np.empty(r1 - r0, np.float64)
            for row in range(r1 - r0):
                if code[m] == 2 or code[m] == 4:
                    score[row] = a[row]
                elif code[m] == 3:
                    score[row] = -float(a[row])
                elif code[m] == 5:
                    score[row] = -float(k[row])
                elif code[m] == 6:
                    score[row] = v[row]
                else:
                    score[row] = -v[row]
            best = np.empty(size, np.int64)
            best_rows(
                key_rows,
                key_queries,
                k,
                a,
                u,
                keep,
                within[m],
                place[r0:r1] - r0,
                low[first_group : last_group + 1] - r0,
                high[first_group : last_group + 1] - r0,
                score,
                asked,
                mine,
                best,
            )
            for query in range(size):
                row = best[query]
                if row < 0:
                    answer[query] = np.nan
                elif code[m] == 2 or code[m] == 3:
                    answer[query] = (as_of - a[row]) / DAY
                else:
                    answer[query] = v[row]
