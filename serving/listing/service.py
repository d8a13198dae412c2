"""Lists of cases and assessments, page by page, as far as a key's area reaches."""

from __future__ import annotations

import json
from typing import Any

from docket.keys import Area, Key, KeyRequestError
from docket.store.merged import merge_of
from docket.times import now_micros, rfc3339
from serving.access import reaches
from serving.audit.service import viewed
from serving.cases import repository as known
from serving.decisions import repository as decided
from serving.errors import FieldError, Invalid, NotFound
from serving.listing import repository
from serving.listing.cursors import cursor_of, parts_of
from serving.merges.proposing import within
from serving.state import State


def cases(
    state: State,
    key: Key,
    *,
    colour: str | None,
    area: str | None,
    since: int | None,
    cursor: str | None,
    limit: int,
) -> dict[str, Any]:
    """Assessed cases that count, those first that changed first.

    Parameters
    ----------
    area
        `street:ID`, `community:ID` or `grid:ID`.
    since
        µs: that changed then or later.
    cursor
        `next` of the page before.

    Raises
    ------
    Invalid
        If the area or the cursor isn't one.
    """
    areas = [key.area] if key.area is not None else []
    if area is not None:
        areas.append(area_of(area))
    place = _place(cursor)
    if since is not None and since > place[0]:
        place = (since - 1, chr(0x10FFFF))
    with state.store.snapshot() as conn:
        rows = repository.cases(conn, areas=areas, colour=colour, place=place, limit=limit + 1)
        shown = rows[:limit]
        listed = [
            {
                **{name: row[name] for name in ("dispute_id", "kind", "source", "grid_id")},
                **{name: row[name] for name in ("colour", "recommended", "assessment_id")},
                "decided": bool(row["decided"]),
                "opened_at": rfc3339(row["opened_at"]),
                "as_of": rfc3339(row["as_of"]),
                "unit": decided.unit(conn, row["dispute_id"]),
                "changed_at": rfc3339(row["changed_at"]),
            }
            for row in shown
        ]
    viewed(state, [row["dispute_id"] for row in shown], "cases")
    last = shown[-1] if len(rows) > limit else None
    return {
        "cases": listed,
        "next": None if last is None else cursor_of((last["changed_at"], last["dispute_id"])),
    }


def assessments(state: State, key: Key, dispute_id: str, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """What was answered about a case, in the order in which it was.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Invalid
        If the cursor isn't one.
    """
    place = _place(cursor)
    with state.store.snapshot() as conn:
        gone = merge_of(conn, dispute_id) is not None or decided.withdrawn(conn, dispute_id) is not None
        here = known.dispute(conn, dispute_id, known.present(conn, dispute_id, now_micros()))
        grid = known.last_grid(conn, dispute_id) if gone else None if here is None else here.grid_id
        if grid is None or not reaches(conn, key, grid):
            raise NotFound()
        rows = repository.assessments(conn, dispute_id, place, limit + 1)
        shown = rows[:limit]
        told = [json.loads(within(conn, key, row["answer"])) for row in shown]
    viewed(state, [dispute_id], "assessments")
    last = shown[-1] if len(rows) > limit else None
    following = None if last is None else cursor_of((last["created_at"], last["assessment_id"]))
    return {"assessments": told, "next": following}


def area_of(text: str) -> Area:
    """The area that a caller names.

    Raises
    ------
    Invalid
        If it isn't one.
    """
    try:
        return Area.parse(text)
    except KeyRequestError as error:
        expected = "street:ID, community:ID or grid:ID"
        raise Invalid([FieldError(field="area", reason="not an area", expected=expected)]) from error


def _place(cursor: str | None) -> tuple[int, str]:
    """Where a cursor stands; without one before everything."""
    if cursor is None:
        return (0, "")
    moment, name = parts_of(cursor, (int, str))
    return (moment, name)
