"""Queries about decisions, units and withdrawals; the only place in this domain that has any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from docket.store.desk import LOWERINGS
from docket.store.metadata import ASSESSMENTS, AUDIT_LOG, DECISIONS, HANDLERS, RECORDS, WITHDRAWALS
from docket.times import rfc3339


def decisions(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """Every decision about a case, the first first, as answered."""
    query = sa.select(DECISIONS).where(DECISIONS.c.dispute_id == dispute_id).order_by(DECISIONS.c.decision_no)
    return [
        {
            "dispute_id": row["dispute_id"],
            "assessment_id": row["assessment_id"],
            "recommended": row["recommended"],
            "colour": row["colour"],
            "reason": row["reason"],
            "by": row["by"],
            "decided_at": rfc3339(row["decided_at"]),
            "state": "standing",
            "approved_by": row["approved_by"],
        }
        for row in conn.execute(query).mappings()
    ]


def waiting(conn: sa.Connection, dispute_id: str) -> dict[str, Any] | None:
    """What somebody would lower from red and nobody else has agreed to yet."""
    query = sa.select(LOWERINGS).where(LOWERINGS.c.dispute_id == dispute_id, LOWERINGS.c.state == "waiting")
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def ended(conn: sa.Connection, dispute_id: str, assessment_id: str) -> dict[str, Any] | None:
    """The latest proposal to lower a case, as of an assessment, that waits no more."""
    query = sa.select(LOWERINGS).where(
        LOWERINGS.c.dispute_id == dispute_id,
        LOWERINGS.c.assessment_id == assessment_id,
        LOWERINGS.c.state != "waiting",
    )
    row = conn.execute(query.order_by(LOWERINGS.c.lowering_no.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def add_lowering(conn: sa.Connection, **values: Any) -> None:
    """Keep that somebody would lower a case from red."""
    conn.execute(sa.insert(LOWERINGS).values(state="waiting", **values))


def end_lowering(
    conn: sa.Connection, dispute_id: str, state: str, *, by: str, now: int, reason: str | None = None
) -> None:
    """Let nothing wait any more: it was approved, refused, or replaced by another decision."""
    mine = sa.update(LOWERINGS).where(LOWERINGS.c.dispute_id == dispute_id, LOWERINGS.c.state == "waiting")
    conn.execute(mine.values(state=state, ended_at=now, ended_by=by, end_reason=reason))


def told_lowering(row: Mapping[str, Any], state: str = "waiting") -> dict[str, Any]:
    """A proposal to lower as answered: a decision that doesn't stand."""
    return {
        **{
            name: row[name]
            for name in ("dispute_id", "assessment_id", "recommended", "colour", "reason", "by")
        },
        "decided_at": rfc3339(row["proposed_at"]),
        "state": state,
        "approved_by": None,
    }


def opened(conn: sa.Connection, dispute_id: str, assessment_id: str, by: str) -> int | None:
    """When somebody first opened a case since an assessment of it was kept (µs), as the log says."""
    kept = sa.select(ASSESSMENTS.c.created_at).where(ASSESSMENTS.c.assessment_id == assessment_id)
    query = sa.select(sa.func.min(AUDIT_LOG.c.at)).where(
        AUDIT_LOG.c.case_id == dispute_id,
        AUDIT_LOG.c.actor == by,
        AUDIT_LOG.c.action == "view",
        AUDIT_LOG.c.subject.is_(None),
        AUDIT_LOG.c.at >= kept.scalar_subquery(),
    )
    found = conn.execute(query).scalar()
    return None if found is None else int(found)


def add_decision(conn: sa.Connection, **values: Any) -> None:
    """Keep a decision."""
    conn.execute(sa.insert(DECISIONS).values(**values))


def assessed_as(conn: sa.Connection, dispute_id: str, assessment_id: str) -> str | None:
    """The colour that an assessment of a case recommends."""
    query = sa.select(ASSESSMENTS.c.colour).where(
        ASSESSMENTS.c.assessment_id == assessment_id, ASSESSMENTS.c.dispute_id == dispute_id
    )
    return conn.execute(query).scalar()


def unit(conn: sa.Connection, dispute_id: str) -> dict[str, Any] | None:
    """The unit that has a case, as answered."""
    query = sa.select(HANDLERS.c.unit, HANDLERS.c.taken_at).where(HANDLERS.c.dispute_id == dispute_id)
    row = conn.execute(query.order_by(HANDLERS.c.handler_no.desc()).limit(1)).mappings().first()
    return None if row is None else {"unit": row["unit"], "taken_at": rfc3339(row["taken_at"])}


def add_unit(conn: sa.Connection, **values: Any) -> None:
    """Keep which unit took a case."""
    conn.execute(sa.insert(HANDLERS).values(**values))


def withdrawn(conn: sa.Connection, dispute_id: str) -> dict[str, Any] | None:
    """Since when and why a case is withdrawn, as answered; None if it isn't."""
    query = sa.select(WITHDRAWALS).where(WITHDRAWALS.c.dispute_id == dispute_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    return {
        "dispute_id": dispute_id,
        "withdrawn_at": rfc3339(row["recorded_at"]),
        "reason": row["reason"],
    }


def add_withdrawal(conn: sa.Connection, **values: Any) -> None:
    """Keep a withdrawal."""
    conn.execute(sa.insert(WITHDRAWALS).values(**values))


def has_rows(conn: sa.Connection, table: str, dispute_id: str) -> bool:
    """Whether any version of a row of the table is about the dispute."""
    made = RECORDS[table]
    query = sa.select(made.c.row_no).where(made.c.dispute_id == dispute_id).limit(1)
    return conn.execute(query).first() is not None
