"""Faults in records: what is wrong, and exactly where."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MISSING_FILE: Final = "missing file"
UNREADABLE: Final = "unreadable"
MISSING_COLUMN: Final = "missing column"
MISSING_VALUE: Final = "missing value"
EMPTY_NARRATIVE: Final = "empty narrative"
UNKNOWN_VALUE: Final = "unknown enumeration value"
UNPARSABLE_TIME: Final = "unparsable time"
EARLY: Final = "recorded before it happened"
BELOW_ZERO: Final = "below zero"
OUT_OF_RANGE: Final = "out of range"
OUT_OF_1_5: Final = "out of 1-5"
DUPLICATE: Final = "duplicate id"
DANGLING: Final = "dangling reference"
NOT_NUMBER: Final = "not a number"
NOT_INTEGER: Final = "not an integer"
NOT_BOOLEAN: Final = "not a boolean"
NOT_TEXT: Final = "not text"
NO_GUARDIAN: Final = "no guardian informed"
NOT_LATER: Final = "correction not later than the row it corrects"

FIELDS: Final = ("file", "row", "column", "value", "reason")
"""The columns of a report, in their order."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one cell, row or file.

    Parameters
    ----------
    file
        Name of the file in the folder; the table's name for rows that came by the API.
    row
        Record number, the header being 1 (Parquet too). A narrative may hold line breaks, so this isn't
        the line number. None where the file as a whole is at fault.
    column
        The column, or '' where the row or file as a whole is at fault.
    value
        The value as written.
    reason
        Starts with one of the constants of this module.
    """

    file: str
    row: int | None
    column: str
    value: str
    reason: str

    def as_row(self) -> tuple[str, str, str, str, str]:
        """The fault as a row of the report, in the order of `FIELDS`."""
        return (self.file, "" if self.row is None else str(self.row), self.column, self.value, self.reason)

    def __str__(self) -> str:
        """The fault on one line, written as the report writes it."""
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(self.as_row())
        return line.getvalue().replace("\r", "\\r").replace("\n", "\\n")


class RecordFaults(Exception):
    """Records that can't be taken, with every fault found in them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(self.faults)} faults in the records; the first: {self.faults[0]}")


def write_report(faults: Iterable[Fault], path: Path) -> None:
    """Write the faults as CSV with the header `file,row,column,value,reason` (UTF-8)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(fault.as_row() for fault in faults)


class BadInput(ValueError):
    """An argument or a file that can't be used as asked; the message says what and what was expected."""
