"""Adding to a store: rows are only ever appended; a correction is a later row of the same id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal

import pyarrow as pa
import sqlalchemy as sa

from docket import faults, vault
from docket.asof import NEVER
from docket.contract import BY_NAME, WITHDRAWN, Table
from docket.faults import Fault
from docket.preparing import prepare_rows
from docket.store.locking import beside
from docket.store.merged import homes
from docket.store.metadata import ORIGINALS, RECORDS
from docket.store.ownership import check_secret
from docket.store.reading import context_of, versions_of
from docket.store.rows import RowDigests, as_table, iterate
from docket.times import rfc3339

Via = Literal["load", "api", "merge"]
_BATCH: Final = 10_000
FOLLOWING: Final = ("disputes", "parties", "events", "registry", "outcomes")
"""The tables whose rows follow a dispute that is merged. A label (`annotations`) stays with the narrative
that its offsets are of."""


@dataclass
class Appended:
    """What became of the rows given.

    Attributes
    ----------
    inserted, same, corrected
        Rows that were new; that stood there already; that stand now as a later version of their id.
    retired
        Rows that stopped counting because the table was given anew without them.
    faults
        Rows that weren't taken; `row` is the place among the rows given, from 1.
    """

    inserted: int = 0
    same: int = 0
    corrected: int = 0
    retired: int = 0
    faults: list[Fault] = field(default_factory=list)


def append(
    conn: sa.Connection, table: str, rows: Sequence[Mapping[str, Any]], *, ingested_at: int, via: Via
) -> Appended:
    """Append rows of one table.

    Parameters
    ----------
    conn
        In a transaction that may write (`Store.begin`); the caller commits or rolls back.
    table
        Name of the table.
    rows
        The contract's columns (nullable ones may be left out), checked by the caller; times int64
        microseconds, narratives as submitted.
    ingested_at
        When the store took them, microseconds since the epoch.
    via
        By which way. A row that came by the API is learned at the later of `recorded_at` and `ingested_at`,
        one that came by a load at `recorded_at`, as is one that a merge made (`docket.store.merging`).

    Returns
    -------
    Appended
        A row whose id stands with other values is a fault unless it was recorded later. What is new about a
        dispute that was merged into another is taken as about that one (`_Desk.follow`).
    """
    described = BY_NAME[table]
    raw = as_table(rows, described)
    return append_table(conn, described, raw, prepare_rows(raw, described), ingested_at=ingested_at, via=via)


def append_table(
    conn: sa.Connection, table: Table, rows: pa.Table, prepared: pa.Table, *, ingested_at: int, via: Via
) -> Appended:
    """`append` for rows in Arrow (`docket.parsing.arrow_schema`), with the same rows prepared."""
    check_secret(conn)
    moved: dict[str, str] = {}
    if table.name in FOLLOWING:
        beside(conn)
        moved = homes(conn, rows.column("dispute_id").unique().to_pylist())
    desk = _Desk(conn, table, ingested_at, via, versions_of(conn, table, rows, also=moved.values()), moved)
    pairs = zip(iterate(rows), iterate(prepared), strict=True)
    for number, (raw, clean) in enumerate(pairs, start=1):
        desk.take(number, raw, clean)
    desk.flush()
    return desk.done


def retire(conn: sa.Connection, table: Table, rows: pa.Table, *, ingested_at: int) -> int:
    """Stop counting the rows that `rows`, the table given anew, leaves out; returns how many."""
    made = RECORDS[table.name]
    key = made.c[table.key[0]]
    current = sa.select(key).where(made.c.replaced_at.is_(None))
    gone = sorted(set(conn.execute(current).scalars()) - set(rows.column(table.key[0]).to_pylist()))
    for chunk in _chunks(iter(gone)):
        ended = sa.update(made).where(key.in_(chunk), made.c.replaced_at.is_(None))
        conn.execute(ended.values(replaced_at=ingested_at))
    return len(gone)


class _Desk:
    """Decides on one row after the other and writes them in batches."""

    def __init__(
        self,
        conn: sa.Connection,
        table: Table,
        ingested_at: int,
        via: Via,
        versions: dict[tuple[str, ...], dict[int, str]],
        moved: Mapping[str, str],
    ) -> None:
        self.conn, self.table, self.ingested_at, self.via = conn, table, ingested_at, via
        self.versions, self.moved = versions, moved
        self.digests = RowDigests()
        self.done = Appended()
        self.records: list[dict[str, Any]] = []
        self.originals: list[dict[str, Any]] = []

    def take(self, number: int, raw: dict[str, Any], clean: dict[str, Any]) -> None:
        recorded = raw["recorded_at"] if self.table.versioned else -NEVER
        key, digest = self._key(raw), self.digests.of(raw)
        if self.moved and digest != self.versions.get(key, {}).get(recorded):
            told = self.follow(raw)
            raw, clean = raw | told, clean | told
            key, digest = self._key(raw), self.digests.of(raw)
        versions = self.versions.setdefault(key, {})
        if digest == versions.get(recorded):
            self.done.same += 1
            return
        if versions and not self.table.versioned:
            self._replace(key)
        elif versions and recorded <= max(versions):
            when = rfc3339(recorded)
            self.done.faults.append(Fault(self.table.name, number, "recorded_at", when, faults.NOT_LATER))
            return
        if versions:
            self.done.corrected += 1
        else:
            self.done.inserted += 1
        versions[recorded] = digest
        self._write(raw, clean, digest)

    def _key(self, raw: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(raw[name] for name in self.table.key)

    def follow(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What a row says otherwise because its dispute was merged into another.

        The dispute itself, and parties of it that the other has or that stood before the merge, are taken as
        withdrawn: they count for nobody, and are what an undoing gives back. All else is of the other one.
        """
        home = self.moved.get(raw["dispute_id"])
        if home is None:
            return {}
        if self.table.name == "disputes":
            return {WITHDRAWN: True}
        if self.table.name == "parties":
            there = (home, *self._key(raw)[1:])
            if self._key(raw) in self.versions or there in self.versions:
                return {WITHDRAWN: True}
        return {"dispute_id": home}

    def _write(self, raw: dict[str, Any], clean: dict[str, Any], digest: str) -> None:
        record = self._seal(raw) if self.table.sealed else clean
        record |= {"row_digest": digest, "ingested_at": self.ingested_at, "via": self.via}
        if self.table.versioned:
            recorded = raw["recorded_at"]
            record["learned_at"] = max(recorded, self.ingested_at) if self.via == "api" else recorded
        self.records.append(record)
        for name in self.table.narratives:
            if raw[name] is not None:
                place = (self.table.name, raw[self.table.key[0]], raw["recorded_at"])
                sealed = vault.encrypt(raw[name], context_of(*place))
                self.originals.append(
                    dict(
                        zip(("table_name", "row_id", "recorded_at", "sealed"), (*place, sealed), strict=True)
                    )
                )
        if len(self.records) >= _BATCH:
            self.flush()

    def _seal(self, raw: dict[str, Any]) -> dict[str, Any]:
        key = self.table.key[0]
        sealed = vault.encrypt(json.dumps(raw, ensure_ascii=False), context_of(self.table.name, raw[key], 0))
        return {key: raw[key], "sealed": sealed}

    def _replace(self, key: tuple[str, ...]) -> None:
        self.flush()
        made = RECORDS[self.table.name]
        ended = sa.update(made).where(made.c[self.table.key[0]] == key[0], made.c.replaced_at.is_(None))
        self.conn.execute(ended.values(replaced_at=self.ingested_at))

    def flush(self) -> None:
        if self.records:
            self.conn.execute(sa.insert(RECORDS[self.table.name]), self.records)
        if self.originals:
            self.conn.execute(sa.insert(ORIGINALS), self.originals)
        self.records, self.originals = [], []


def _chunks(values: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(values, _BATCH)):
        yield chunk
