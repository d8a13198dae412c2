"""What a store has been told since a state was read, and whether a transaction sees at least that state.

On SQLite one transaction writes at a time, so that the row numbers of a table rise in the order in which the
rows appear. On PostgreSQL a row with a lower number may appear after one with a higher; there each row bears
the transaction that wrote it (`written_by`), and what a snapshot had not seen is among the rows of the
transactions that were not over when it was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from docket.asof import NEVER

from .statements import Native, Rows

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


@dataclass(frozen=True, slots=True)
class Look:
    """What one transaction sees, and what the areas may read otherwise there than at an earlier look.

    Attributes
    ----------
    sees
        Of the tables.
    changed
        Disputes; some may have been seen as they are then already.
    """

    sees: Seen
    changed: tuple[str, ...]


def looking(engine: str, since: Seen | None) -> list[Native]:
    """What to read for a `Look`; `looked` reads the answer.

    Parameters
    ----------
    engine
        `sqlite` or `postgresql`.
    since
        The earlier look; None: there was none, and nothing has changed.
    """
    if engine == "sqlite":
        after = (NEVER,) * 3 if since is None else since.rows
        return [Native(_GRIDS), Native(_LAST), Native(_CHANGED_SQLITE, after)]
    first_open = NEVER if since is None else since.first_open
    changed = Native(_CHANGED_POSTGRESQL, (first_open,) * 3)
    return [Native(_GRIDS), Native("SELECT pg_current_snapshot()::text"), changed]


def looked(engine: str, grids: Rows, now: Rows, changed: Rows) -> Look:
    """From the rows of `looking`."""
    of_grids = (int(grids[0][0]), int(grids[0][1]))
    disputes = tuple(str(row[0]) for row in changed)
    if engine == "sqlite":
        one, two, three = (int(number) for number in now[0])
        return Look(Seen(of_grids, rows=(one, two, three)), disputes)
    first_open, end, running = str(now[0][0]).split(":")
    sees = Seen(
        of_grids,
        first_open=int(first_open),
        end=int(end),
        running=frozenset(int(number) for number in running.split(",") if number),
    )
    return Look(sees, disputes)
