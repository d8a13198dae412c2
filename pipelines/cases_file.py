"""The file that says which disputes to score, and as of when: ``dispute_id, as_of``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from docket.faults import BadInput, Fault, RecordFaults
from docket.snapshot import Snapshot
from docket.times import parse_instant, rfc3339, to_micros


@dataclass(frozen=True)
class Cases:
    """What is to be scored, in the order of the file.

    Attributes
    ----------
    dispute_ids
        n dispute ids.
    as_of
        int64 (n,), microseconds since the epoch.
    """

    dispute_ids: Sequence[str]
    as_of: npt.NDArray[np.int64]

    def part(self, first: int, last: int) -> Cases:
        """Those from `first` up to `last`, exclusive."""
        return Cases(self.dispute_ids[first:last], self.as_of[first:last])


def read_cases(path: Path, snapshot: Snapshot) -> Cases:
    """Read the cases file and hold it against the records.

    Raises
    ------
    BadInput
        If the file can't be read or lacks a column.
    RecordFaults
        Naming each row whose `as_of` can't be read or has no zone, whose dispute is unknown, or whose
        `as_of` lies before the dispute's `recorded_at`. Then nothing is scored.
    """
    frame = _read(path)
    for column in ("dispute_id", "as_of"):
        if column not in frame.columns:
            raise BadInput(f"{path.name}: missing column {column} (columns: {', '.join(frame.columns)})")
    known_from = first_recorded(snapshot)
    faults: list[Fault] = []
    as_of = np.zeros(len(frame), dtype=np.int64)
    ids = [str(value) for value in frame["dispute_id"]]
    for position, (dispute_id, value) in enumerate(zip(ids, frame["as_of"], strict=True)):
        row = position + 2  # the header is record 1
        moment = _instant(value)
        if moment is None:
            reason = "unparsable time: a time with zone was expected, such as 2024-03-01T08:00:00+08:00"
            faults.append(Fault(path.name, row, "as_of", str(value), reason))
        elif dispute_id not in known_from:
            faults.append(
                Fault(path.name, row, "dispute_id", dispute_id, "dangling reference: no such dispute")
            )
        elif moment < known_from[dispute_id]:
            first = rfc3339(known_from[dispute_id])
            reason = f"out of range: before the dispute was recorded ({first})"
            faults.append(Fault(path.name, row, "as_of", str(value), reason))
        else:
            as_of[position] = moment
    if faults:
        raise RecordFaults(faults)
    return Cases(ids, as_of)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadInput(f"{path.name}: can't be read as {path.suffix or 'CSV'}: {error}") from error


def first_recorded(snapshot: Snapshot) -> dict[str, int]:
    """When each dispute was first recorded, in microseconds since the epoch."""
    disputes = snapshot.tables["disputes"].select(["dispute_id", "recorded_at"])
    first = disputes.group_by("dispute_id").aggregate([("recorded_at", "min")])
    ids = pc.cast(first["dispute_id"], pa.string()).to_pylist()
    return dict(zip(ids, first["recorded_at_min"].to_pylist(), strict=True))


def _instant(value: object) -> int | None:
    """Microseconds of a time with zone; None for what is none."""
    if isinstance(value, datetime):
        return to_micros(value) if value.tzinfo is not None and not pd.isna(value) else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return parse_instant(value) if moment.tzinfo is not None else None
