"""What commands put into the log of the store that they work on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from docket.audit import Action, acting, record
from docket.audit.actors import operator
from docket.store import open_store
from pipelines.defaults import EMBEDDED_STORE, store_url


def exported(store: str | None, what: str, rows: int) -> None:
    """Log that rows left the store; called before the file that holds them is in its place."""
    with logs(store_url(store), "export", what, rows=rows):
        pass


def log_store(store: str | None) -> str | None:
    """Where a model's promotion is logged: the store that is named, else the embedded one if there is one."""
    named = store or os.environ.get("ANLAN_STORE")
    if named is None and Path(EMBEDDED_STORE.removeprefix("sqlite:///")).exists():
        named = EMBEDDED_STORE
    if named is None:
        sys.stderr.write("no store, no log: who made it champion stands in MLflow only (--store names one)\n")
    return named


@contextmanager
def logs(url: str, action: Action, subject: str, **detail: str | int | bool | None) -> Iterator[None]:
    """Log what the block does: if it fails it isn't logged, and if it can't be logged it isn't done."""
    with closing(open_store(url)) as opened, opened.begin() as conn, acting(operator()):
        record(conn, action, subject=subject, detail=detail)
        yield
