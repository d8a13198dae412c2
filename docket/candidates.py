"""Which disputes might be one that was reported before: those near in time that share a person or the grid.

SQL that runs alike on SQLite and PostgreSQL; what was known by a moment, and no more of it than is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import NEVER, live
from docket.store.asking import NAMES, among
from docket.times import DAY

NEAR: Final = 60 * DAY
"""Two records that were first made further apart aren't compared. Doors report within days of one another."""
MOST: Final = 64
"""How many that share a person, and how many of the grid, are compared at most: those nearest in time."""

_COLUMNS: Final = f"""x.dispute_id, x.source, x.kind, x.grid_id, x."text", x.amount_cny,
    (SELECT MIN(y.recorded_at) FROM known_disputes AS y WHERE y.dispute_id = x.dispute_id) AS first_recorded,
    x.recorded_at AS known, COALESCE(x.superseded_at, {NEVER}) AS until"""
_BETWEEN: Final = "x.recorded_at > :after AND x.recorded_at <= :latest"


def _asking(sql: str) -> sa.TextClause:
    return sa.text(sql).bindparams(NAMES)


_OWN: Final = _asking(f"SELECT {_COLUMNS} FROM known_disputes AS x WHERE x.dispute_id IN :names")
_NAMED: Final = _asking(
    f"SELECT {_COLUMNS} FROM known_disputes AS x WHERE x.dispute_id IN :names AND {_BETWEEN}"
)
_IN_GRIDS: Final = _asking(
    f"SELECT {_COLUMNS} FROM known_disputes AS x WHERE x.grid_id IN :names AND {_BETWEEN}"
)
_LIFE: Final = f"p.recorded_at AS known, COALESCE(p.superseded_at, {NEVER}) AS until"
_PARTIES: Final = _asking(
    f"SELECT p.dispute_id, p.person_id, p.role, {_LIFE} FROM known_parties AS p WHERE p.dispute_id IN :names"
)
_OF_PEOPLE: Final = _asking(
    f"SELECT p.dispute_id, p.person_id, {_LIFE} FROM known_parties AS p WHERE p.person_id IN :names "
    f"AND EXISTS (SELECT 1 FROM known_disputes AS x WHERE x.dispute_id = p.dispute_id AND {_BETWEEN})"
)
_CHUNK: Final = 10_000


@dataclass(frozen=True)
class Record:
    """What is compared of a dispute.

    Attributes
    ----------
    dispute_id, source, kind, grid_id, text, amount_cny
        As known then; the text prepared, empty where nothing is left of it.
    first_recorded
        µs: when the first version was recorded.
    applicants, respondents
        The parties known then.
    """

    dispute_id: str
    source: str
    kind: str
    grid_id: str
    text: str
    amount_cny: float | None
    first_recorded: int
    applicants: frozenset[str] = frozenset()
    respondents: frozenset[str] = frozenset()


def candidates(conn: sa.Connection, dispute_id: str, as_of: int) -> tuple[Record, list[Record]] | None:
    """A dispute and those that it might be, as known at `as_of` (µs).

    Returns
    -------
    tuple or None
        The dispute's record and at most 2 × `MOST` others, by id; None if the dispute wasn't there then.
    """
    return candidates_of(conn, {dispute_id: as_of}).get(dispute_id)


def candidates_of(conn: sa.Connection, as_of: Mapping[str, int]) -> dict[str, tuple[Record, list[Record]]]:
    """`candidates` of each of some disputes that were known at their moments; six statements for all."""
    own = {row.dispute_id: row for row in _rows(conn, _OWN, as_of) if _known(row, as_of[row.dispute_id])}
    if not own:
        return {}
    window = {
        "after": min(row.first_recorded for row in own.values()) - NEAR,
        "latest": max(as_of[name] for name in own),
    }
    parties = _by(_rows(conn, _PARTIES, own), 0)
    people = {name: {p.person_id for p in parties.get(name, ()) if _known(p, as_of[name])} for name in own}
    met = _by(_rows(conn, _OF_PEOPLE, set().union(*people.values()), **window), 1)
    named = {row.dispute_id for rows in met.values() for row in rows}
    versions = _by(_rows(conn, _NAMED, named, **window), 0)
    in_grids = _by(_rows(conn, _IN_GRIDS, {row.grid_id for row in own.values()}, **window), 3)
    near: dict[str, dict[str, Any]] = {}
    for name, me in own.items():
        then = as_of[name]
        shared = {row.dispute_id for one in people[name] for row in met.get(one, ()) if _known(row, then)}
        blocks = ([row for other in shared for row in versions.get(other, ())], in_grids.get(me.grid_id, ()))
        near[name] = {row.dispute_id: row for block in blocks for row in _nearest(me, block, then)}
    others = {other for found in near.values() for other in found} - own.keys()
    parties |= _by(_rows(conn, _PARTIES, others), 0)
    found = {}
    for name, me in own.items():
        then = as_of[name]
        records = [_record(row, parties.get(other, ()), then) for other, row in sorted(near[name].items())]
        found[name] = (_record(me, parties.get(name, ()), then), records)
    return found


def _rows(conn: sa.Connection, query: sa.TextClause, names: Iterable[str], **more: int) -> list[Any]:
    wanted = list(names)
    found: list[Any] = []
    for first in range(0, len(wanted), _CHUNK):
        found += conn.execute(query, {**among(wanted[first : first + _CHUNK]), **more}).all()
    return found


def _by(rows: Iterable[Any], column: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _known(row: Any, as_of: int) -> bool:
    return bool(live(row.known, row.until, as_of))


def _nearest(me: Any, rows: Iterable[Any], as_of: int) -> list[Any]:
    """Those of `rows`, but for itself, that were known then and are near in time, the nearest first."""
    found = [
        (abs(row.first_recorded - me.first_recorded), row.dispute_id, row)
        for row in rows
        if row.dispute_id != me.dispute_id
        and abs(row.first_recorded - me.first_recorded) < NEAR
        and _known(row, as_of)
    ]
    return [row for _, _, row in sorted(found, key=lambda one: one[:2])[:MOST]]


def _record(row: Any, parties: Iterable[Any], as_of: int) -> Record:
    sides: dict[str, set[str]] = {"applicant": set(), "respondent": set()}
    for party in parties:
        if party.role in sides and _known(party, as_of):
            sides[party.role].add(party.person_id)
    return Record(
        row.dispute_id,
        row.source,
        row.kind,
        row.grid_id,
        row.text or "",
        row.amount_cny,
        int(row.first_recorded),
        frozenset(sides["applicant"]),
        frozenset(sides["respondent"]),
    )


def nearest(times: list[int]) -> Iterator[tuple[int, int]]:
    """Positions of each of ascending `times` with those before it that are near, at most `MOST` of them."""
    low = 0
    for place, moment in enumerate(times):
        while times[low] <= moment - NEAR:
            low += 1
        for earlier in range(max(low, place - MOST), place):
            yield place, earlier
