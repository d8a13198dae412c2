"""Visits of a day that were given to another worker: who goes, never whether somebody is visited.

A plan (`docket.store.planned`) stays as it was made, with everybody's chance of a place: what is moved is
who walks. A row moves one person's visit, or a whole list: then whatever comes onto that list later in the
day goes the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.store.desk import VISIT_MOVES

_COLUMNS: Final = ("worker_id", "person_id", "to_worker_id", "reason", "recorded_at")


@dataclass(frozen=True, slots=True)
class Move:
    """One row.

    Attributes
    ----------
    worker_id, to_worker_id
        On whose list it was, and who goes instead; the same twice: the worker is back and goes again.
    person_id
        Whose visit; None for the whole list.
    reason
        Masked.
    recorded_at
        µs.
    """

    worker_id: str
    person_id: str | None
    to_worker_id: str
    reason: str
    recorded_at: int


@dataclass(frozen=True)
class Moves:
    """A day's moves as they stand.

    Attributes
    ----------
    lists
        The last that was said of a worker's whole list.
    visits
        The last that was said of a person's visit.
    """

    lists: Mapping[str, Move]
    visits: Mapping[str, Move]

    def of_list(self, worker_id: str) -> Move | None:
        """The move by which a worker's whole list is another's."""
        move = self.lists.get(worker_id)
        return None if move is None or move.to_worker_id == worker_id else move

    def goes(self, worker_id: str, person_id: str) -> str:
        """Who visits a person whose visit was planned for a worker."""
        one = self.visits.get(person_id)
        holder = worker_id if one is None else one.to_worker_id
        # Ends: a list is given only to somebody whose own isn't another's (`serving.visits.moving`).
        while (away := self.of_list(holder)) is not None:
            holder = away.to_worker_id
        return holder

    def why(self, worker_id: str, person_id: str) -> str | None:
        """The reason for which another goes; None if the worker does."""
        if self.goes(worker_id, person_id) == worker_id:
            return None
        move = self.visits.get(person_id) or self.of_list(worker_id)
        return None if move is None else move.reason

    def sources(self, workers: Collection[str]) -> set[str]:
        """These workers, and those from whose lists something may have come to them."""
        every, found, before = [*self.lists.values(), *self.visits.values()], set(workers), 0
        while len(found) > before:
            before = len(found)
            found |= {move.worker_id for move in every if move.to_worker_id in found}
        return found

    @property
    def workers(self) -> set[str]:
        """Everybody whom a move names."""
        every = [*self.lists.values(), *self.visits.values()]
        return {name for move in every for name in (move.worker_id, move.to_worker_id)}


def moves_of(conn: sa.Connection, date: str, as_of: int) -> Moves:
    """What is known by `as_of` (µs) of the moves of a day."""
    made = VISIT_MOVES.c
    query = sa.select(*(made[name] for name in _COLUMNS)).where(made.date == date, made.recorded_at <= as_of)
    lists: dict[str, Move] = {}
    visits: dict[str, Move] = {}
    for row in conn.execute(query.order_by(made.move_no)).mappings():
        move = Move(**row)
        if move.person_id is None:
            lists[move.worker_id] = move
        else:
            visits[move.person_id] = move
    return Moves(lists, visits)


def keep_moves(conn: sa.Connection, date: str, moves: Sequence[Move], *, by: str) -> None:
    """Keep moves of a day."""
    rows: list[dict[str, Any]] = [
        {"date": date, "by": by, **{name: getattr(move, name) for name in _COLUMNS}} for move in moves
    ]
    conn.execute(sa.insert(VISIT_MOVES), rows)
