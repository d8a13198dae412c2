"""Going on without the rows that were refused: what is left, and a file of what isn't."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from docket.check import FIRST_RECORD, Checked
from docket.faults import FIELDS, MISSING_COLUMN, Fault, RecordFaults


def sound(checked: Checked) -> dict[str, pa.Table]:
    """The tables without the rows that were refused, or that name a refused row.

    Raises
    ------
    docket.faults.RecordFaults
        If a file as a whole is at fault, which no refusal of single rows can mend.
    """
    whole = [fault for fault in checked.faults if fault.row is None or fault.reason == MISSING_COLUMN]
    if whole:
        raise RecordFaults(whole)
    return {name: table.filter(pa.array(~checked.refused[name])) for name, table in checked.tables.items()}


def write_rejects(checked: Checked, faults: Sequence[Fault], path: Path) -> None:
    """Write faults with the whole row that each stands in, as CSV: a report's columns and `record` (JSON)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*FIELDS, "record"))
        for fault in faults:
            writer.writerow((*fault.as_row(), json.dumps(_record(checked, fault), ensure_ascii=False)))


def _record(checked: Checked, fault: Fault) -> dict[str, str | None]:
    if fault.row is None or fault.row < FIRST_RECORD:
        return {}
    cells = checked.written[fault.file.rsplit(".", 1)[0]].cells
    row: dict[str, str | None] = cells.slice(fault.row - FIRST_RECORD, 1).to_pylist()[0]
    return row
