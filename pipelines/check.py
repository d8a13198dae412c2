"""`anlan check`: hold a folder against the contract."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from docket.check import check_folder
from docket.faults import BadInput, write_report
from pipelines.progress import stages


def run(folder: Path, *, report: Path | None) -> None:
    """Check `folder`; write every fault to `report`, or print it on stderr.

    Raises
    ------
    BadInput
        If there is no such folder.
    typer.Exit
        With code 2 if there are faults.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    with stages() as tell:
        checked = check_folder(folder, tell)
    for file, column in checked.extras:
        sys.stdout.write(extra_line(file, column))
    if report is not None:
        write_report(checked.faults, report)
    if not checked.faults:
        rows = sum(table.num_rows for table in checked.tables.values())
        sys.stdout.write(f"{folder}: {rows:,} rows in {len(checked.tables)} tables, no fault\n")
        return
    if report is None:
        for fault in checked.faults:
            sys.stderr.write(f"{fault}\n")
    else:
        sys.stderr.write(f"{len(checked.faults)} faults, written to {report}\n")
    raise typer.Exit(2)


def extra_line(file: str, column: str) -> str:
    """How a file or column outside of the contract is reported."""
    what = f"{file}: column {column}" if column else file
    return f"{what} is outside the contract and is never read\n"
