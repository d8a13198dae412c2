"""One measure for many queries: calls the fold, and puts several persons' values together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from docket.asof import NEVER
from docket.times import DAY

from .arrays import F64, I64
from .contributions import Contributions, arrange
from .declarations import Aggregate, Entity, Measure
from .expansion import Expansion
from .fold import best_rows, count_items, sum_values
from .fold_parts import count_pairs
from .ordering import order_of


@dataclass(frozen=True)
class Asked:
    """An entity's queries of one stream, in the order in which the fold walks them.

    Attributes
    ----------
    order
        (queries,) position in the expansion.
    starts
        (keys + 1,) where each key's queries begin.
    as_of
        (queries,) microseconds, ascending within a key.
    own
        (queries,) the group of the dispute being scored, -1 for none.
    """

    order: I64
    starts: I64
    as_of: I64
    own: I64

    @classmethod
    def of(cls, contributions: Contributions, expansion: Expansion, as_of: I64, disputes: I64) -> Asked:
        """The queries of `expansion`; `as_of` and `disputes` are those of the whole request.

        `disputes` are positions in those of the contributions, -1 for one that has none.
        """
        moments = as_of[expansion.query]
        order = order_of(expansion.key, moments)
        key = expansion.key[order]
        starts = np.searchsorted(key, np.arange(contributions.starts.size)).astype(np.int64)
        own = contributions.own_groups(key, disputes[expansion.query[order]])
        return cls(order, starts, moments[order], own)


def _score(measure: Measure, rows: Contributions) -> F64:
    """What the best row has most of. Microseconds are exact in float64 until the year 2255."""
    match measure.aggregate:
        case Aggregate.SINCE | Aggregate.LAST:
            return rows.at.astype(np.float64)
        case Aggregate.DURATION:
            return -rows.at.astype(np.float64)
        case Aggregate.FIRST:
            return -rows.known.astype(np.float64)
        case Aggregate.MAX:
            return rows.value
        case Aggregate.MIN:
            return -rows.value
    raise ValueError(f"{measure.aggregate} has no best row")


def measured(measure: Measure, rows: Contributions, asked: Asked) -> F64:
    """The measure's value for each row of the expansion that `asked` was made from.

    Returns
    -------
    ndarray
        (rows of the expansion,). NaN where an extreme has no live row; a count or a sum is then 0.
    """
    keep = rows.keep(measure.where)
    within = int(NEVER) if measure.within is None else measure.within * DAY
    own = asked.own if measure.not_own else np.full(asked.own.size, -1, np.int64)
    walked = np.empty(asked.order.size, np.float64)
    common = (rows.starts, asked.starts, rows.known, rows.at, rows.until, keep, within)
    if measure.aggregate is Aggregate.COUNT:
        count_items(*common, rows.group, rows.items, rows.entries, asked.as_of, own, walked)
    elif measure.aggregate is Aggregate.PAIRS:
        shares = rows.shares
        count_pairs(*common, rows.entries, shares.share, shares.part, shares.bounds, asked.as_of, own, walked)
    elif measure.aggregate in {Aggregate.SUM, Aggregate.DECAYED}:
        rate = 0.0 if measure.half_life is None else math.log(2.0) / measure.half_life
        sum_values(*common, rows.group, rows.facts, rows.value, rate, asked.as_of, own, walked)
    else:
        best = np.empty(asked.order.size, np.int64)
        low, high = rows.group_bounds
        best_rows(*common, rows.place, low, high, _score(measure, rows), asked.as_of, own, best)
        found = best >= 0
        walked[~found] = np.nan
        if measure.aggregate in {Aggregate.SINCE, Aggregate.DURATION}:
            walked[found] = (asked.as_of[found] - rows.at[best[found]]) / DAY
        else:
            walked[found] = rows.value[best[found]]
    answer = np.empty(asked.order.size, np.float64)
    answer[asked.order] = walked
    return answer


def fold_rows(
    table: pa.Table,
    names: pa.Array,
    expansions: Mapping[Entity, Expansion],
    as_of: I64,
    disputes: pa.Array,
    measures: Iterable[Measure],
) -> dict[Measure, F64]:
    """Every measure of one stream, from its rows as an engine gave them.

    Nothing but the rows of a key has a say in what is measured for it, so that a part of the keys with all
    of their rows gives the bits of the whole.

    Parameters
    ----------
    table
        Rows with the columns of `FIELDS`, in any order; those of other keys than `names` are dropped.
    names
        The keys, which all entities of the stream share.
    expansions
        By entity; `key` are positions in `names`, `query` in `as_of` and `disputes`.
    as_of, disputes
        (queries,) moments (microseconds), and the disputes being scored.
    measures
        Of this stream.

    Returns
    -------
    dict
        (rows of its entity's expansion,) each.
    """
    rows = arrange(table, names)
    del table  # its strings take more memory than all that is made of them
    own = rows.places(disputes)
    asked = {entity: Asked.of(rows, found, as_of, own) for entity, found in expansions.items()}
    return {measure: measured(measure, rows, asked[measure.entity]) for measure in measures}


def combined(values: F64, query: I64, size: int, how: Literal["max", "min"]) -> F64:
    """One value a query from those of its keys.

    Parameters
    ----------
    values, query
        (rows,) of an expansion.
    size
        How many queries there are.
    how
        Which value stands; NaN only where there is no other.

    Returns
    -------
    ndarray
        (size,), NaN for a query without keys.
    """
    if size == 1 and values.size == 1:
        return values  # the same, and quicker for a case that is scored alone
    answer = np.full(size, np.nan)
    (np.fmax if how == "max" else np.fmin).at(answer, query, values)
    return answer
