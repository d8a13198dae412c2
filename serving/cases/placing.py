"""Where what is told of a case goes, and what stands already of what is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel

from docket.contract import BY_NAME
from docket.keys import Key
from docket.store.locking import beside, take_turns
from docket.store.merged import Merge, home_of, merge_of
from serving.access import reaches
from serving.cases import repository
from serving.cases.repository import Known
from serving.errors import Conflict, FieldError, Forbidden, NotFound
from serving.rows import Rows

_ELSEWHERE: Final = "The case was merged into one that lies outside of the key's area: tell the centre."
MERGED: Final = "The case was merged into another: this is for that one, or part them first."


@dataclass(frozen=True)
class Place:
    """A case as it counts now.

    Attributes
    ----------
    named, home
        The case that was named, and the one that it counts for, itself if it wasn't merged.
    merge
        The merge that stands of it.
    known
        `home` as known now.
    """

    named: str
    home: str
    merge: Merge | None
    known: Known

    @property
    def since(self) -> int:
        """µs: nothing is assessed as of an earlier moment."""
        first = self.known.first_recorded
        return first if self.merge is None else max(first, self.merge.recorded_at)


def located(conn: sa.Connection, key: Key, dispute_id: str, now: int, *, own: bool = False) -> Place:
    """Where what is told of a case goes; until the transaction ends nobody merges.

    Parameters
    ----------
    own
        Whether it concerns this very record, so that a merged one can't take it.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Forbidden
        If the case that it was merged into lies outside of the key's area.
    Conflict
        If it was merged and `own` is asked for.
    """
    beside(conn)
    merge = merge_of(conn, dispute_id)
    home = dispute_id if merge is None else home_of(conn, dispute_id)
    known = repository.dispute(conn, home, repository.present(conn, home, now))
    if merge is not None:
        if not reaches(conn, key, repository.last_grid(conn, dispute_id)):
            raise NotFound()
        if own:
            raise Conflict(MERGED)
        if known is not None and not reaches(conn, key, known.grid_id):
            raise Forbidden(_ELSEWHERE)
    if known is None or not reaches(conn, key, known.grid_id):
        raise NotFound()
    return Place(dispute_id, home, merge, known)


def moment(conn: sa.Connection, place: Place, rows: Sequence[Rows]) -> int:
    """As of when a case is assessed after rows of it came (µs).

    The latest that is known of it: what is told late but was recorded early changes the score of today, and
    what was known then has been told then.
    """
    recorded: list[int] = [row["recorded_at"] for some in rows for row in some]
    return max([place.since, repository.latest_as_of(conn, place.home), *recorded])


def settle(
    conn: sa.Connection,
    table: str,
    rows: Rows,
    said: Sequence[BaseModel],
    *,
    owner: str,
    home: str | None = None,
) -> None:
    """Hold rows against what stands under their ids.

    A row that says no `recorded_at` and is otherwise the one that stands there is that row again, sent anew
    because the answer was lost: it takes that row's `recorded_at`. A correction says when it was recorded.
    A row that belongs to somebody else is a conflict; a correction never moves it. A row of a merged case may
    stand as one of its `home` by now.

    Raises
    ------
    Conflict
        If an id was used for something else.
    """
    key = BY_NAME[table].key[0]
    take_turns(conn, [row[key] for row in rows])
    standing = repository.latest_rows(conn, table, [row[key] for row in rows])
    for row, sent in zip(rows, said, strict=True):
        before = standing.get(row[key])
        if before is None:
            continue
        if before[owner] not in (row[owner], home):
            raise Conflict(f"{key} was used before, for something else.")
        same = {**before, "recorded_at": None} == {**row, owner: before[owner], "recorded_at": None}
        if sent.model_dump()["recorded_at"] is None:
            if not same:
                raise Conflict(f"{key} was used before; a correction says its own, later recorded_at.")
            row |= {"recorded_at": before["recorded_at"], owner: before[owner]}


def twice(rows: Rows, key: tuple[str, ...], where: str) -> list[FieldError]:
    """Rows whose key another of the request has."""
    seen: set[tuple[object, ...]] = set()
    found = []
    for place, row in enumerate(rows):
        values = tuple(row[name] for name in key)
        if values in seen:
            found.append(FieldError(field=f"{where.format(place)}.{key[0]}", reason="duplicate id"))
        seen.add(values)
    return found


def other_case(said: Sequence[BaseModel], dispute_id: str, where: str) -> list[FieldError]:
    """Rows that name another case than the path."""
    return [
        FieldError(field=f"{where.format(place)}.dispute_id", reason="not the case of this path")
        for place, row in enumerate(said)
        if getattr(row, "dispute_id", None) not in (None, dispute_id)
    ]


def strangers(rows: Rows, parties: Collection[str], where: str) -> list[FieldError]:
    """Rows about somebody who is no party."""
    return [
        FieldError(field=f"{where.format(place)}.person_id", reason="not a party to the case")
        for place, row in enumerate(rows)
        if row["person_id"] not in parties
    ]
