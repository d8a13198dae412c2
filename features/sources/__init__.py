"""Sources of contributions: `DuckSource` for batches, `StoreSource` for one case."""

from .base import Narrowing, Source
from .duck import DuckSource
from .store import StoreSource

__all__ = ["DuckSource", "Narrowing", "Source", "StoreSource"]
