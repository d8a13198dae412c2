"""Findings of people who looked back at a case of which harm came; each version is kept, the last holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from docket.store.desk import REVIEWS


def keep(
    conn: sa.Connection, dispute_id: str, outcome_id: str, findings: Mapping[str, Any], *, by: str, now: int
) -> int:
    """Keep a version of the findings; its number.

    Parameters
    ----------
    findings
        `cues` (missed) and `doors` (late), codes; `cause` and `todo`, prepared.
    """
    row = {
        "dispute_id": dispute_id,
        "outcome_id": outcome_id,
        "cues": json.dumps(sorted(findings["cues"])),
        "doors": json.dumps(sorted(findings["doors"])),
        "cause": findings["cause"],
        "todo": findings["todo"],
        "by": by,
        "recorded_at": now,
    }
    return int(conn.execute(sa.insert(REVIEWS).values(**row).returning(REVIEWS.c.review_no)).scalar_one())


def versions(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """The findings about a case, the first first."""
    query = sa.select(REVIEWS).where(REVIEWS.c.dispute_id == dispute_id).order_by(REVIEWS.c.review_no)
    return [
        {**row, "cues": json.loads(row["cues"]), "doors": json.loads(row["doors"])}
        for row in conn.execute(query).mappings()
    ]
