"""Queries about cases; the only place in this domain that has any."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from docket.asof import known_sql
from docket.contract import BY_NAME, Kind
from docket.store import reading
from docket.store.inserting import inserting
from docket.store.metadata import ASSESSMENTS, INTAKES, RECORDS
from docket.times import rfc3339


@dataclass(frozen=True)
class Intake:
    """A case that came in by the API before."""

    dispute_id: str
    idempotency_key: str | None
    body_digest: str
    assessment_id: str | None


def intake(conn: sa.Connection, dispute_id: str, idempotency_key: str | None) -> Intake | None:
    """The intake of that dispute, or the one that used the key."""
    same = INTAKES.c.dispute_id == dispute_id
    if idempotency_key is not None:
        same = same | (INTAKES.c.idempotency_key == idempotency_key)
    # Where both match different intakes, the other dispute's tells of the conflict.
    query = sa.select(INTAKES).where(same).order_by(INTAKES.c.dispute_id == dispute_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    return Intake(row["dispute_id"], row["idempotency_key"], row["body_digest"], row["assessment_id"])


def add_intake(
    conn: sa.Connection, dispute_id: str, idempotency_key: str | None, body_digest: str, now: int
) -> None:
    """Note that the case came in."""
    conn.execute(
        sa.insert(INTAKES).values(
            dispute_id=dispute_id, idempotency_key=idempotency_key, body_digest=body_digest, ingested_at=now
        )
    )


def answer_of(conn: sa.Connection, assessment_id: str) -> str:
    """The answer as it was given, to the byte."""
    query = sa.select(ASSESSMENTS.c.answer).where(ASSESSMENTS.c.assessment_id == assessment_id)
    return str(conn.execute(query).scalar_one())


def kept_at(conn: sa.Connection, dispute_id: str, now: int) -> int:
    """When an assessment of a dispute is kept: now, or right after the last one if a clock was ahead then.

    Of several as of one moment the latest holds, so their order must be that in which they were made.
    """
    query = sa.select(sa.func.max(ASSESSMENTS.c.created_at)).where(ASSESSMENTS.c.dispute_id == dispute_id)
    return max(now, int(conn.execute(query).scalar() or 0) + 1)


def keep_assessment(
    conn: sa.Connection,
    answer: Mapping[str, Any],
    text: str,
    as_of: int,
    features: Mapping[str, Any],
    now: int,
    seen: str,
) -> bool:
    """Keep an assessment with the values it rests on and what was seen; False if it is there, and stays."""
    # Two requests with one case may come to the same assessment at once: the second finds it there.
    insert = inserting(conn, ASSESSMENTS)
    kept = conn.execute(
        insert.values(
            assessment_id=answer["assessment_id"],
            dispute_id=answer["dispute_id"],
            as_of=as_of,
            model_version=answer["model_version"],
            policy_version=answer["policy_version"],
            colour=answer["colour"],
            answer=text,
            features=json.dumps(features, ensure_ascii=False),
            created_at=now,
            seen=seen,
        )
        .on_conflict_do_nothing()
        .returning(ASSESSMENTS.c.assessment_id)
    )
    return kept.first() is not None


def link_intake(conn: sa.Connection, dispute_id: str, assessment_id: str) -> None:
    """Make this the intake's first answer unless it has one."""
    unanswered = INTAKES.c.assessment_id.is_(None)
    conn.execute(
        sa.update(INTAKES)
        .where(INTAKES.c.dispute_id == dispute_id, unanswered)
        .values(assessment_id=assessment_id)
    )


def first_answer(conn: sa.Connection, dispute_id: str) -> str:
    """What an intake that was answered was answered."""
    linked = ASSESSMENTS.c.assessment_id == INTAKES.c.assessment_id
    query = sa.select(ASSESSMENTS.c.answer).join(INTAKES, linked).where(INTAKES.c.dispute_id == dispute_id)
    return str(conn.execute(query).scalar_one())


def _latest(dispute_id: str) -> sa.Select[Any]:
    query = sa.select(ASSESSMENTS).where(ASSESSMENTS.c.dispute_id == dispute_id)
    kept = ASSESSMENTS.c
    return query.order_by(kept.as_of.desc(), kept.created_at.desc(), kept.assessment_id.desc()).limit(1)


def latest(conn: sa.Connection, dispute_id: str) -> sa.RowMapping | None:
    """The latest assessment of a dispute, as kept."""
    return conn.execute(_latest(dispute_id)).mappings().first()


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


def assessed_before(conn: sa.Connection, dispute_id: str, as_of: int) -> int | None:
    """The moment of the latest assessment as of an earlier one."""
    query = sa.select(sa.func.max(ASSESSMENTS.c.as_of)).where(
        ASSESSMENTS.c.dispute_id == dispute_id, ASSESSMENTS.c.as_of < as_of
    )
    found = conn.execute(query).scalar()
    return None if found is None else int(found)


@dataclass(frozen=True)
class Known:
    """A dispute as known at a moment."""

    first_recorded: int
    recorded_at: int
    grid_id: str


def dispute(conn: sa.Connection, dispute_id: str, as_of: int) -> Known | None:
    """The version known at `as_of`, and when the dispute was first recorded."""
    query = sa.text(
        "SELECT x.recorded_at, x.grid_id, "
        "(SELECT MIN(y.recorded_at) FROM known_disputes AS y WHERE y.dispute_id = x.dispute_id) AS first "
        f"FROM known_disputes AS x WHERE x.dispute_id = :dispute AND {known_sql('x')}"
    )
    row = conn.execute(query, {"dispute": dispute_id, "as_of": as_of}).first()
    return None if row is None else Known(int(row[2]), int(row[0]), str(row[1]))


def present(conn: sa.Connection, dispute_id: str, now: int) -> int:
    """Now, or the moment of the latest row about a dispute, if the clock that it was recorded by was ahead.

    Clocks are set back, and those of two workers differ: what was taken has been known since, all the same.
    """
    query = sa.text(
        "SELECT MAX(x.at) FROM ("
        "SELECT MAX(recorded_at) AS at FROM known_disputes WHERE dispute_id = :dispute "
        "UNION ALL SELECT MAX(recorded_at) FROM known_parties WHERE dispute_id = :dispute "
        "UNION ALL SELECT MAX(recorded_at) FROM known_events WHERE dispute_id = :dispute) AS x"
    )
    return max(now, int(conn.execute(query, {"dispute": dispute_id}).scalar() or 0))


def last_grid(conn: sa.Connection, dispute_id: str) -> str:
    """The grid of a stored dispute's latest version, be it withdrawn."""
    made = RECORDS["disputes"]
    query = sa.select(made.c.grid_id).where(made.c.dispute_id == dispute_id)
    return str(conn.execute(query.order_by(made.c.recorded_at.desc()).limit(1)).scalar_one())


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
    query = sa.text("SELECT MIN(x.recorded_at) FROM known_disputes AS x WHERE x.dispute_id = :dispute")
    return int(conn.execute(query, {"dispute": dispute_id}).scalar_one())


def narrative(conn: sa.Connection, dispute_id: str, recorded_at: int) -> str:
    """The narrative of a version, as submitted."""
    return reading.original(conn, "disputes", dispute_id, recorded_at)


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
    query = sa.text(
        "SELECT x.person_id, x.birth_year, x.sex, x.grid_id, x.recorded_at FROM known_persons AS x "
        "WHERE x.person_id IN :ids AND x.superseded_at IS NULL"
    ).bindparams(sa.bindparam("ids", expanding=True))
    found = conn.execute(query, {"ids": list(person_ids)}).mappings().all()
    return {row["person_id"]: dict(row) for row in found}


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
