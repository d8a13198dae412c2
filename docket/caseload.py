"""Whom the district looks after at a moment: open disputes, registry entries in force, and whose they are.

States two definitions of the record contract ("Open, and whose") in SQL that runs alike on SQLite and
PostgreSQL: when a dispute is open, and who visits a person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import pandas as pd
import sqlalchemy as sa

from docket.asof import NEVER, known_sql
from docket.store.asking import NAMES, among
from docket.times import DAY

OPEN_DAYS: Final = 180
"""A dispute about which nothing was recorded for so long is no longer open."""

_THEIRS: Final = (
    " AND {}.dispute_id IN (SELECT theirs.dispute_id FROM parties AS theirs "
    "WHERE theirs.person_id IN :people)"
)
"""Of disputes to which some people are, or were, parties."""


def _open(of: str = "") -> str:
    """SQL of the disputes that are open; `of` narrows a row, `{}` being its alias."""
    active = " UNION ALL ".join(
        f"SELECT x.dispute_id, x.recorded_at FROM known_{table} AS x WHERE {known_sql('x')}{of.format('x')}"
        for table in ("disputes", "parties", "events", "outcomes", "registry")
    )
    # `closed` and `reopened` are compared by when they happened; a tie leaves the dispute closed.
    return f"""
    SELECT active.dispute_id, MIN(active.recorded_at) AS since
    FROM ({active}) AS active
    LEFT JOIN (
        SELECT e.dispute_id,
               MAX(CASE WHEN e.kind = 'closed' THEN e."at" END) AS closed,
               MAX(CASE WHEN e.kind = 'reopened' THEN e."at" END) AS reopened
        FROM known_events AS e
        WHERE e.kind IN ('closed', 'reopened') AND {known_sql("e")}{of.format("e")}
        GROUP BY e.dispute_id
    ) AS ends ON ends.dispute_id = active.dispute_id
    WHERE ends.closed IS NULL OR ends.reopened > ends.closed
    GROUP BY active.dispute_id
    HAVING MAX(active.recorded_at) > :as_of - {OPEN_DAYS * DAY}
"""


_OPEN_AMONG: Final = sa.text(_open(" AND {}.dispute_id IN :names")).bindparams(NAMES)


def _in_force(whose: str = "") -> str:
    return f"""
    SELECT r.person_id, r.dispute_id, MIN(r.category) AS category, MIN(r.recorded_at) AS since
    FROM known_registry AS r
    WHERE {known_sql("r")}{whose} AND NOT (
        COALESCE(r.left_at, {NEVER}) <= :as_of AND COALESCE(r.left_recorded_at, r.left_at, {NEVER}) <= :as_of
    )
    GROUP BY r.person_id, r.dispute_id
"""


def _matters(opened: str, in_force: str, where: str) -> str:
    return f"""
    SELECT person.person_id, person.grid_id, mine.dispute_id, mine.since,
           matter.kind, mine.category, mine.is_open,
           (SELECT MAX(p.role) FROM known_parties AS p
            WHERE p.dispute_id = mine.dispute_id AND p.person_id = mine.person_id
                AND {known_sql("p")}) AS role
    FROM (
        SELECT party.person_id, party.dispute_id, opened.since, NULL AS category, 1 AS is_open
        FROM ({opened}) AS opened
        JOIN known_parties AS party ON party.dispute_id = opened.dispute_id AND {known_sql("party")}
        UNION ALL
        SELECT entry.person_id, entry.dispute_id, entry.since, entry.category, 0 AS is_open
        FROM ({in_force}) AS entry
    ) AS mine
    JOIN known_persons AS person ON person.person_id = mine.person_id AND {known_sql("person")}
    JOIN known_disputes AS matter ON matter.dispute_id = mine.dispute_id AND {known_sql("matter")}
    WHERE {where}
"""


_MATTERS: Final = _matters(_open(), _in_force(), "person.grid_id IN :grids")
_MATTERS_OF: Final = _matters(
    _open(_THEIRS), _in_force(" AND r.person_id IN :people"), "person.person_id IN :people"
)

_VISITS: Final = f"""
    SELECT v.person_id, v."at", v.contact, v.finding
    FROM known_visits AS v
    JOIN known_persons AS person ON person.person_id = v.person_id AND {known_sql("person")}
    WHERE {{where}} AND {known_sql("v")}
    ORDER BY v.person_id, v."at", v.visit_id
"""

_WORKERS: Final = """
    SELECT w.worker_id, w.grid_id, w.role, w.daily_visits, w.absent_from, w.absent_until, g.community_id
    FROM known_workers AS w JOIN known_grids AS g ON g.grid_id = w.grid_id
    ORDER BY w.worker_id
"""


def open_disputes(conn: sa.Connection, as_of: int) -> list[str]:
    """The disputes that are open at a moment, those of which the district learned first first."""
    query = sa.text(f"SELECT o.dispute_id FROM ({_open()}) AS o ORDER BY o.since, o.dispute_id")
    return list(conn.execute(query, {"as_of": as_of}).scalars())


def open_among(conn: sa.Connection, dispute_ids: Collection[str], as_of: int) -> set[str]:
    """Those of some disputes that are open at a moment."""
    if not dispute_ids:
        return set()
    rows = conn.execute(_OPEN_AMONG, {"as_of": as_of, **among(dispute_ids)})
    return {str(row.dispute_id) for row in rows}


def matters(conn: sa.Connection, as_of: int, grids: Sequence[str]) -> pd.DataFrame:
    """Each person of some grids with each open dispute or registry entry in force.

    Parameters
    ----------
    as_of
        Microseconds since the epoch; nothing learned later is read.
    grids
        Grids, by the person's own `grid_id`.

    Returns
    -------
    DataFrame
        `person_id, grid_id, dispute_id, kind, role, category, since`: one row a (person, dispute). `role` is
        the most guarded one of who holds several (respondent before applicant before affected), and
        None for an entry whose person is no known party; `category` is None without an entry in force;
        `since` is when the district learned of the earliest of them.
    """
    return _merged(_read(conn, _MATTERS, as_of, grids=grids))


def matters_of(conn: sa.Connection, as_of: int, people: Sequence[str]) -> pd.DataFrame:
    """`matters` of some people, wherever they live: what else is open isn't read for them."""
    return _merged(_read(conn, _MATTERS_OF, as_of, people=people))


def _merged(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a (person, dispute)."""
    rows = rows.sort_values(["person_id", "dispute_id", "is_open"], kind="stable")
    merged = rows.groupby(["person_id", "dispute_id"], sort=True).agg(
        grid_id=("grid_id", "first"),
        kind=("kind", "first"),
        role=("role", "first"),
        category=("category", "first"),
        since=("since", "min"),
    )
    return merged.reset_index()


def visits_paid(conn: sa.Connection, as_of: int, grids: Sequence[str]) -> pd.DataFrame:
    """Visits known by `as_of` to the people of some grids: `person_id, at, contact, finding`, in order."""
    return _read(conn, _VISITS.format(where="person.grid_id IN :grids"), as_of, grids=grids)


def visits_paid_to(conn: sa.Connection, as_of: int, people: Sequence[str]) -> pd.DataFrame:
    """`visits_paid` to some people."""
    return _read(conn, _VISITS.format(where="v.person_id IN :people"), as_of, people=people)


def workers(conn: sa.Connection) -> pd.DataFrame:
    """The workers of today, each with what the contract says of it and its `community_id`."""
    return pd.DataFrame(conn.execute(sa.text(_WORKERS)).mappings().all())


def visitor_of_grid(staff: pd.DataFrame, grids: pd.DataFrame) -> dict[str, list[str]]:
    """Who visits the people of each grid.

    Parameters
    ----------
    staff
        From `workers`, those present.
    grids
        `grid_id, community_id`.

    Returns
    -------
    dict
        Grid to the workers who share its people: the grid's own grid workers, else the community's grid
        workers, else nobody (an empty list).
    """
    walking = staff[staff["role"] == "grid_worker"] if len(staff) else staff
    by_grid = walking.groupby("grid_id")["worker_id"].apply(list).to_dict() if len(walking) else {}
    by_community = walking.groupby("community_id")["worker_id"].apply(list).to_dict() if len(walking) else {}
    return {
        grid: by_grid.get(grid) or by_community.get(community) or []
        for grid, community in zip(grids["grid_id"], grids["community_id"], strict=True)
    }


def grids(conn: sa.Connection) -> pd.DataFrame:
    """All grids: `grid_id, community_id, street_id`."""
    query = sa.text("SELECT g.grid_id, g.community_id, g.street_id FROM known_grids AS g ORDER BY g.grid_id")
    return pd.DataFrame(conn.execute(query).mappings().all())


def _read(conn: sa.Connection, sql: str, as_of: int, **named: Sequence[str]) -> pd.DataFrame:
    """Read rows of those who are named by the one list of `named`."""
    statement = sa.text(sql).bindparams(*(sa.bindparam(name, expanding=True) for name in named))
    values = {name: list(of) for name, of in named.items()}
    answer = conn.execute(statement, {"as_of": as_of, **values})
    return pd.DataFrame(answer.mappings().all(), columns=list(answer.keys()))
