"""Records as a reader sees them: versioned, prepared, in memory, and cut to what was known by a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from docket.asof import NEVER, live
from docket.check import Checked, check_folder
from docket.contract import BY_NAME, OPEN_TABLES
from docket.digest import digest_tables
from docket.faults import RecordFaults
from docket.parsing import arrow_schema
from docket.preparing import prepare_rows
from docket.reading import Progress
from docket.text import Prepared, prepare
from docket.versions import cut_table, standing, with_exclusions, with_supersession

if TYPE_CHECKING:
    from docket.store import Store

Originals = Callable[[str, int], str]
"""(dispute_id, as_of) to the narrative, as submitted, of the version known at `as_of`."""


class Clock(Enum):
    """When a row counts as known."""

    RECORDED = "recorded"
    """From its `recorded_at` on: how a case is scored."""
    LEARNED = "learned"
    """From the later of `recorded_at` and the store's own `ingested_at` for rows that came by the API, from
    `recorded_at` for rows that came by a load: how a model is trained from a store."""


@dataclass(frozen=True)
class Snapshot:
    """All records of a district, with every version of every row.

    Attributes
    ----------
    tables
        pyarrow tables by name: `docket.contract.OPEN_TABLES` with the contract's columns in its order
        (`Table.shown`) and nothing else; withdrawn versions are left out; times int64 microseconds since the
        epoch, text large_string, numbers float64. A versioned table has `superseded_at` besides (int64, null:
        the latest version), and `disputes` has `excluded_at` (int64: from when on the dispute is known to be
        with an authority and left out of every count about other disputes; null: never). Narratives are
        prepared text, null where nothing is left.
    originals
        Finds narratives as submitted.
    """

    tables: Mapping[str, pa.Table]
    originals: Originals = field(repr=False, compare=False)

    @classmethod
    def from_folder(cls, folder: Path, progress: Progress | None = None) -> Snapshot:
        """The records of a folder.

        Raises
        ------
        docket.faults.RecordFaults
            If the folder breaks the contract anywhere.
        NotADirectoryError
            If there is no such folder.
        """
        checked = check_folder(folder, progress)
        if checked.faults:
            raise RecordFaults(checked.faults)
        return cls.from_checked(checked, progress)

    @classmethod
    def from_checked(cls, checked: Checked, progress: Progress | None = None) -> Snapshot:
        """The records of a checked folder without a fault."""
        raw = {
            table.name: checked.tables.get(table.name, arrow_schema(table).empty_table())
            for table in OPEN_TABLES
        }
        tables = {}
        for table in OPEN_TABLES:
            if progress is not None and table.narratives:
                progress(f"preparing texts of {table.name}")
            tables[table.name] = with_supersession(prepare_rows(raw[table.name], table), table)
        return cls(with_exclusions(tables), FolderOriginals(standing(raw["disputes"])))

    @classmethod
    def from_store(cls, store: Store, clock: Clock = Clock.RECORDED) -> Snapshot:
        """The records of a store, by the given clock.

        Raises
        ------
        docket.store.StoreError
            If its cases are only a test's.
        sqlalchemy.exc.SQLAlchemyError
            If the store can't be read.
        """
        from docket.store.exporting import read_tables, store_originals  # noqa: PLC0415 - late: SQLAlchemy
        from docket.store.ownership import refuse_tests  # noqa: PLC0415

        with store.snapshot() as conn:
            refuse_tests(conn)
        return cls(read_tables(store, clock), store_originals(store))

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the contents, whatever file format or store they came from."""
        return digest_tables(self.tables)

    def until(self, cut: int) -> Snapshot:
        """What could be read just before `cut`.

        Parameters
        ----------
        cut
            Microseconds since the epoch. Rows recorded at or after it are gone; so are the ends, exclusions
            and leavings that were learned at or after it.
        """
        cut_tables = {name: cut_table(rows, BY_NAME[name], cut) for name, rows in self.tables.items()}
        return Snapshot(with_exclusions(cut_tables), self.originals)

    def narrative(self, dispute_id: str, as_of: int) -> Prepared:
        """The narrative known at `as_of`, prepared, with the way back to the text as submitted.

        Raises
        ------
        KeyError
            If no version of the dispute was known then.
        """
        return prepare(self.originals(dispute_id, as_of))


class FolderOriginals:
    """Narratives of a folder, in which every dispute stands once."""

    def __init__(self, disputes: pa.Table) -> None:
        self._recorded = disputes.column("recorded_at")
        self._texts = disputes.column("text").combine_chunks()
        self._ids = disputes.column("dispute_id")

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        recorded = self._recorded.to_pylist()
        return {name: (row, recorded[row]) for row, name in enumerate(self._ids.to_pylist())}

    def __call__(self, dispute_id: str, as_of: int) -> str:
        """The narrative as submitted."""
        row, recorded = self._places[dispute_id]
        if not live(recorded, NEVER, as_of):
            raise KeyError(f"{dispute_id} was not known then")
        text: str = self._texts[row].as_py()
        return text
