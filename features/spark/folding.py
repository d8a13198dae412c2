"""What runs on the executors: the fold over a bucket of keys.

Values travel as the bytes of their arrays: nothing on the way (Arrow, the JVM, a shuffle) gets to touch a
bit of them, and a bucket answers in some twenty rows instead of one for each value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import F64, I64
from ..contributions import FIELDS
from ..declarations import Entity, Measure, Stream
from ..expansion import Expansion
from ..measures import fold_rows

if TYPE_CHECKING:
    from ..expansion import Request

BUCKET: Final = "bucket"
STREAM: Final = "stream"
ROWS: Final = ", ".join(f"`{name}`" for name in FIELDS.names)
"""What a stream's SELECT gives, in one order for all streams."""
QUERIES: Final = pa.schema(
    [
        ("stream", pa.int32()),
        ("group", pa.int32()),
        ("place", pa.int64()),
        ("key", pa.string()),
        ("as_of", pa.int64()),
        ("dispute_id", pa.string()),
    ]
)
"""A row of the expansion of a group's entity, `place` its position there."""
ANSWERS: Final = "`group` int, places binary, numbers binary"
"""`places` int64 (rows,); `numbers` float64 (measures of the group, rows)."""


@dataclass(frozen=True)
class Group:
    """The measures that one entity asks of one stream.

    Attributes
    ----------
    stream
        The stream's position among those that are asked.
    """

    stream: int
    entity: Entity
    measures: tuple[Measure, ...]


def grouped(asked: Sequence[tuple[Stream, list[Measure]]]) -> list[Group]:
    """What is asked of streams, by stream and entity."""
    found: dict[tuple[int, Entity], list[Measure]] = {}
    for place, (_, measures) in enumerate(asked):
        for measure in measures:
            found.setdefault((place, measure.entity), []).append(measure)
    return [Group(stream, entity, tuple(measures)) for (stream, entity), measures in found.items()]


def queries_of(request: Request, groups: Sequence[Group]) -> pa.Table:
    """The rows of the groups' expansions, as `QUERIES`."""
    parts = [QUERIES.empty_table()]
    for number, group in enumerate(groups):
        expansion = request.expansions[group.entity]
        size = expansion.query.size
        query = pa.array(expansion.query)
        columns = [
            pa.array(np.full(size, group.stream, np.int32)),
            pa.array(np.full(size, number, np.int32)),
            pa.array(np.arange(size, dtype=np.int64)),
            expansion.names.take(pa.array(expansion.key)).cast(pa.string()),
            pa.array(request.as_of).take(query),
            request.disputes.take(query),
        ]
        parts.append(pa.Table.from_arrays(columns, schema=QUERIES))
    return pa.concat_tables(parts)


def folder(groups: Sequence[Group]) -> Callable[[pa.Table, pa.Table], pa.Table]:
    """A function from a bucket's rows (`FIELDS` and `STREAM`) and queries (`QUERIES`) to `ANSWERS`.

    A bucket holds all rows and all queries of its keys, of every stream.
    """

    def fold(rows: pa.Table, queries: pa.Table) -> pa.Table:
        answers = []
        for stream in sorted({group.stream for group in groups}):
            mine = {number: group for number, group in enumerate(groups) if group.stream == stream}
            answers += _folded(
                rows.filter(pc.equal(rows[STREAM], stream)),
                queries.filter(pc.equal(queries[STREAM], stream)),
                mine,
            )
        kinds = (pa.int32(), pa.binary(), pa.binary())
        columns = [
            pa.array(column, kind) for column, kind in zip(zip(*answers, strict=True), kinds, strict=True)
        ]
        return pa.Table.from_arrays(columns, names=["group", "places", "numbers"])

    return fold


def _folded(rows: pa.Table, queries: pa.Table, groups: Mapping[int, Group]) -> list[tuple[int, bytes, bytes]]:
    """One stream's answers over a bucket."""
    if queries.num_rows == 0:
        return [(number, b"", b"") for number in groups]
    keys = queries["key"].combine_chunks().dictionary_encode()
    code = keys.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    as_of, places, numbers = (
        queries[name].to_numpy().astype(np.int64) for name in ("as_of", "place", "group")
    )
    held = {number: np.flatnonzero(numbers == number) for number in groups}
    values = fold_rows(
        rows,
        keys.dictionary,
        {
            group.entity: Expansion(held[number], code[held[number]], keys.dictionary)
            for number, group in groups.items()
        },
        as_of,
        queries["dispute_id"].combine_chunks(),
        [measure for group in groups.values() for measure in group.measures],
    )
    return [
        (
            number,
            places[held[number]].tobytes(),
            b"".join(values[measure].tobytes() for measure in group.measures),
        )
        for number, group in groups.items()
    ]


def gathered(
    answers: pa.Table, groups: Sequence[Group], expansions: Mapping[Entity, Expansion]
) -> dict[Measure, F64]:
    """The buckets' answers put together: (rows of its entity's expansion,) for each measure."""
    values = {
        measure: np.empty(expansions[group.entity].key.size, np.float64)
        for group in groups
        for measure in group.measures
    }
    for row in answers.to_pylist():
        measures = groups[row["group"]].measures
        places: I64 = np.frombuffer(row["places"], np.int64)
        numbers: F64 = np.frombuffer(row["numbers"], np.float64).reshape(len(measures), places.size)
        for measure, found in zip(measures, numbers, strict=True):
            values[measure][places] = found
    return values
