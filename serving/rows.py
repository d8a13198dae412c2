"""From rows of a request to rows of the store: defaults, and what a row must mean beside the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from docket import faults
from docket.contract import BY_NAME
from docket.faults import Fault
from docket.store.reading import existing
from docket.times import local_day, to_micros
from serving.errors import FieldError

Rows = list[dict[str, Any]]


def stored(row: BaseModel, recorded_at: int) -> dict[str, Any]:
    """The row with times in microseconds; `recorded_at` where it says none itself."""
    values = {
        name: to_micros(value) if isinstance(value, datetime) else value
        for name, value in row.model_dump().items()
    }
    if values.get("recorded_at") is None:
        values["recorded_at"] = recorded_at
    return values


def row_errors(table: str, rows: Sequence[Mapping[str, Any]], now: int, where: str) -> list[FieldError]:
    """What rows say that can't be so, each by itself.

    Parameters
    ----------
    rows
        Of `stored`.
    now
        Nothing is recorded later.
    where
        Path of the rows in the request; `{}` stands for a row's place.
    """
    described = BY_NAME[table]
    found: list[FieldError] = []
    for place, row in enumerate(rows):
        path = where.format(place)
        if row["recorded_at"] > now:
            found.append(_error(path, "recorded_at", faults.OUT_OF_RANGE, "a time that has passed"))
        happened = described.happened
        if happened is not None and row["recorded_at"] < row[happened]:
            found.append(_error(path, "recorded_at", faults.EARLY, f"{happened} or later"))
        for name in described.narratives:
            if not described.column(name).nullable and not row[name].strip():
                found.append(_error(path, name, faults.EMPTY_NARRATIVE, "a text that isn't blank"))
        born = row.get("birth_year")
        if born is not None and born > local_day(row["recorded_at"]).year:
            found.append(_error(path, "birth_year", faults.OUT_OF_RANGE, "not after recorded_at"))
    return found


class Known:
    """Which ids the store knows, as a transaction sees it; what was looked up once isn't asked for again."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn
        self._looked: dict[str, set[str]] = {}
        self._there: dict[str, set[str]] = {}

    def look_up(self, table: str, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that name a row of `table`."""
        asked = set(ids)
        looked, there = self._looked.setdefault(table, set()), self._there.setdefault(table, set())
        if new := asked - looked:
            there |= existing(self._conn, table, new)
            looked |= new
        return asked & there

    def brought(self, table: str, ids: Iterable[str]) -> None:
        """Take ids for known that are on their way into the store."""
        self._looked.setdefault(table, set()).update(ids)
        self._there.setdefault(table, set()).update(ids)


def reference_errors(
    ids: Known,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    where: str,
    given: Mapping[str, Iterable[str]],
) -> list[FieldError]:
    """References to rows that stand neither in the store nor in the request.

    Parameters
    ----------
    given
        Ids that the request itself brings, by table.
    """
    found = []
    for column in BY_NAME[table].columns:
        if column.refers is None or column.name == BY_NAME[table].key[0] == "dispute_id":
            continue
        asked = {row[column.name] for row in rows if row.get(column.name) is not None}
        known = ids.look_up(column.refers, asked) | set(given.get(column.refers, ()))
        for place, row in enumerate(rows):
            value = row.get(column.name)
            if value is not None and value not in known:
                brought = " or that the request brings" if column.refers in given else ""
                expected = f"an id of {column.refers} that the service knows{brought}"
                found.append(_error(where.format(place), column.name, faults.DANGLING, expected))
    return found


def fault_errors(found: Sequence[Fault], where: str) -> list[FieldError]:
    """Faults that the store itself found in rows, told by field."""
    return [_error(where.format((fault.row or 1) - 1), fault.column, fault.reason, None) for fault in found]


def _error(path: str, field: str, reason: str, expected: str | None) -> FieldError:
    return FieldError(field=f"{path}.{field}", reason=reason, expected=expected)
