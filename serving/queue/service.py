"""The centre's queue: open cases by colour and deadline, as far as a key's area reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from docket.asof import NEVER
from docket.keys import Area, Key
from docket.times import now_micros, rfc3339
from models.policy import COLOURS
from serving.audit.service import viewed
from serving.errors import FieldError, Invalid
from serving.listing.cursors import cursor_of, parts_of
from serving.listing.service import area_of
from serving.queue import repository
from serving.queue.board import URGENCY
from serving.state import State

_FIRST: Final = (-1, 0, "")


@dataclass(frozen=True)
class Wanted:
    """Which cases.

    Attributes
    ----------
    colour, kind
        As they stand; None: any.
    area
        `street:ID`, `community:ID` or `grid:ID`; None: the key's.
    overdue
        Only those of which a deadline has passed unmet.
    undecided
        Only those about whose colour no person has decided.
    """

    colour: str | None = None
    kind: str | None = None
    area: str | None = None
    overdue: bool = False
    undecided: bool = False


def queue(state: State, key: Key, wanted: Wanted, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Open cases, the most urgent colour first, then by the deadline that comes first; and how many.

    The counts are of the kind and the area, whatever the colour.

    Raises
    ------
    Invalid
        If the colour, the area or the cursor isn't one.
    """
    areas = _areas(key, wanted)
    after = _FIRST if cursor is None else parts_of(cursor, (int, int, str))
    now = now_micros()
    kind: dict[str, str | int] = {} if wanted.kind is None else {"kind": wanted.kind}
    same = kind if wanted.colour is None else {**kind, "urgency": _urgency(wanted.colour)}
    with state.store.snapshot() as conn:
        rows = repository.queue(
            conn,
            areas=areas,
            same=same,
            overdue_at=now if wanted.overdue else None,
            decided=False if wanted.undecided else None,
            after=(after[0], after[1], after[2]),
            limit=limit + 1,
        )
        counted = repository.counts(conn, areas=areas, same=kind, now=now)
    shown = rows[:limit]
    viewed(state, [row["dispute_id"] for row in shown], "queue")
    last = shown[-1] if len(rows) > limit else None
    nothing = {"cases": 0, "overdue": 0, "undecided": 0}
    return {
        "cases": [_told(row, now) for row in shown],
        "counts": {colour: counted.get(colour, nothing) for colour in reversed(COLOURS)},
        "next": None if last is None else cursor_of((last["urgency"], last["due_at"], last["dispute_id"])),
    }


def parts(
    state: State, key: Key, chosen: Area | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a key reaches: its communities, each with its street; and the grids of the one that is looked at.

    Parameters
    ----------
    chosen
        What is looked at, else the key's area. Of a street or the district no grid is told: they are
        thousands.
    """
    areas, near = [] if key.area is None else [key.area], chosen or key.area
    with state.store.snapshot() as conn:
        communities = repository.communities_of(conn, areas)
        if near is None or near.kind == "street":
            return communities, []
        return communities, repository.grids_near(conn, areas, near)


def _urgency(colour: str) -> int:
    if colour not in URGENCY:
        expected = ", ".join(URGENCY)
        raise Invalid([FieldError(field="colour", reason="unknown enumeration value", expected=expected)])
    return URGENCY[colour]


def _areas(key: Key, wanted: Wanted) -> list[Area]:
    found = [] if key.area is None else [key.area]
    return found if wanted.area is None else [*found, area_of(wanted.area)]


def _told(row: dict[str, Any], now: int) -> dict[str, Any]:
    plain = (
        "dispute_id",
        "kind",
        "source",
        "grid_id",
        "grid_name",
        "community_name",
        "colour",
        "recommended",
    )
    never = row["due_at"] == NEVER
    return {
        **{name: row[name] for name in (*plain, "assessment_id")},
        "decided": bool(row["decided"]),
        "waiting": bool(row["waiting"]),
        "opened_at": rfc3339(row["opened_at"]),
        "due": row["due_kind"],
        "due_at": None if never else rfc3339(row["due_at"]),
        "overdue": not never and row["due_at"] < now,
    }
