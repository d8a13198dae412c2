"""Queries about how cases came in and what they were answered first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from docket.store.asking import NAMES, among
from docket.store.metadata import ASSESSMENTS, INTAKES


@dataclass(frozen=True)
class Intake:
    """A case that came in by the API before."""

    dispute_id: str
    idempotency_key: str | None
    body_digest: str
    assessment_id: str | None = None


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


def taken_before(conn: sa.Connection, dispute_ids: Collection[str]) -> set[str]:
    """Those of some disputes that came in by the API before."""
    return set(conn.execute(_TAKEN, among(dispute_ids)).scalars())


_TAKEN: Final = sa.select(INTAKES.c.dispute_id).where(INTAKES.c.dispute_id.in_(NAMES))
_TAKE: Final = sa.insert(INTAKES)


def add_intakes(conn: sa.Connection, intakes: Sequence[Intake], now: int) -> None:
    """Note that cases came in."""
    rows = [
        {
            "dispute_id": one.dispute_id,
            "idempotency_key": one.idempotency_key,
            "body_digest": one.body_digest,
            "ingested_at": now,
        }
        for one in intakes
    ]
    conn.execute(_TAKE, rows)


def link_intakes(conn: sa.Connection, answers: Mapping[str, str]) -> None:
    """Make of each dispute this assessment the intake's first answer, unless it has one."""
    conn.execute(_LINK, [{"mine": name, "linked": answers[name]} for name in sorted(answers)])


_LINK: Final = (
    sa.update(INTAKES)
    .where(INTAKES.c.dispute_id == sa.bindparam("mine"), INTAKES.c.assessment_id.is_(None))
    .values(assessment_id=sa.bindparam("linked"))
)


def first_answers(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, str]:
    """What intakes were answered first, of those that were."""
    return {str(name): str(text) for name, text in conn.execute(_FIRST_ANSWERS, among(dispute_ids))}


_FIRST_ANSWERS: Final = (
    sa.select(INTAKES.c.dispute_id, ASSESSMENTS.c.answer)
    .join(ASSESSMENTS, ASSESSMENTS.c.assessment_id == INTAKES.c.assessment_id)
    .where(INTAKES.c.dispute_id.in_(NAMES))
)
