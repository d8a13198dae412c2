"""Which disputes were merged into which: looking up. Merging itself stands in `docket.store.merging`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.store.asking import NAMES, among
from docket.store.metadata import MERGES

_CHUNK: Final = 10_000


@dataclass(frozen=True)
class Merge:
    """One dispute that was found to be another.

    Attributes
    ----------
    merge_id
        Its id.
    dispute_id, into_id
        Which was merged into which.
    probability
        What the proposal said; None where nobody proposed it.
    by, reason
        Who did it (an API key's id, or `rule`) and why.
    recorded_at
        µs: from when on they count as one.
    moved
        What was moved, for undoing it: `docket.store.merging.Moved` as JSON types.
    undone_at, undone_by, undone_reason
        The same of the undoing; None while it stands.
    """

    merge_id: str
    dispute_id: str
    into_id: str
    probability: float | None
    by: str
    reason: str
    recorded_at: int
    moved: Mapping[str, Any]
    undone_at: int | None = None
    undone_by: str | None = None
    undone_reason: str | None = None


def merge_of(conn: sa.Connection, dispute_id: str) -> Merge | None:
    """The merge that stands of a dispute, None where it is a dispute of its own."""
    return next(iter(_read(conn, MERGES.c.dispute_id == dispute_id, MERGES.c.undone_at.is_(None))), None)


def merges_into(conn: sa.Connection, dispute_id: str) -> list[Merge]:
    """The merges that stand into a dispute, the first first."""
    return _read(conn, MERGES.c.into_id == dispute_id, MERGES.c.undone_at.is_(None))


def taken_in(conn: sa.Connection, dispute_ids: Sequence[str]) -> dict[str, set[str]]:
    """Of those of `dispute_ids` that others were merged into, who became a party by that."""
    found: dict[str, set[str]] = {}
    for first in range(0, len(dispute_ids), _CHUNK):
        part = dispute_ids[first : first + _CHUNK]
        for merge in _read(conn, MERGES.c.into_id.in_(part), MERGES.c.undone_at.is_(None)):
            found.setdefault(merge.into_id, set()).update(person for person, _ in merge.moved["added"])
    return found


def history(conn: sa.Connection, dispute_id: str) -> list[Merge]:
    """Every merge of a dispute, those undone too, the first first."""
    return _read(conn, MERGES.c.dispute_id == dispute_id)


def home_of(conn: sa.Connection, dispute_id: str) -> str:
    """Where what is told of a dispute counts now: the last it was merged into, or itself."""
    return homes(conn, [dispute_id]).get(dispute_id, dispute_id)


def homes(conn: sa.Connection, dispute_ids: Sequence[str]) -> dict[str, str]:
    """Of those of `dispute_ids` that were merged, where what is told of them counts now."""
    found = dict(_next(conn, dispute_ids))
    further = _next(conn, set(found.values()))
    while further:  # ends: a dispute that is merged into another takes none, so there is no circle
        found = {name: further.get(home, home) for name, home in found.items()}
        further = _next(conn, set(further.values()))
    return found


def _next(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, str]:
    ids = [name for name in dispute_ids if name is not None]
    found: dict[str, str] = {}
    for first in range(0, len(ids), _CHUNK):
        rows = conn.execute(_STANDING, among(ids[first : first + _CHUNK]))
        found.update((row.dispute_id, row.into_id) for row in rows)
    return found


_STANDING: Final = sa.select(MERGES.c.dispute_id, MERGES.c.into_id).where(
    MERGES.c.dispute_id.in_(NAMES), MERGES.c.undone_at.is_(None)
)


def _read(conn: sa.Connection, *conditions: Any) -> list[Merge]:
    query = sa.select(MERGES).where(*conditions).order_by(MERGES.c.recorded_at, MERGES.c.merge_id)
    return [
        Merge(**{**row, "moved": json.loads(row["moved"])}) for row in conn.execute(query).mappings().all()
    ]
