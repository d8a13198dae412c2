"""`anlan compare`: two versions on the same cases, and what would have changed."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from docket.faults import BadInput
from docket.snapshot import Clock
from docket.store import open_store
from models import registry
from models.comparison_log import log_comparison
from models.comparison_report import Comparison
from models.contest import contest
from models.promotion import version
from models.shadow import contest_in_shadow
from pipelines.defaults import store_url
from pipelines.progress import progress, stages
from pipelines.sources import read_records
from pipelines.versions import uri_of


def run(
    ours: str,
    theirs: str | None,
    records: Path | None,
    store: str | None,
    *,
    out: Path | None,
    shadow: bool = False,
    seed: int = 0,
) -> None:
    """Compare a version with another, or with the champion; the tables go to MLflow and into `out`.

    Raises
    ------
    BadInput, RecordFaults
        If a version's name or the records can't be used.
    models.registry.NoSuchModelError
        If there is no such version, or no champion to compare with.
    models.splits.ImpossibleSplitError
        If there is no case that neither has learned from, or none has matured that was scored in the shadow.
    """
    if shadow and records is not None:
        raise BadInput("--shadow: what was said in the shadow stands in a store, not in --records")
    first = registry.find(uri_of(ours))
    second = registry.find(uri_of(theirs) if theirs is not None else f"models:/{registry.NAME}@champion")
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.LEARNED, tell)
        sides = version(first.uri), version(second.uri)
        if shadow:
            with closing(open_store(store_url(store))) as opened, opened.snapshot() as conn:
                found = contest_in_shadow(conn, snapshot, *sides)
        else:
            found = contest(snapshot, *sides, seed=seed, progress=report)
        tell("bootstrapping")
        made = Comparison.of(first.uri, second.uri, found, snapshot, seed=seed)
        if out is not None:
            made.write(out, private=True)
        tell("logging")
        run_id = log_comparison(made)
    sys.stdout.write(f"{made.note}\n\n")
    for name in ("summary", "colours", "flips"):
        table = made.tables[name].drop(columns=["facts_theirs", "facts_ours"], errors="ignore")
        shown = table.to_string(index=False, float_format=lambda value: f"{value:.3f}")
        sys.stdout.write(f"{shown if len(table) else 'no case gets another colour'}\n\n")
    sys.stdout.write(f"{first.uri} beside {second.uri}: MLflow run {run_id}\n")
