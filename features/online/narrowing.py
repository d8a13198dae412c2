"""Which rows of a stream some keys need: no more is read of those whom the parties only know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..arrays import I64
from ..declarations import Measure, Stream
from ..engine import narrowing_of
from ..sources.base import Narrowing


def narrowed(stream: Stream, names: Sequence[str], measures: list[Measure], moment: I64) -> Narrowing:
    """The keys, no row that is past every window, and no row of a kind that nobody counts."""
    narrowing = narrowing_of(stream, names, measures, moment)
    if not stream.kind or any(measure.where is None for measure in measures):
        return narrowing
    kinds = sorted({kind for measure in measures for kind in measure.where or ()})
    return replace(narrowing, columns=(*narrowing.columns, stream.kind), values=(*narrowing.values, kinds))
