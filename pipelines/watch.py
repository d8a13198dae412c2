"""`anlan watch`: whether what comes in, what is answered and what becomes of it is as it was."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from docket.faults import BadInput
from docket.snapshot import Clock, Snapshot
from docket.store import open_store
from docket.times import now_micros
from models.watch.kept import keep
from models.watch.log import log_watch
from models.watch.report import alarm_lines, verdict, write
from models.watch.result import watch
from pipelines.defaults import store_url
from pipelines.instants import instant
from pipelines.progress import progress, stages


def run(store: str | None, *, out: Path | None, until: str | None = None, track: bool = True) -> None:
    """Look, keep what was found in the store, log it in MLflow, and write it into `out`.

    Raises
    ------
    BadInput
        If `until` is no date or instant, or nothing was known by then.
    """
    now = now_micros() if until is None else instant("--until", until)
    with progress() as report, stages() as tell, closing(open_store(store_url(store))) as opened:
        tell("reading the store")
        # one clock, of what the district knew: the checks ask what came in when, not when we heard of it
        snapshot = Snapshot.from_store(opened, Clock.RECORDED)
        with opened.snapshot() as conn:
            try:
                found = watch(conn, snapshot, now, progress=report)
            except ValueError as error:
                raise BadInput(str(error)) from None
        tell("keeping")
        with opened.begin() as conn:
            keep(conn, found.now, found.kept())
        if out is not None:
            write(found, out)
        if track:
            tell("logging")
            run_id = log_watch(found)
    for line in alarm_lines(found):
        sys.stdout.write(f"alarm: {line}\n")
    sys.stdout.write(verdict(found) + (f"; MLflow run {run_id}\n" if track else "\n"))
