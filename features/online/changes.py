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
_TABLES: Final = ("disputes", "parties", "outcomes", "events", "registry", "visits")
_LAST: Final = "SELECT " + ", ".join(f"(SELECT COALESCE(MAX(row_no), 0) FROM {table})" for table in _TABLES)
_AREAS: Final = 0
_DISPUTES: Final = 1
_PEOPLE: Final = 2


def _moved(tag: int, table: str, key: str, names: str) -> str:
    """A correction may move a row from one dispute, or person, to another: both have changed."""
    return (
        f"SELECT {tag}, moved.{names} FROM {table} AS new JOIN {table} AS moved ON moved.{key} = new.{key} "
        f"WHERE {{{table}}}"
    )


_CHANGED: Final = " UNION ".join(
    (
        f"SELECT {_AREAS}, dispute_id FROM disputes AS new WHERE {{disputes}}",
        f"SELECT {_AREAS}, dispute_id FROM parties AS new WHERE {{parties}}",
        _moved(_AREAS, "outcomes", "outcome_id", "dispute_id"),
        _moved(_DISPUTES, "events", "event_id", "dispute_id"),
        _moved(_PEOPLE, "registry", "entry_id", "person_id"),
        _moved(_PEOPLE, "visits", "visit_id", "person_id"),
    )
)
_CHANGED_SQLITE: Final = _CHANGED.format(
    **{table: f"new.row_no > ?{place}" for place, table in enumerate(_TABLES, start=1)}
)
_CHANGED_POSTGRESQL: Final = _CHANGED.format(**dict.fromkeys(_TABLES, "new.written_by >= %s"))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a transaction sees of the tables that is kept something of.

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
    rows: tuple[int, ...] = (0,) * len(_TABLES)
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
    """What one transaction sees, and what may be read otherwise there than at an earlier look.

    Some of what is named may have been seen as it is then already.

    Attributes
    ----------
    sees
        Of the tables.
    disputes
        Those of which areas and people may be told otherwise: they, their parties or outcomes have changed.
    events
        Disputes of which only people are told otherwise.
    people
        Those about whom an entry of the registry or a visit has.
    """

    sees: Seen
    disputes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


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
        after = (NEVER,) * len(_TABLES) if since is None else since.rows
        return [Native(_GRIDS), Native(_LAST), Native(_CHANGED_SQLITE, after)]
    first_open = NEVER if since is None else since.first_open
    changed = Native(_CHANGED_POSTGRESQL, (first_open,) * len(_TABLES))
    return [Native(_GRIDS), Native("SELECT pg_current_snapshot()::text"), changed]


def looked(engine: str, grids: Rows, now: Rows, changed: Rows) -> Look:
    """From the rows of `looking`."""
    of_grids = (int(grids[0][0]), int(grids[0][1]))
    told: tuple[list[str], list[str], list[str]] = ([], [], [])
    for tag, name in changed:
        told[tag].append(name)
    names = [tuple(of) for of in told]
    if engine == "sqlite":
        return Look(Seen(of_grids, rows=tuple(int(number) for number in now[0])), *names)
    first_open, end, running = str(now[0][0]).split(":")
    sees = Seen(
        of_grids,
        first_open=int(first_open),
        end=int(end),
        running=frozenset(int(number) for number in running.split(",") if number),
    )
    return Look(sees, *names)
