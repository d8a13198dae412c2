"""Queries about cases; the only place in this domain that has any."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import NEVER, known_sql, live
from docket.contract import BY_NAME, Kind
from docket.store import reading
from docket.store.asking import NAMES, among, inserting_by
from docket.store.metadata import ASSESSMENTS, RECORDS
from docket.times import rfc3339


def answer_of(conn: sa.Connection, assessment_id: str) -> str:
    """The answer as it was given, to the byte."""
    query = sa.select(ASSESSMENTS.c.answer).where(ASSESSMENTS.c.assessment_id == assessment_id)
    return str(conn.execute(query).scalar_one())


def kept_at(conn: sa.Connection, dispute_ids: Collection[str], now: int) -> dict[str, int]:
    """When an assessment of a dispute is kept: now, or right after the last one if a clock was ahead then.

    Of several as of one moment the latest holds, so their order must be that in which they were made.
    """
    last = {str(name): int(at) for name, at in conn.execute(_LAST_KEPT, among(dispute_ids))}
    return {name: max(now, last.get(name, 0) + 1) for name in dispute_ids}


_LAST_KEPT: Final = (
    sa.select(ASSESSMENTS.c.dispute_id, sa.func.max(ASSESSMENTS.c.created_at))
    .where(ASSESSMENTS.c.dispute_id.in_(NAMES))
    .group_by(ASSESSMENTS.c.dispute_id)
)


@dataclass(frozen=True)
class Kept:
    """An assessment to be kept, with the values it rests on.

    Attributes
    ----------
    answer, text
        The assessment, and the JSON text of it.
    as_of
        Its moment (µs).
    features
        The values.
    at
        When it is kept (µs).
    seen
        The mark of the records that it is made of (`docket.store.seeing`).
    """

    answer: Mapping[str, Any]
    text: str
    as_of: int
    features: Mapping[str, Any]
    at: int
    seen: str


def keep_assessments(conn: sa.Connection, assessments: Sequence[Kept]) -> set[str]:
    """Keep assessments; the ids of the new ones. What is there already stays as it is."""
    rows = [
        {
            "assessment_id": one.answer["assessment_id"],
            "dispute_id": one.answer["dispute_id"],
            "as_of": one.as_of,
            "model_version": one.answer["model_version"],
            "policy_version": one.answer["policy_version"],
            "colour": one.answer["colour"],
            "answer": one.text,
            "features": json.dumps(one.features, ensure_ascii=False),
            "created_at": one.at,
            "seen": one.seen,
        }
        for one in assessments
    ]
    return set(conn.execute(_KEEP(conn), rows).scalars())


# Two requests with one case may come to the same assessment at once: the second finds it there.
_KEEP: Final = inserting_by(
    ASSESSMENTS, lambda insert: insert.on_conflict_do_nothing().returning(ASSESSMENTS.c.assessment_id)
)


def latest(conn: sa.Connection, dispute_id: str) -> sa.RowMapping | None:
    """The latest assessment of a dispute, as kept."""
    return latest_of(conn, [dispute_id]).get(dispute_id)


def latest_of(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, sa.RowMapping]:
    """The latest assessment of each of some disputes, as kept, of those that have one."""
    return {row["dispute_id"]: row for row in conn.execute(_LATEST, among(dispute_ids)).mappings()}


def _latest() -> sa.Select[Any]:
    kept = ASSESSMENTS.c
    order = (kept.as_of.desc(), kept.created_at.desc(), kept.assessment_id.desc())
    place = sa.func.row_number().over(partition_by=kept.dispute_id, order_by=order).label("place")
    ranked = sa.select(kept.assessment_id, place).where(kept.dispute_id.in_(NAMES)).subquery()
    query = sa.select(ASSESSMENTS).join(ranked, ranked.c.assessment_id == kept.assessment_id)
    return query.where(ranked.c.place == 1)


_LATEST: Final = _latest()


def latest_as_of(conn: sa.Connection, dispute_id: str) -> int:
    """The moment of the latest assessment; 0 if there is none."""
    query = sa.select(sa.func.max(ASSESSMENTS.c.as_of)).where(ASSESSMENTS.c.dispute_id == dispute_id)
    return int(conn.execute(query).scalar() or 0)


def latest_assessment(conn: sa.Connection, dispute_id: str) -> str | None:
    """The id of the latest assessment of a dispute."""
    row = latest(conn, dispute_id)
    return None if row is None else str(row["assessment_id"])


def latest_answer(conn: sa.Connection, dispute_id: str) -> str | None:
    """The latest assessment of a dispute."""
    row = latest(conn, dispute_id)
    return None if row is None else str(row["answer"])


def assessed_before(conn: sa.Connection, as_of: Mapping[str, int]) -> dict[str, int]:
    """By dispute the moment of the latest assessment as of an earlier one than given, where there is one."""
    return {str(name): int(at) for name, at in conn.execute(_ASSESSED, among(as_of)) if at < as_of[name]}


_ASSESSED: Final = (
    sa.select(ASSESSMENTS.c.dispute_id, ASSESSMENTS.c.as_of)
    .where(ASSESSMENTS.c.dispute_id.in_(NAMES))
    .order_by(ASSESSMENTS.c.as_of)
)


@dataclass(frozen=True)
class Known:
    """A dispute as known at a moment."""

    first_recorded: int
    recorded_at: int
    grid_id: str


_VERSIONS: Final = sa.text(
    "SELECT x.dispute_id, x.recorded_at, x.superseded_at, x.grid_id FROM known_disputes AS x "
    "WHERE x.dispute_id IN :names"
).bindparams(NAMES)


def _versions(conn: sa.Connection, dispute_ids: Collection[str]) -> Sequence[Any]:
    return conn.execute(_VERSIONS, among(dispute_ids)).all() if dispute_ids else ()


def dispute(conn: sa.Connection, dispute_id: str, as_of: int) -> Known | None:
    """The version known at `as_of`, and when the dispute was first recorded."""
    return disputes(conn, {dispute_id: as_of}).get(dispute_id)


def disputes(conn: sa.Connection, as_of: Mapping[str, int]) -> dict[str, Known]:
    """Of each dispute the version known at a moment, and when it was first recorded; of those known then."""
    first: dict[str, int] = {}
    then: dict[str, tuple[int, str]] = {}
    for name, recorded, superseded, grid in _versions(conn, as_of):
        first[name] = min(recorded, first.get(name, recorded))
        if live(recorded, NEVER if superseded is None else superseded, as_of[name]):
            then[name] = (int(recorded), str(grid))
    return {name: Known(int(first[name]), *version) for name, version in then.items()}


def present(conn: sa.Connection, dispute_id: str, now: int) -> int:
    """Now, or the moment of the latest row about a dispute, if the clock that it was recorded by was ahead.

    Clocks are set back, and those of two workers differ: what was taken has been known since, all the same.
    """
    return present_of(conn, [dispute_id], now)[dispute_id]


_LAST: Final = sa.text(
    " UNION ALL ".join(
        f"SELECT x.dispute_id, MAX(x.recorded_at) FROM known_{table} AS x "
        "WHERE x.dispute_id IN :names GROUP BY x.dispute_id"
        for table in ("disputes", "parties", "events")
    )
).bindparams(NAMES)


def present_of(conn: sa.Connection, dispute_ids: Collection[str], now: int) -> dict[str, int]:
    """`present` of each of some disputes."""
    found = dict.fromkeys(dispute_ids, now)
    if not found:
        return found
    for name, last in conn.execute(_LAST, among(found)):
        found[name] = max(found[name], int(last))
    return found


def last_grid(conn: sa.Connection, dispute_id: str) -> str:
    """The grid of a stored dispute's latest version, be it withdrawn."""
    return last_grids(conn, [dispute_id])[dispute_id]


def last_grids(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, str]:
    """`last_grid` of each of some disputes."""
    return {str(name): str(grid) for name, grid in conn.execute(_GRIDS, among(dispute_ids))}


_GRIDS: Final = (
    sa.select(RECORDS["disputes"].c.dispute_id, RECORDS["disputes"].c.grid_id)
    .where(RECORDS["disputes"].c.dispute_id.in_(NAMES))
    .order_by(RECORDS["disputes"].c.recorded_at)
)


def grid_names(conn: sa.Connection, grid_id: str) -> tuple[str, str]:
    """What a grid's community and the grid itself are called."""
    query = "SELECT community_name, grid_name FROM known_grids WHERE grid_id = :grid"
    community, grid = conn.execute(sa.text(query), {"grid": grid_id}).one()
    return str(community), str(grid)


def is_stored(conn: sa.Connection, dispute_id: str) -> bool:
    """Whether the store has the dispute, in any version."""
    return bool(reading.existing(conn, "disputes", [dispute_id]))


def first_recorded(conn: sa.Connection, dispute_id: str) -> int:
    """When a stored dispute was first recorded."""
    return first_recorded_of(conn, [dispute_id])[dispute_id]


def first_recorded_of(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, int]:
    """`first_recorded` of each of some disputes."""
    found: dict[str, int] = {}
    for name, recorded, *_ in _versions(conn, dispute_ids):
        found[name] = min(int(recorded), found.get(name, int(recorded)))
    return found


def narrative(conn: sa.Connection, dispute_id: str, recorded_at: int) -> str:
    """The narrative of a version, as submitted."""
    return reading.original(conn, "disputes", dispute_id, recorded_at)


def narratives(conn: sa.Connection, recorded_at: Mapping[str, int]) -> dict[str, str]:
    """`narrative` of a version of each of some disputes."""
    found = reading.originals(conn, "disputes", list(recorded_at.items()))
    return {name: found[name, at] for name, at in recorded_at.items()}


def narrative_at(conn: sa.Connection, dispute_id: str, as_of: int) -> str | None:
    """The narrative known at a moment, as submitted; None if there was none."""
    known = dispute(conn, dispute_id, as_of)
    return None if known is None else narrative(conn, dispute_id, known.recorded_at)


def relations(conn: sa.Connection, dispute_id: str) -> dict[tuple[str, str], str]:
    """How each party stands to a dispute by now: person and role to relation."""
    query = sa.text(
        "SELECT person_id, role, relation FROM known_parties "
        "WHERE dispute_id = :dispute AND superseded_at IS NULL"
    )
    return {(row[0], row[1]): row[2] for row in conn.execute(query, {"dispute": dispute_id})}


def rows(conn: sa.Connection, table: str, dispute_id: str, as_of: int) -> list[dict[str, Any]]:
    """The rows of a table about a dispute, as known at `as_of`: contract columns, times RFC 3339."""
    described = BY_NAME[table]
    columns = ", ".join(f'x."{name}"' for name in described.shown)
    query = sa.text(
        f"SELECT {columns} FROM known_{table} AS x WHERE x.dispute_id = :dispute AND {known_sql('x')} "
        f"ORDER BY x.recorded_at, x.{described.key[-1]}"
    )
    found = conn.execute(query, {"dispute": dispute_id, "as_of": as_of}).mappings().all()
    times = {column.name for column in described.columns if column.kind is Kind.TIME}
    return [
        {
            name: rfc3339(value) if name in times and value is not None else value
            for name, value in row.items()
        }
        for row in found
    ]


def known_persons(conn: sa.Connection, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The latest version of each person."""
    if not person_ids:
        return {}
    found = conn.execute(_PERSONS, among(person_ids)).mappings().all()
    return {row["person_id"]: dict(row) for row in found}


_PERSONS: Final = sa.text(
    "SELECT x.person_id, x.birth_year, x.sex, x.grid_id, x.recorded_at FROM known_persons AS x "
    "WHERE x.person_id IN :names AND x.superseded_at IS NULL"
).bindparams(NAMES)


def latest_rows(conn: sa.Connection, table: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The latest version of rows by id, narratives as submitted; ids that aren't there are left out."""
    described = BY_NAME[table]
    made, key = RECORDS[table], described.key[0]
    query = sa.select(*(made.c[name] for name in described.shown)).where(made.c[key].in_(ids))
    found = {row[key]: dict(row) for row in conn.execute(query.order_by(made.c.recorded_at)).mappings()}
    for name, row in found.items():
        for column in described.narratives:
            try:
                row[column] = reading.original(conn, table, name, row["recorded_at"])
            except KeyError:
                row[column] = None  # nothing was written
    return found


def parties_of(conn: sa.Connection, dispute_id: str) -> set[str]:
    """Whoever is or was a party."""
    query = sa.text("SELECT DISTINCT person_id FROM known_parties WHERE dispute_id = :dispute")
    return set(conn.execute(query, {"dispute": dispute_id}).scalars())
