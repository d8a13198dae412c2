"""`anlan load`: a folder into a record store."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.faults import BadInput
from docket.load import load_folder
from docket.store import open_store
from docket.times import now_micros
from pipelines.check import extra_line
from pipelines.defaults import store_url
from pipelines.progress import stages


def run(folder: Path, *, store: str | None, reject_rows: Path | None) -> None:
    """Load `folder` into the store, and say what became of its rows.

    Raises
    ------
    BadInput
        If there is no such folder.
    RecordFaults
        If the records have faults that `reject_rows` can't take; then nothing is stored.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    opened = open_store(store_url(store))
    with stages() as tell:
        report = load_folder(folder, opened, ingested_at=now_micros(), reject_rows=reject_rows, progress=tell)
    opened.close()
    for file, column in report.extras:
        sys.stdout.write(extra_line(file, column))
    for table, inserted in report.inserted.items():
        counts = (
            f"{inserted:,} new, {report.same[table]:,} already there, {report.corrected[table]:,} corrections"
        )
        refused = f", {report.rejected[table]:,} refused" if report.rejected[table] else ""
        sys.stdout.write(f"{table}: {counts}{refused}\n")
    if report.faults and reject_rows is not None:
        sys.stderr.write(f"{len(report.faults)} faults; the refused rows are in {reject_rows}\n")
