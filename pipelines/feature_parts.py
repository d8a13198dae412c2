"""A folder of features in parts: what it was made from, which parts are there, and one writer at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from docket.faults import BadInput
from features.catalogue import COLUMNS
from pipelines.cases_file import Cases
from pipelines.writing import one_writer, whole_file

FORMAT: Final = 2
MANIFEST: Final = "_manifest.json"
"""The underscore keeps it out of the way of whoever reads the folder as one table."""
SCHEMA: Final = pa.schema(
    [
        ("dispute_id", pa.string()),
        ("as_of", pa.timestamp("us", "UTC")),
        *((name, pa.float64()) for name in COLUMNS),
    ]
)
TEXT: Final = pa.field("text", pa.string())
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True)
class Inputs:
    """All that the bytes of the parts depend on. The engine isn't among it: the numbers are the same.

    Attributes
    ----------
    data_digest, cases_digest, catalogue_hash
        SHA-256 (hex) of records, cases in their order, and declarations.
    rows, part_rows
        How many cases there are, and in a part.
    text
        Whether the texts are written, too.
    """

    data_digest: str
    catalogue_hash: str
    cases_digest: str
    rows: int
    part_rows: int
    text: bool = False
    format: int = FORMAT


def digest_cases(cases: Cases) -> str:
    """SHA-256 (hex) of the cases in their order, whatever file they came from."""
    whole = hashlib.sha256()
    encoded = [dispute_id.encode() for dispute_id in cases.dispute_ids]
    whole.update(np.array([len(name) for name in encoded], "<i8").tobytes())
    whole.update(b"".join(encoded))
    whole.update(cases.as_of.astype("<i8").tobytes())
    return whole.hexdigest()


@contextmanager
def parts_of(folder: Path, inputs: Inputs) -> Iterator[Parts]:
    """The parts in `folder`, which is made, or taken up if it was begun from the same inputs.

    Raises
    ------
    BadInput
        If it holds something else, or parts of other inputs.
    pipelines.writing.FolderBusyError
        If another process is writing into it.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder}: not a folder")
    folder.mkdir(parents=True, exist_ok=True)
    with one_writer(folder):
        _begin(folder, inputs)
        yield Parts(folder, inputs)


def _begin(folder: Path, inputs: Inputs) -> None:
    manifest = folder / MANIFEST
    if not manifest.exists():
        # A manifest that was being written when the build was stopped is nothing yet.
        if any(path.name != f".{MANIFEST}.part" for path in folder.iterdir()):
            raise BadInput(f"{folder}: holds something else than a build; name a new folder")
        _write_manifest(manifest, inputs, complete=False)
        return
    before = _read_manifest(manifest)
    differing = [name for name, value in asdict(inputs).items() if before.get(name) != value]
    if differing:
        raise BadInput(
            f"{folder}: was begun from other inputs ({', '.join(differing)} differ); name a new folder"
        )


def _read_manifest(path: Path) -> dict[str, object]:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path}: not a manifest of `anlan features build`") from error
    if not isinstance(stated, dict):
        raise BadInput(f"{path}: not a manifest of `anlan features build`")
    return stated


def _write_manifest(path: Path, inputs: Inputs, *, complete: bool) -> None:
    with whole_file(path) as draft:
        text = json.dumps({**asdict(inputs), "complete": complete}, indent=1) + "\n"
        draft.write_text(text, encoding="utf-8")
        _to_disk(draft)


def _to_disk(path: Path) -> None:
    """Have the file's contents on the disk before its name is: a power cut must leave no hollow part."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


class Parts:
    """The parts of a folder whose inputs are known to be the same."""

    def __init__(self, folder: Path, inputs: Inputs) -> None:
        self._folder = folder
        self._inputs = inputs

    @property
    def complete(self) -> bool:
        """Whether the build had come to its end."""
        return _read_manifest(self._folder / MANIFEST)["complete"] is True

    def wanted(self) -> list[tuple[int, int]]:
        """First case, and the one after the last, of each part that isn't there."""
        step = self._inputs.part_rows
        bounds = [
            (first, min(first + step, self._inputs.rows)) for first in range(0, self._inputs.rows, step)
        ]
        return [(first, last) for first, last in bounds if not self._file(first).exists()]

    def write(self, first: int, cases: Cases, frame: pd.DataFrame) -> None:
        """Write the part that begins with case `first`, whole or not at all."""
        columns = [
            pa.array(cases.dispute_ids, pa.string()),
            pa.array(cases.as_of).cast(SCHEMA.field("as_of").type),
            *(pa.array(frame[name].to_numpy(np.float64)) for name in COLUMNS),
        ]
        table = pa.Table.from_arrays(columns, schema=SCHEMA)
        if self._inputs.text:
            table = table.append_column(TEXT, pa.array(frame[TEXT.name], pa.string()))
        with whole_file(self._file(first)) as draft:
            if self._inputs.text:
                draft.touch(_OWNER_ONLY)
            pq.write_table(table, draft)
            _to_disk(draft)

    def finish(self) -> None:
        """State that all parts are there."""
        _write_manifest(self._folder / MANIFEST, self._inputs, complete=True)

    def _file(self, first: int) -> Path:
        return self._folder / f"part-{first // self._inputs.part_rows:05d}.parquet"
