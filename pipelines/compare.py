"""`anlan compare`: two versions on the same cases, and what would have changed."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.snapshot import Clock
from models import registry
from models.comparison_log import log_comparison
from models.comparison_report import Comparison
from models.contest import contest
from models.promotion import version
from pipelines.progress import progress, stages
from pipelines.sources import read_records
from pipelines.versions import uri_of


def run(
    ours: str, theirs: str | None, records: Path | None, store: str | None, *, out: Path | None, seed: int = 0
) -> None:
    """Compare a version with another, or with the champion; the tables go to MLflow and into `out`.

    Raises
    ------
    BadInput, RecordFaults
        If a version's name or the records can't be used.
    models.registry.NoSuchModelError
        If there is no such version, or no champion to compare with.
    models.splits.ImpossibleSplitError
        If there is no case that neither has learned from.
    """
    first = registry.find(uri_of(ours))
    second = registry.find(uri_of(theirs) if theirs is not None else f"models:/{registry.NAME}@champion")
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.LEARNED, tell)
        found = contest(snapshot, version(first.uri), version(second.uri), seed=seed, progress=report)
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
