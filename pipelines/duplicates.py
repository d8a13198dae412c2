"""`anlan duplicates`: the pairs of a caseload that may be one dispute, as CSV."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.snapshot import Clock
from models.duplicate_pairs import proposals
from pipelines.instants import instant
from pipelines.logged import exported
from pipelines.progress import stages
from pipelines.sources import read_records
from pipelines.writing import whole_file


def run(
    records: Path | None, store: str | None, *, out: Path | None, above: float, until: str | None
) -> None:
    """Write what is proposed, the most probable first, to `out` or to stdout.

    Raises
    ------
    BadInput, RecordFaults
        If the records or `until` can't be used.
    """
    cut = instant("--until", until)
    with stages() as tell:
        snapshot = read_records(records, store, Clock.RECORDED, tell)
        if cut is not None:
            snapshot = snapshot.until(cut)
        found = proposals(snapshot, above=above, progress=tell)
    if records is None:
        exported(store, "duplicates", len(found))
    if out is None:
        sys.stdout.write(found.to_csv(index=False))
        return
    with whole_file(out) as draft:
        found.to_csv(draft, index=False)
    sys.stdout.write(f"{out}: {len(found):,} pairs proposed\n")
