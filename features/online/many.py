"""Several cases out of a record store at once: the batch's own engine, over what the store holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa

from ..arrays import F64
from ..declarations import Feature, Measure
from ..documents import Document, documents_of
from ..engine import measure_stream
from ..expansion import Request, request_of
from ..finishing import Columns
from ..sources.base import Narrowing, Source
from ..streams import STREAMS
from .narrowing import narrowed
from .statements import Reader, Select

_CHUNK: Final = 1_000
"""Keys bound in one statement."""
Counts = Mapping[Measure, Mapping[tuple[int, str], float]]
"""What the areas' state says: each measure by query, as a position, and key."""


class ReaderSource:
    """The engine's source over prepared statements.

    Parameters
    ----------
    reader
        Of the transaction that all is read in.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def fetch(self, sql: str, fields: pa.Schema, narrowing: Narrowing) -> pa.Table:
        """See `features.sources.base.Source`; one round trip."""
        first, *others = narrowing.values
        if len(others) and any(len(more) > _CHUNK for more in others):
            narrowing = replace(narrowing, columns=narrowing.columns[:1], values=(first,))
            others = []
        parts = [
            Select(sql, replace(narrowing, values=(first[start : start + _CHUNK], *others)))
            for start in range(0, len(first), _CHUNK)
        ]
        rows = list(chain.from_iterable(self._reader.read(parts)))
        if not rows:
            return fields.empty_table()
        columns = zip(zip(*rows, strict=True), fields, strict=True)
        return pa.Table.from_arrays([pa.array(of, field.type) for of, field in columns], schema=fields)


def facts_together(
    reader: Reader,
    as_of: Mapping[str, int],
    features: Sequence[Feature],
    groups: Iterable[tuple[str, list[Measure]]],
    areas: Sequence[Measure],
    counts: Counts | None,
) -> tuple[F64, list[Document]]:
    """Features and texts of disputes, each at a moment (microseconds).

    Parameters
    ----------
    groups
        The measures but for those of areas: which are read together, of one stream and one set of people.
    areas, counts
        The measures of areas, and what is known of them; None: they are read, too.

    Returns
    -------
    matrix
        (disputes, features), in the order of `as_of`.
    documents
        As many.
    """
    source: Source = ReaderSource(reader)
    request = request_of(source, list(as_of), np.array(list(as_of.values()), np.int64))
    columns = Columns(features, request)
    for stream, measures in groups:
        columns.take(measure_stream(source, request, STREAMS[stream], measures, narrowed))
    if counts is None:
        for stream in dict.fromkeys(measure.stream for measure in areas):
            of_stream = [measure for measure in areas if measure.stream == stream]
            columns.take(measure_stream(source, request, STREAMS[stream], of_stream))
    else:
        columns.take(_counted(request, counts))
    return columns.matrix, documents_of(source, request)


def _counted(request: Request, counts: Counts) -> dict[Measure, F64]:
    """The measures of areas, for each key that a query asks for."""
    found: dict[Measure, F64] = {}
    for measure, values in counts.items():
        expansion = request.expansions[measure.entity]
        keys = expansion.names.to_pylist()
        asked = zip(expansion.query.tolist(), expansion.key.tolist(), strict=True)
        found[measure] = np.array([values[query, keys[key]] for query, key in asked], np.float64)
    return found
