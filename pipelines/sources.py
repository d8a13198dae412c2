"""Where a job's records come from: a folder or a store, never both."""

from __future__ import annotations

from pathlib import Path

from docket.faults import BadInput
from docket.reading import Progress
from docket.snapshot import Clock, Snapshot
from docket.store import open_store
from pipelines.defaults import store_url


def read_records(records: Path | None, store: str | None, clock: Clock, tell: Progress) -> Snapshot:
    """The records of the folder, or else of the store.

    Parameters
    ----------
    clock
        For a store, whether a row counts as known when it was recorded (scoring) or when the system
        itself learned of it, if that is later (training).

    Raises
    ------
    BadInput
        If both a folder and a store are named, or the folder does not exist.
    RecordFaults
        If the folder breaks the contract.
    """
    if records is not None and store is not None:
        raise BadInput("--records and --store exclude each other: name one")
    if records is not None:
        if not records.is_dir():
            raise BadInput(f"{records}: no such folder")
        return Snapshot.from_folder(records, progress=tell)
    return Snapshot.from_store(open_store(store_url(store)), clock=clock)
