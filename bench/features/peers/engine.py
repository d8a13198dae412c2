"""The engine on DuckDB."""

from __future__ import annotations

from types import SimpleNamespace

from features.catalogue import BY_NAME
from features.engine import compute as compute_features
from features.sources import DuckSource

from ..reading import Array, Features, Records


def compute(records: Records, features: Features) -> Array:
    """(questions, features)."""
    ids, as_of = records.questions
    source = DuckSource(SimpleNamespace(tables=records.tables))
    declared = [BY_NAME[feature["name"]] for feature in features]
    return compute_features(source, ids.to_pylist(), as_of, features=declared).to_numpy()
