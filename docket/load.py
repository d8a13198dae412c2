"""Loading a folder of records into a store: all of it, or what can be taken row by row; never half a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from docket.check import FIRST_RECORD, Checked, check_folder
from docket.contract import BY_NAME, CONTRACT
from docket.faults import Fault, RecordFaults
from docket.preparing import prepare_rows
from docket.reading import Progress
from docket.rejects import sound, write_rejects
from docket.store.engine import Store
from docket.store.metadata import RECORDS
from docket.store.reading import birth_years, existing
from docket.store.writing import Appended, append_table, retire


@dataclass(frozen=True)
class LoadReport:
    """What became of a folder.

    Attributes
    ----------
    inserted, same, corrected, rejected, retired
        Rows by table: new; already there; taken as a later version; refused; and rows of the store that a
        table given anew left out.
    extras
        (file, column) outside the contract; never read.
    faults
        Of the refused rows.
    """

    inserted: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    retired: dict[str, int] = field(default_factory=dict)
    extras: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def load_folder(
    folder: Path,
    store: Store,
    *,
    ingested_at: int,
    reject_rows: Path | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Check a folder and append it to a store, in one transaction.

    Parameters
    ----------
    folder
        Of records. Into a store that has rows already, tables may be left out, and rows may refer to what
        it holds.
    store
        Where to.
    ingested_at
        Microseconds since the epoch.
    reject_rows
        A file for the refused rows with their reasons; the others are stored. Without it, one fault and
        nothing is stored.
    progress
        Told the name of each piece of work as it begins.

    Raises
    ------
    docket.faults.RecordFaults
        If the folder has faults, and they aren't of single rows or there is no `reject_rows`.
    NotADirectoryError
        If there is no such folder.
    docket.store.StoreError
        If the store was written with another secret.
    """
    # Checked and prepared before the writer's lock is taken, so that the service goes on taking cases: what
    # a store holds never goes away, so a reference that was sound then is sound when it's written.
    with store.snapshot() as conn:
        checked = check_folder(
            folder,
            progress,
            known=lambda table, ids: existing(conn, table, ids),
            births=lambda people: birth_years(conn, people),
            partial=_has_rows(conn),
        )
    if checked.faults and reject_rows is None:
        raise RecordFaults(checked.faults)
    report = LoadReport(extras=checked.extras, faults=list(checked.faults))
    tables = sound(checked)
    prepared = {}
    for name, rows in tables.items():
        if progress is not None and BY_NAME[name].narratives:
            progress(f"preparing texts of {name}")
        prepared[name] = prepare_rows(rows, BY_NAME[name])
    with store.begin() as conn:
        for table in (table for table in CONTRACT if table.name in tables):
            if progress is not None:
                progress(f"storing {table.name}")
            done = append_table(
                conn, table, tables[table.name], prepared[table.name], ingested_at=ingested_at, via="load"
            )
            given = checked.tables[table.name]
            if table.retires:
                done.retired = retire(conn, table, given, ingested_at=ingested_at)
            report.faults.extend(_as_in_file(checked, table.name, done))
            _count(report, table.name, done, rows_given=given.num_rows)
        if report.faults and reject_rows is None:
            raise RecordFaults(report.faults)
        if reject_rows is not None:
            # Before the commit: where the file can't be written, nothing is stored without its reasons.
            write_rejects(checked, report.faults, reject_rows)
    if store.engine.dialect.name == "postgresql":
        # Until it has counted the new rows, PostgreSQL reads whole tables where an index would do.
        with store.begin() as conn:
            conn.execute(sa.text("ANALYZE"))
    return report


def _has_rows(conn: sa.Connection) -> bool:
    disputes = RECORDS["disputes"]
    return conn.execute(sa.select(disputes.c.row_no).limit(1)).first() is not None


def _as_in_file(checked: Checked, name: str, done: Appended) -> list[Fault]:
    """The faults of rows that the store refused, as of the records they were in the file."""
    written = checked.written[name]
    records = np.flatnonzero(~checked.refused[name])
    found = []
    for fault in done.faults:
        place = int(records[(fault.row or 0) - 1])
        value = written.cells.column(fault.column)[place].as_py()
        found.append(Fault(written.file, place + FIRST_RECORD, fault.column, value, fault.reason))
    return found


def _count(report: LoadReport, name: str, done: Appended, *, rows_given: int) -> None:
    report.inserted[name] = done.inserted
    report.same[name] = done.same
    report.corrected[name] = done.corrected
    report.rejected[name] = rows_given - done.inserted - done.same - done.corrected
    if BY_NAME[name].retires:
        report.retired[name] = done.retired
