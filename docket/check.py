"""Checking a folder of records against the contract: every fault in one pass.

pandera checks the typed columns and rows lazily; references follow, table by table in the order of the
contract, so that a row which names a refused row is refused as well and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from docket import faults
from docket.contract import BY_NAME, CONTRACT, GUARDIAN, WITHDRAWN, Table
from docket.contract.schemas import schema
from docket.faults import Fault
from docket.parsing import arrow_schema, parse
from docket.reading import Folder, Progress, Written, read_folder
from docket.registry import may_be_child
from docket.times import LOCAL

FIRST_RECORD: Final = 2
"""Record number of a file's first row, the header being 1."""

Known = Callable[[str, Sequence[str]], Collection[str]]
"""Given a table and ids, those of them that a store already holds."""
Births = Callable[[Sequence[str]], Mapping[str, int]]
"""Given persons, the years of birth that a store holds of them."""

_PANDAS: Final = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.large_string(): pd.StringDtype(na_value=np.nan),
}


@dataclass(frozen=True)
class Checked:
    """A folder's tables and all that is wrong with them.

    Attributes
    ----------
    tables
        By name, every row in file order with the contract's columns, typed (`docket.parsing.TYPES`); what
        can't be read is null. Row i is record i + 2 of its file.
    written
        By name, the same rows as they stood in the file.
    faults
        In the order of the contract, then by record and column.
    extras
        (file, column) outside the contract; the column is '' for a file that is no table of it.
    refused
        By name, shape (rows,), which rows have a fault.
    """

    tables: dict[str, pa.Table]
    written: dict[str, Written]
    faults: list[Fault]
    extras: list[tuple[str, str]]
    refused: dict[str, NDArray[np.bool_]]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {name: table.num_rows for name, table in self.tables.items()}


@dataclass
class _Desk:
    """What accumulates while the tables are checked one after the other."""

    folder: Folder
    known: Known | None
    births: Births | None
    asked: dict[str, pa.Array] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    refused: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, table: Table, row: int, column: str, reason: str) -> None:
        """Refuse row `row` (from 0) for the cell in `column`."""
        written = self.folder.tables[table.name]
        value = written.cells.column(column)[row].as_py() or ""
        self.faults.append(Fault(written.file, row + FIRST_RECORD, column, value, reason))
        self.refused[table.name][row] = True


def check_folder(
    folder: Path,
    progress: Progress | None = None,
    *,
    known: Known | None = None,
    births: Births | None = None,
    partial: bool = False,
) -> Checked:
    """Read and check the records in `folder`.

    Parameters
    ----------
    folder
        Holds `<table>.parquet` or `<table>.csv` for the tables of the contract.
    progress
        Told the name of each piece of work as it begins.
    known
        Looks up ids in a store; what it has may be referred to.
    births
        Looks up the year in which persons were born whom the folder doesn't tell of.
    partial
        Whether tables may be left out, as in an increment to a store.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    desk = _Desk(read_folder(folder, progress, partial=partial), known, births)
    for table in CONTRACT:
        if table.name in desk.folder.tables:
            if progress is not None:
                progress(f"checking {desk.folder.tables[table.name].file}")
            _check_cells(desk, table)
            _check_references(desk, table)
    if "registry" in desk.tables:
        _check_guardians(desk)
    found = sorted(desk.folder.faults + desk.faults, key=_place)
    return Checked(desk.tables, desk.folder.tables, found, desk.folder.extras, desk.refused)


def _check_cells(desk: _Desk, table: Table) -> None:
    written = desk.folder.tables[table.name]
    rows = written.cells.num_rows
    refused = np.zeros(rows, bool)
    for fault in desk.folder.faults:
        if fault.file == written.file and fault.row is not None:
            refused[fault.row - FIRST_RECORD] = True
    desk.refused[table.name] = refused
    broken = refused.copy()
    unread: dict[str, NDArray[np.bool_]] = {}
    values = []
    for column in table.columns:
        parsed, lost, reason = parse(written.cells.column(column.name), column)
        values.append(parsed)
        unread[column.name] = np.asarray(lost) | broken
        for place in np.flatnonzero(np.asarray(lost) & ~broken):
            desk.refuse(table, int(place), column.name, reason)
    for column in table.asked:
        desk.asked[column.name], lost, reason = parse(written.cells.column(column.name), column)
        for place in np.flatnonzero(np.asarray(lost) & ~broken):
            desk.refuse(table, int(place), column.name, reason)
    desk.tables[table.name] = pa.table(values, schema=arrow_schema(table))
    for name in written.missing:
        desk.faults.append(Fault(written.file, 1, name, "", faults.MISSING_COLUMN))
        unread[name] = np.ones(rows, bool)
    for row, name, reason in _failures(desk.tables[table.name], table):
        if not unread[name][row]:
            desk.refuse(table, row, name, reason)


def _failures(typed: pa.Table, table: Table) -> list[tuple[int, str, str]]:
    """(row, column, reason) of everything that the table's pandera schema finds."""
    frame = typed.to_pandas(types_mapper=_PANDAS.get)
    try:
        schema(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases: Any = errors.failure_cases
        found = zip(cases["index"], cases["column"], cases["check"], strict=True)
        # A check of whole rows is reported once for each of the frame's columns.
        return list(dict.fromkeys(_failure(table, *case) for case in found))
    return []


def _failure(table: Table, row: int, column: str, check: str) -> tuple[int, str, str]:
    if check == "not_nullable":
        blank = column in table.narratives
        return int(row), column, faults.EMPTY_NARRATIVE if blank else faults.MISSING_VALUE
    at_fault, colon, reason = check.partition(": ")
    return (int(row), at_fault, reason) if colon else (int(row), column, check)


def _check_references(desk: _Desk, table: Table) -> None:
    for column in table.columns:
        if column.refers is None:
            continue
        target = BY_NAME[column.refers]
        if _at_fault(desk, target):
            continue
        ids = desk.tables[table.name].column(column.name).combine_chunks()
        sound, lost = _targets(desk, target)
        dangling = pc.and_(pc.is_valid(ids), pc.invert(pc.is_in(ids, sound)))
        if desk.known is not None and pc.any(dangling).as_py():
            absent = pc.unique(ids.filter(dangling)).to_pylist()
            stored = pa.array(sorted(desk.known(target.name, absent)), pa.large_string())
            dangling = pc.and_(dangling, pc.invert(pc.is_in(ids, stored)))
        for row in np.flatnonzero(np.asarray(dangling)):
            record = lost.get(ids[int(row)].as_py())
            because = (
                f": {desk.folder.tables[target.name].file} record {record} was refused" if record else ""
            )
            desk.refuse(table, int(row), column.name, faults.DANGLING + because)


def _check_guardians(desk: _Desk) -> None:
    """Refuse entries of whoever may have been under 14 when entered, if no guardian knows."""
    rows = desk.tables["registry"]
    frame = pd.DataFrame(
        {name: rows.column(name).to_pandas() for name in ("person_id", "entered_at", WITHDRAWN)}
    )
    frame["refused"] = desk.refused["registry"]
    frame["informed"] = desk.asked[GUARDIAN].to_pandas()
    unsaid = frame[~frame["refused"] & frame["informed"].ne(True) & frame[WITHDRAWN].ne(True)]
    unsaid = unsaid.dropna(subset=["person_id", "entered_at"])
    born = _births(desk, unsaid["person_id"].unique().tolist())
    entered = pd.to_datetime(unsaid["entered_at"], unit="us", utc=True).dt.tz_convert(LOCAL).dt.year
    for row, person, year in zip(unsaid.index, unsaid["person_id"], entered, strict=True):
        if may_be_child(born.get(person), int(year)):
            desk.refuse(BY_NAME["registry"], int(row), GUARDIAN, _GUARDIAN_NEEDED)


_GUARDIAN_NEEDED: Final = f"{faults.NO_GUARDIAN}: true expected of whoever may be under 14"


def _births(desk: _Desk, people: Sequence[str]) -> dict[str, int]:
    """In which year persons were born, by the folder, else by the store."""
    found: dict[str, int] = {}
    if desk.births is not None:
        found.update(desk.births(people))
    if "persons" in desk.tables:
        told = desk.tables["persons"].select(["person_id", "birth_year"]).to_pylist()
        found.update((row["person_id"], row["birth_year"]) for row in told if row["birth_year"] is not None)
    return found


def _at_fault(desk: _Desk, target: Table) -> bool:
    """Whether the target couldn't be read at all: that is named once, not for each row that refers to it."""
    if target.name in desk.folder.tables:
        return bool(set(target.key) & set(desk.folder.tables[target.name].missing))
    return any(fault.file.startswith(f"{target.name}.") for fault in desk.folder.faults)


def _targets(desk: _Desk, target: Table) -> tuple[pa.Array, dict[str, int]]:
    """The ids that may be referred to, and the record numbers of those that were refused."""
    if target.name not in desk.tables:
        return pa.array([], pa.large_string()), {}
    ids = desk.tables[target.name].column(target.key[0]).combine_chunks()
    refused = desk.refused[target.name]
    lost = {ids[int(row)].as_py(): int(row) + FIRST_RECORD for row in np.flatnonzero(refused)}
    return ids.filter(pa.array(~refused)), lost


_ORDER: Final = {table.name: place for place, table in enumerate(CONTRACT)}


def _place(fault: Fault) -> tuple[int, int, int]:
    name = fault.file.rsplit(".", 1)[0]
    columns = BY_NAME[name].in_file
    column = columns.index(fault.column) if fault.column in columns else -1
    return _ORDER[name], fault.row or 0, column
