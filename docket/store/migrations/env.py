"""Alembic's environment: migrates on the connection that `docket.store.engine` gives."""

from __future__ import annotations

from alembic import context

from docket.store.metadata import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
