"""Who is reached from the parties by one shared dispute: their family, and whom else they had to do with.

The records name no household, and the address, kept encrypted, is never read. What they do tell is that two
persons were party to one dispute, and whether it was one within the family: that is all there is here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from docket.asof import live_nb

from .arrays import I64
from .jit import jit
from .ordering import distinct, order_of
from .portable import LOOKUP
from .sources.base import Later, Narrowing, Source
from .streams.parts import TWO_PARTIES, earliest, latest

MOST: Final = 24
"""How many persons are reached from one party, those last learned of first: a firm that is party to thousands
of disputes would otherwise be a door to everybody's."""
FARTHEST: Final = 256
"""How many live links are looked at for them."""

LINK_FIELDS: Final = pa.schema(
    [
        ("person_id", pa.string()),
        ("other_id", pa.string()),
        ("family", pa.int64()),
        ("known", pa.int64()),
        ("until", pa.int64()),
    ]
)
_OF_FAMILY: Final = " AND ".join(f"{row}.relation IN ('spouse', 'family')" for row in "ab")
_LINK: Final = (
    "a.person_id AS person_id, b.person_id AS other_id, "
    f"CASE WHEN {_OF_FAMILY} THEN 1 ELSE 0 END AS family, {latest('a', 'b', 'd')} AS known, "
    f'{earliest("a", "b", "d", excluded="d")} AS "until"'
)
_LINKED: Final = f"FROM {TWO_PARTIES} WHERE {LOOKUP} AND a.person_id <> b.person_id"
LINKS_SQL: Final = f"SELECT {_LINK} {_LINKED}"
LINKS_BY_DISPUTE_SQL: Final = f"SELECT {_LINK}, a.dispute_id AS dispute_id {_LINKED}"
"""`LINK_FIELDS` and the dispute that was shared: for who keeps links and takes in what changes."""


def links(source: Source, people: pa.Array) -> pa.Table:
    """`LINK_FIELDS`: whom `people` shared a dispute with, a row a dispute and version."""
    found = source.fetch(LINKS_SQL, LINK_FIELDS, Narrowing(("a.person_id",), (Later(people.to_pylist),)))
    return found.filter(pc.is_in(found["person_id"], value_set=people))


def reached(
    found: pa.Table, names: pa.Array, query: I64, person: I64, as_of: I64, *, family: bool
) -> tuple[I64, I64]:
    """The persons that each query's parties reach by a dispute live at its moment, parties left out.

    Parameters
    ----------
    found
        `LINK_FIELDS`.
    names
        Persons, every one of `found` among them.
    query, person
        (rows,) the queries, ascending, and their parties, positions in `names`.
    as_of
        (queries,) microseconds.
    family
        By disputes within the family, or by the others.

    Returns
    -------
    query, person
        Each pair once, queries ascending.
    """
    found = found.filter(pc.equal(found["family"], int(family)))
    one, other = (
        np.asarray(pc.index_in(found[name], value_set=names).to_numpy(), np.int64)
        for name in ("person_id", "other_id")
    )
    known, until = (np.asarray(found[name].to_numpy(), np.int64) for name in ("known", "until"))
    # By code point and not by position in `names`, which another batch may have otherwise.
    rank = np.empty(len(names), np.int64)
    rank[pc.array_sort_indices(names).to_numpy()] = np.arange(len(names))
    order = order_of(one, known, rank[other], until)
    one, other, known, until = one[order], other[order], known[order], until[order]
    starts = np.searchsorted(one, np.arange(len(names) + 1)).astype(np.int64)
    bounds = np.searchsorted(query, np.arange(as_of.size + 1)).astype(np.int64)
    packed = np.empty(query.size * MOST, np.int64)
    count = _walk(starts, other, known, until, bounds, person, as_of, len(names), MOST, FARTHEST, packed)
    each = distinct(packed[:count])
    width = max(len(names), 1)
    return each // width, each % width


@jit
def _walk(
    starts: I64,
    other: I64,
    known: I64,
    until: I64,
    bounds: I64,
    person: I64,
    as_of: I64,
    width: int,
    most: int,
    farthest: int,
    packed: I64,
) -> int:
    """Write query * width + person for each person reached, from the last learned back; return how many."""
    count = 0
    for query in range(as_of.size):
        t = as_of[query]
        for party in range(bounds[query], bounds[query + 1]):
            low = starts[person[party]]
            link = low + np.searchsorted(known[low : starts[person[party] + 1]], t, side="right") - 1
            first = count
            looked = 0
            while link >= low and count - first < most and looked < farthest:
                whom = other[link]
                if live_nb(known[link], until[link], t) and not _among(
                    whom, person, bounds[query], bounds[query + 1]
                ):
                    looked += 1
                    if not _among(query * width + whom, packed, first, count):
                        packed[count] = query * width + whom
                        count += 1
                link -= 1
    return count


@jit
def _among(value: int, values: I64, low: int, high: int) -> bool:
    for place in range(low, high):  # noqa: SIM110 - numba compiles no generator
        if values[place] == value:
            return True
    return False
