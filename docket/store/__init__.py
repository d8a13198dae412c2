"""The record store: append-only tables on SQLite or PostgreSQL, and the views that show what was known."""

from docket.store.engine import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
