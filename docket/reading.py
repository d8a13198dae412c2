"""Reading a folder of records as written: every cell as text, nothing judged yet.

CSV and Parquet come out alike, so that one path parses and one report can show what stood in the file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from docket import faults
from docket.contract import BY_NAME, CONTRACT, Table
from docket.faults import Fault

Progress = Callable[[str], None]
"""Told the name of each piece of work as it begins."""

SUFFIXES: Final = (".parquet", ".csv")
WHOLE_FILE: Final = ""
"""The column in `Folder.extras` for a file that isn't part of the contract."""

_CHUNK: Final = 50_000
_LONGEST_CELL: Final = 2**24
_WORD: Final = pa.large_string()


@dataclass(frozen=True)
class Written:
    """One file's cells as written.

    Attributes
    ----------
    file
        The file's name.
    cells
        Every column of `Table.in_file` as large_string, in order; null where the cell is empty, and for the
        whole of a column that the file lacks.
    missing
        Required columns that the file lacks.
    extras
        Columns outside the contract; their contents are never read into anything.
    """

    file: str
    cells: pa.Table
    missing: tuple[str, ...]
    extras: tuple[str, ...]


@dataclass
class Folder:
    """The tables of a folder as written, what couldn't be read, and what isn't part of the contract."""

    tables: dict[str, Written] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    extras: list[tuple[str, str]] = field(default_factory=list)


def read_folder(folder: Path, progress: Progress | None = None, *, partial: bool = False) -> Folder:
    """Read every table of the contract found in `folder`.

    Parameters
    ----------
    folder
        Holds `<table>.parquet` or `<table>.csv`.
    progress
        Told the name of each table.
    partial
        Whether tables may be left out, as in an increment to a store.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"no such folder: {folder}")
    found = Folder()
    for table in CONTRACT:
        paths = [path for suffix in SUFFIXES if (path := folder / f"{table.name}{suffix}").is_file()]
        if not paths and not (table.optional or partial):
            found.faults.append(Fault(f"{table.name}.csv", None, "", "", faults.MISSING_FILE))
        if len(paths) > 1:
            reason = f"two files for one table, the other being {paths[0].name}"
            found.faults.append(Fault(paths[1].name, None, "", "", reason))
        if len(paths) != 1:
            continue
        if progress is not None:
            progress(f"reading {paths[0].name}")
        written = _read(paths[0], table, found.faults)
        if written is not None:
            found.tables[table.name] = written
            found.extras += [(written.file, column) for column in written.extras]
    found.extras += [
        (path.name, WHOLE_FILE)
        for path in sorted(folder.iterdir())
        if not (path.stem in BY_NAME and path.suffix in SUFFIXES)
    ]
    return found


def _read(path: Path, table: Table, found: list[Fault]) -> Written | None:
    try:
        names, columns, rows = _csv(path, table, found) if path.suffix == ".csv" else _parquet(path, table)
    except (pa.ArrowException, csv.Error, UnicodeDecodeError, ValueError) as error:
        reason = f"{faults.UNREADABLE}: {str(error).splitlines()[0]}"
        found.append(Fault(path.name, None, "", "", reason))
        return None
    missing = tuple(c.name for c in table.columns if c.name not in columns and not c.nullable)
    cells = [columns[name] if name in columns else pa.nulls(rows, _WORD) for name in table.in_file]
    extras = tuple(dict.fromkeys(name for name in names if name not in table.in_file))
    return Written(path.name, pa.table(cells, names=list(table.in_file)), missing, extras)


_Read = tuple[list[str], dict[str, pa.ChunkedArray], int]


def _csv(path: Path, table: Table, found: list[Fault]) -> _Read:
    """Columns of a CSV file. Records of another length than the header's are a fault each, and left empty."""
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = (record for record in csv.reader(file, strict=True) if record)
        names = next(reader, [])
        _refuse_twice(names, table)
        places = {name: place for place, name in enumerate(names) if name in table.in_file}
        chunks: dict[str, list[pa.Array]] = {name: [] for name in places}
        rows = 0
        for records in _chunks(_of_length(reader, len(names), path.name, found)):
            rows += len(records)
            whole = list(zip(*records, strict=True))
            for name, place in places.items():
                chunks[name].append(pa.array(whole[place], _WORD))
    return (
        names,
        {name: _empty_as_null(pa.chunked_array(parts, _WORD)) for name, parts in chunks.items()},
        rows,
    )


def _of_length(
    records: Iterator[list[str]], length: int, file: str, found: list[Fault]
) -> Iterator[list[str]]:
    for number, record in enumerate(records, start=2):
        if len(record) == length:
            yield record
            continue
        reason = f"{faults.UNREADABLE}: {len(record)} cells under a header of {length}"
        found.append(Fault(file, number, "", ",".join(record), reason))
        yield [""] * length


def _chunks(records: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while chunk := list(islice(records, _CHUNK)):
        yield chunk


def _parquet(path: Path, table: Table) -> _Read:
    with pq.ParquetFile(path) as file:
        names = list(file.schema_arrow.names)
        _refuse_twice(names, table)
        wanted = [name for name in names if name in table.in_file]
        read = file.read(columns=wanted)
    columns = {name: _empty_as_null(as_written(read.column(name))) for name in wanted}
    return names, columns, read.num_rows


def _refuse_twice(names: list[str], table: Table) -> None:
    twice = sorted({name for name in names if names.count(name) > 1 and name in table.in_file})
    if twice:
        raise ValueError(f"the column {twice[0]} stands twice in the header")


def as_written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells of a Parquet column as text; numbers in their shortest exact form, times in ISO 8601.

    Raises
    ------
    pyarrow.ArrowException
        If cells of the column's type have no form as text.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    text = column.cast(_WORD)
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(text, r"\.0+($|[Z+-])", r"\1")
    if pa.types.is_floating(kind):
        return pc.replace_substring_regex(text, r"\.0$", "")
    return text


def _empty_as_null(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, _WORD), cells)
