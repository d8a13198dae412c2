"""`anlan backup` and `anlan restore`: what was done, in a line."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.backup import backup, restore
from pipelines.defaults import store_url


def take(store: str | None, out: Path) -> None:
    """Back the store up; see `docket.backup.backup`."""
    made = backup(store_url(store), out)
    size = out.stat().st_size
    sys.stdout.write(f"{out}: {made.kind}, schema {made.schema}, {made.taken_at}, {size:,} bytes\n")


def put_back(store: str | None, file: Path) -> None:
    """Restore a backup; see `docket.backup.restore`."""
    done = restore(file, store_url(store))
    sys.stdout.write(f"restored as of {done.taken_at}, schema {done.schema}; the log ended at {done.head}\n")
