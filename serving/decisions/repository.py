"""Queries about decisions, units and withdrawals; the only place in this domain that has any."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from docket.store.metadata import ASSESSMENTS, DECISIONS, HANDLERS, RECORDS, WITHDRAWALS
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
        }
        for row in conn.execute(query).mappings()
    ]


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
