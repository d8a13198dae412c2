"""What a store has been told since a state was read, and whether a transaction sees at least that state.

On SQLite one transaction writes at a time, so that the row numbers of a table rise in the order in which the
rows appear. On PostgreSQL a row with a lower number may appear after one with a higher; there each row bears
the transaction that wrote it (`written_by`), and what a snapshot had not seen is among the rows of the
transactions that were not over when it was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .statements import Native, Reader, Select

_GRIDS: Final = "SELECT COUNT(*), COALESCE(SUM(row_no), 0) FROM grids WHERE replaced_at IS NULL"
_LAST: Final = (
    "SELECT (SELECT COALESCE(MAX(row_no), 0) FROM disputes), (SELECT COALESCE(MAX(row_no), 0) FROM parties), "
    "(SELECT COALESCE(MAX(row_no), 0) FROM outcomes)"
)
# An outcome that a correction moves from one dispute to another changes both.
_CHANGED: Final = (
    "SELECT dispute_id FROM disputes WHERE {disputes} "
    "UNION SELECT dispute_id FROM parties WHERE {parties} "
    "UNION SELECT moved.dispute_id FROM outcomes AS new JOIN outcomes AS moved "
    "ON moved.outcome_id = new.outcome_id WHERE {outcomes}"
)
_CHANGED_SQLITE: Final = _CHANGED.format(
    disputes="row_no > ?1", parties="row_no > ?2", outcomes="new.row_no > ?3"
)
_CHANGED_POSTGRESQL: Final = _CHANGED.format(
    disputes="written_by >= %s", parties="written_by >= %s", outcomes="new.written_by >= %s"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a transaction sees of the tables that the areas rest on.

    Attributes
    ----------
    grids
        How many grids there are now, and a number that changes with them.
    rows
        SQLite: the last row number of each table.
    first_open, end, running
        PostgreSQL: the first transaction that was not over, the first not begun, and those running between.
    """

    grids: tuple[int, int]
    rows: tuple[int, int, int] = (0, 0, 0)
    first_open: int = 0
    end: int = 0
    running: frozenset[int] = frozenset()

    def reaches(self, other: Seen) -> bool:
        """Whether all that `other` sees is seen here too."""
        if any(mine < theirs for mine, theirs in zip(self.rows, other.rows, strict=True)):
            return False
        unseen = {number for number in self.running if number < other.end}
        return self.end >= other.end and unseen <= other.running


def looking(engine: str) -> list[Select | Native]:
    """What to read to learn what a transaction sees; `seen` reads the answer."""
    now = _LAST if engine == "sqlite" else "SELECT pg_current_snapshot()::text"
    return [Native(_GRIDS), Native(now)]


def seen(engine: str, grids: list[tuple[int, int]], now: list[tuple[object, ...]]) -> Seen:
    """From the rows of `looking`."""
    of_grids = (int(grids[0][0]), int(grids[0][1]))
    if engine == "sqlite":
        one, two, three = (int(str(number)) for number in now[0])
        return Seen(of_grids, rows=(one, two, three))
    first_open, end, running = str(now[0][0]).split(":")
    return Seen(
        of_grids,
        first_open=int(first_open),
        end=int(end),
        running=frozenset(int(number) for number in running.split(",") if number),
    )


def changed(reader: Reader, since: Seen) -> list[str]:
    """Disputes that the areas may read otherwise than at `since`; some may have been seen then already."""
    if reader.engine == "sqlite":
        (rows,) = reader.read([Native(_CHANGED_SQLITE, since.rows)])
    else:
        (rows,) = reader.read([Native(_CHANGED_POSTGRESQL, (since.first_open,) * 3)])
    return [str(row[0]) for row in rows]
