"""What runs on the executors: the fold of one stream over a bucket of keys.

Values travel as the bytes of their arrays: nothing on the way (Arrow, the JVM, a shuffle) gets to touch a
bit of them, and a bucket's answer is a row for each entity instead of one for each value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import F64, I64
from ..declarations import Entity, Measure
from ..expansion import Expansion
from ..measures import fold_rows

if TYPE_CHECKING:
    from ..expansion import Request

BUCKET: Final = "bucket"
QUERIES: Final = pa.schema(
    [
        ("entity", pa.string()),
        ("place", pa.int64()),
        ("key", pa.string()),
        ("as_of", pa.int64()),
        ("dispute_id", pa.string()),
    ]
)
"""A row of an entity's expansion, `place` its position there."""
ANSWERS: Final = "entity string, places binary, numbers binary"
"""`places` int64 (rows,); `numbers` float64 (measures of the entity, rows), in the order of the measures."""


def by_entity(measures: Iterable[Measure]) -> dict[Entity, list[Measure]]:
    """The measures of each entity, in their order."""
    found: dict[Entity, list[Measure]] = {}
    for measure in measures:
        found.setdefault(measure.entity, []).append(measure)
    return found


def queries_of(request: Request, entities: Iterable[Entity]) -> pa.Table:
    """The rows of the entities' expansions, as `QUERIES`."""
    parts = [QUERIES.empty_table()]
    for entity in entities:
        expansion = request.expansions[entity]
        query = pa.array(expansion.query)
        columns = [
            pa.array([entity.value] * len(query), pa.string()),
            pa.array(np.arange(len(query), dtype=np.int64)),
            expansion.names.take(pa.array(expansion.key)).cast(pa.string()),
            pa.array(request.as_of).take(query),
            request.disputes.take(query),
        ]
        parts.append(pa.Table.from_arrays(columns, schema=QUERIES))
    return pa.concat_tables(parts)


def folder(measures: Sequence[Measure]) -> Callable[[pa.Table, pa.Table], pa.Table]:
    """A function from a bucket's rows (`FIELDS`) and queries (`QUERIES`) to `ANSWERS`.

    A bucket holds all rows and all queries of its keys.
    """
    grouped = by_entity(measures)

    def fold(rows: pa.Table, queries: pa.Table) -> pa.Table:
        keys = queries["key"].combine_chunks().dictionary_encode()
        code = keys.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        held = {entity: pc.equal(queries["entity"], entity.value).to_numpy() for entity in grouped}
        expansions = {
            entity: Expansion(np.flatnonzero(rows_of), code[rows_of], keys.dictionary)
            for entity, rows_of in held.items()
        }
        as_of, places = (queries[name].to_numpy().astype(np.int64) for name in ("as_of", "place"))
        values = fold_rows(
            rows, keys.dictionary, expansions, as_of, queries["dispute_id"].combine_chunks(), measures
        )
        return pa.table(
            {
                "entity": pa.array([entity.value for entity in grouped], pa.string()),
                "places": pa.array([places[rows_of].tobytes() for rows_of in held.values()], pa.binary()),
                "numbers": pa.array(
                    [b"".join(values[measure].tobytes() for measure in asked) for asked in grouped.values()],
                    pa.binary(),
                ),
            }
        )

    return fold


def gathered(
    answers: pa.Table, measures: Sequence[Measure], expansions: Mapping[Entity, Expansion]
) -> dict[Measure, F64]:
    """The buckets' answers put together: (rows of its entity's expansion,) for each measure."""
    grouped = by_entity(measures)
    values = {measure: np.empty(expansions[measure.entity].key.size, np.float64) for measure in measures}
    for row in answers.to_pylist():
        asked = grouped[Entity(row["entity"])]
        places: I64 = np.frombuffer(row["places"], np.int64)
        numbers: F64 = np.frombuffer(row["numbers"], np.float64).reshape(len(asked), places.size)
        for measure, found in zip(asked, numbers, strict=True):
            values[measure][places] = found
    return values
