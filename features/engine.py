"""From a source and some queries to the columns of the catalogue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from docket.times import DAY

from .arrays import F64, I64
from .catalogue import CATALOGUE
from .contributions import FIELDS
from .declarations import Aggregate, Feature, Measure, Stream
from .expansion import PAIR_JOINT, Request, request_of
from .finishing import Columns
from .measures import fold_rows
from .ordering import present
from .sources.base import Folding, Later, Narrowing, Source
from .streams import STREAMS

Progress = Callable[[int, int], None]
"""Called with (done, total): streams, or what else a source that folds by itself counts."""
Narrow = Callable[[Stream, Sequence[str], list[Measure], I64], Narrowing]
"""Says which rows of a stream some keys need."""


def compute(
    source: Source,
    dispute_ids: Sequence[str],
    as_of: I64,
    *,
    features: Sequence[Feature] = CATALOGUE,
    streams: Mapping[str, Stream] = STREAMS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The features of disputes at moments, from what was known then.

    Parameters
    ----------
    source
        `DuckSource`, `StoreSource` or `SparkSource`; all give the same numbers to the last bit.
    dispute_ids, as_of
        (n,) the queries: a dispute, and a moment in microseconds since the epoch.
    features, streams
        Another catalogue than the project's own, for trials and tests.
    progress
        Told after each stream.

    Returns
    -------
    pandas.DataFrame
        (n, features) float64, a column a feature in the catalogue's order, rows in the order of the queries.
        NaN is missing, as each feature says; a dispute that was not known by `as_of`, or is not there at
        all, is missing throughout.

    Raises
    ------
    ValueError
        If there are not as many moments as disputes.
    """
    request = request_of(source, dispute_ids, as_of)
    return compute_request(source, request, features=features, streams=streams, progress=progress)


def compute_request(
    source: Source,
    request: Request,
    *,
    features: Sequence[Feature] = CATALOGUE,
    streams: Mapping[str, Stream] = STREAMS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """`compute` for queries whose keys are known already."""
    columns = Columns(features, request)
    for values in _measure_all(source, request, features, streams, progress):
        columns.take(values)
        # Or the next stream is folded with this one's measures still in memory.
        del values
    return pd.DataFrame(columns.matrix, columns=[feature.name for feature in features], copy=False)


def _measure_all(
    source: Source,
    request: Request,
    features: Iterable[Feature],
    streams: Mapping[str, Stream],
    progress: Progress | None,
) -> Iterator[dict[Measure, F64]]:
    """Every measure once, a stream at a time: (rows of its entity's expansion,) each."""
    wanted: dict[str, dict[Measure, None]] = defaultdict(dict)
    for feature in features:
        for measure in feature.measures:
            wanted[measure.stream][measure] = None
    for name, measures in wanted.items():
        _refuse_unsuited(streams[name], measures)
    if isinstance(source, Folding):
        asked = [(streams[name], list(measures)) for name, measures in wanted.items()]
        yield source.fold(asked, request, progress)
        return
    for done, (name, measures) in enumerate(wanted.items(), start=1):
        yield measure_stream(source, request, streams[name], list(measures))
        if progress is not None:
            progress(done, len(wanted))


def _refuse_unsuited(stream: Stream, measures: Iterable[Measure]) -> None:
    entities = {measure.entity for measure in measures}
    if not entities <= stream.entities:
        raise ValueError(f"stream {stream.name} has no keys for {sorted(entities - stream.entities)}")
    if stream.others and not all(measure.not_own for measure in measures):
        raise ValueError(f"stream {stream.name} tells of other disputes: its features must be not_own")


def measure_stream(
    source: Source,
    request: Request,
    stream: Stream,
    measures: list[Measure],
    narrow: Narrow | None = None,
) -> dict[Measure, F64]:
    """The measures of one stream: (rows of its entity's expansion,) each.

    Parameters
    ----------
    narrow
        What is enough of the stream; None: `narrowing_of`.
    """
    entities = {measure.entity for measure in measures}
    # Entities of one stream share their names (all are persons, or it is one entity): one fetch serves them.
    names = request.expansions[next(iter(entities))].names
    used = present(np.concatenate([request.expansions[entity].key for entity in entities]), len(names))
    if used.size == 0:
        return {measure: np.empty(0, np.float64) for measure in measures}
    wanted = Later(lambda: names.take(pa.array(used)).to_pylist())
    expansions = {entity: request.expansions[entity] for entity in entities}
    narrowing = (narrow or narrowing_of)(stream, wanted, measures, request.as_of)
    return fold_rows(
        # Not by a name here, which would keep the rows in memory while they are folded.
        source.fetch(stream.sql, FIELDS, narrowing),
        names,
        expansions,
        request.as_of,
        request.disputes,
        measures,
    )


def narrowing_of(stream: Stream, names: Sequence[str], measures: list[Measure], as_of: I64) -> Narrowing:
    """What is enough for these measures: the keys, and no row that is past every window.

    Only counts are narrowed by time. They are whole numbers, so leaving out a row that has come and gone
    changes no bit; a decayed sum keeps a rounding error of it.
    """
    after = None
    windows = [measure.within for measure in measures if measure.aggregate is Aggregate.COUNT]
    if len(windows) == len(measures) and all(window is not None for window in windows):
        after = int(as_of.min()) - max(window for window in windows if window is not None) * DAY
    if len(stream.lookup) == 1:
        return Narrowing(stream.lookup, (names,), stream.happened, after)
    firsts = Later(lambda: sorted({name.split(PAIR_JOINT)[0] for name in names}))
    seconds = Later(lambda: sorted({name.split(PAIR_JOINT)[1] for name in names}))
    return Narrowing(stream.lookup, (firsts, seconds), stream.happened, after)
