"""Queries about the registry; the only place in this domain that has any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import known_sql
from docket.keys import Area, Key
from docket.registry import AT_ONCE, ENDS, ENTERING, PROPOSED_DAYS
from docket.times import DAY

# As known now: the latest version of each row; a leaving counts once it is learned.
_ENTRIES: Final = f"""
SELECT r.entry_id, r.person_id, r.dispute_id, r.category, r.entered_at, r.recorded_at,
       CASE WHEN r.left_at <= :as_of AND COALESCE(r.left_recorded_at, r.left_at) <= :as_of
            THEN r.left_at END AS left_at,
       p.grid_id, g.grid_name, g.community_id, g.community_name, p.birth_year, p.sex, d.grid_id AS case_grid,
       FALSE AS removed
FROM known_registry AS r
JOIN known_persons AS p ON p.person_id = r.person_id AND {known_sql("p")}
JOIN known_grids AS g ON g.grid_id = p.grid_id
LEFT JOIN known_disputes AS d ON d.dispute_id = r.dispute_id AND {known_sql("d")}
LEFT JOIN known_grids AS c ON c.grid_id = d.grid_id
WHERE {known_sql("r")}"""
# Of whoever objected a removed entry is shown until the person was answered, and its last rows are erased.
_CONTESTED: Final = (
    _ENTRIES.replace("FALSE AS removed", "r.withdrawn IS TRUE AS removed")
    .replace("known_registry AS r", "registry AS r")
    .replace(
        known_sql("r"),
        "r.recorded_at = (SELECT MAX(l.recorded_at) FROM registry AS l WHERE l.entry_id = r.entry_id)"
        " AND EXISTS (SELECT 1 FROM objections AS o WHERE o.entry_id = r.entry_id{state})",
    )
)
_LEFT: Final = "(r.left_at <= :as_of AND COALESCE(r.left_recorded_at, r.left_at) <= :as_of)"
# Of one grid few entries are: they are looked for by grid, not along all that were ever entered. In any
# version, as a first narrowing.
_BY_HOME: Final = """SELECT x.entry_id FROM registry AS x JOIN persons AS y ON y.person_id = x.person_id
 WHERE y.grid_id = :{name}"""
_BY_CASE: Final = """SELECT x.entry_id FROM registry AS x JOIN disputes AS y ON y.dispute_id = x.dispute_id
 WHERE y.grid_id = :{name}"""
_ORDER: Final = " ORDER BY r.entered_at DESC, r.entry_id DESC"

# Grouped by an expression: else SQLite reads all events dispute by dispute to group the few of the window.
_PROPOSED: Final = f"""
SELECT due.dispute_id, due.kind, due.grid_id, due.grid_name, due.community_name, due.since,
       p.person_id, MAX(p.role) AS role, h.birth_year, h.sex
FROM (
    SELECT d.dispute_id, d.kind, d.grid_id, g.grid_name, g.community_name, recent.since
    FROM (
        SELECT MIN(e.dispute_id) AS dispute_id, MAX(e.recorded_at) AS since, 0 AS at_once
        FROM known_events AS e
        WHERE e.kind IN :ends AND e.recorded_at > :oldest AND {known_sql("e")}
        GROUP BY e.dispute_id || ''
        UNION ALL
        SELECT x.dispute_id, MIN(x.recorded_at) AS since, 1 AS at_once FROM known_disputes AS x
        WHERE x.kind IN :at_once GROUP BY x.dispute_id HAVING MIN(x.recorded_at) > :oldest
    ) AS recent
    JOIN known_disputes AS d ON d.dispute_id = recent.dispute_id AND {known_sql("d")}
    JOIN known_grids AS g ON g.grid_id = d.grid_id
    WHERE d.kind IN :kinds AND (CASE WHEN d.kind IN :at_once THEN 1 ELSE 0 END) = recent.at_once
      AND d.excluded_at IS NULL{{more}}
) AS due
JOIN known_parties AS p ON p.dispute_id = due.dispute_id AND p.role <> 'affected' AND {known_sql("p")}
JOIN known_persons AS h ON h.person_id = p.person_id AND {known_sql("h")}
WHERE (due.since, due.dispute_id, p.person_id) > (:after_since, :after_dispute, :after_person)
  AND NOT EXISTS (SELECT 1 FROM registry AS r
                  WHERE r.dispute_id = due.dispute_id AND r.person_id = p.person_id)
  AND NOT EXISTS (SELECT 1 FROM registry_notes AS n WHERE n.what = 'declined'
                  AND n.dispute_id = due.dispute_id AND n.person_id = p.person_id)
GROUP BY due.dispute_id, due.kind, due.grid_id, due.grid_name, due.community_name, due.since,
         p.person_id, h.birth_year, h.sex
ORDER BY due.since, due.dispute_id, p.person_id
LIMIT :limit
"""


@dataclass(frozen=True)
class Reach:
    """Where somebody may read entries: by where the person lives, and unless `home_only` by the case, too."""

    areas: tuple[Area, ...]
    home_only: bool


def reach_of(conn: sa.Connection, key: Key) -> Reach:
    """How far a key reaches: a worker's, the worker's own community."""
    areas = [] if key.area is None else [key.area]
    if key.worker_id is not None:
        query = sa.text(
            "SELECT g.community_id FROM known_workers AS w JOIN known_grids AS g ON g.grid_id = w.grid_id "
            "WHERE w.worker_id = :worker"
        )
        community = conn.execute(query, {"worker": key.worker_id}).scalar()
        areas.append(Area("community", "" if community is None else str(community)))
    return Reach(tuple(areas), key.worker_id is not None)


def entries(
    conn: sa.Connection,
    reach: Reach,
    *,
    as_of: int,
    area: Area | None,
    category: str | None,
    left: bool | None,
    contested: bool,
    before: tuple[int, str],
    limit: int,
) -> list[dict[str, Any]]:
    """Entries, the last that were entered first.

    Parameters
    ----------
    left
        Those who have left, those who haven't, or (None) both.
    contested
        Only those to which somebody objects and isn't answered, removed ones too.
    before
        `entered_at` and id of the last that was shown.
    """
    more, values = _within(reach)
    if area is not None:
        more += f" AND g.{area.column} = :wanted{_near(area, 'wanted', home_only=True)}"
        values["wanted"] = area.id
    if category is not None:
        more += " AND r.category = :category"
        values["category"] = category
    if left is not None:
        more += f" AND {_LEFT}" if left else f" AND {_LEFT} IS NOT TRUE"
    more += " AND (r.entered_at, r.entry_id) < (:before_at, :before_id)"
    values |= {"before_at": before[0], "before_id": before[1], "limit": limit, "as_of": as_of}
    listed = _CONTESTED.format(state=" AND o.state <> 'answered'") if contested else _ENTRIES
    return _read(conn, f"{listed}{more}{_ORDER} LIMIT :limit", values)


def entry(conn: sa.Connection, reach: Reach, entry_id: str, as_of: int) -> dict[str, Any] | None:
    """An entry as known now, if it may be read; a removed one only if somebody objected to it."""
    more, values = _within(reach)
    values |= {"entry": entry_id, "as_of": as_of}
    for listed in (_ENTRIES, _CONTESTED.format(state="")):
        found = _read(conn, f"{listed}{more} AND r.entry_id = :entry", values)
        if found:
            return found[0]
    return None


def named(
    conn: sa.Connection, reach: Reach, *, as_of: int, person: str | None, dispute: str | None
) -> list[dict[str, Any]]:
    """All entries of a person or of a dispute; of all, where neither is named."""
    more, values = _within(reach)
    for column, value in (("person_id", person), ("dispute_id", dispute)):
        if value is not None:
            more += f" AND r.{column} = :{column}"
            values[column] = value
    return _read(conn, f"{_ENTRIES}{more}{_ORDER}", {**values, "as_of": as_of})


def of_dispute(conn: sa.Connection, dispute_id: str, as_of: int) -> list[dict[str, Any]]:
    """The entries because of a dispute."""
    return _read(
        conn, f"{_ENTRIES} AND r.dispute_id = :dispute{_ORDER}", {"dispute": dispute_id, "as_of": as_of}
    )


def ended(conn: sa.Connection, dispute_id: str, person_id: str, as_of: int) -> int:
    """How many entries of a person because of a dispute are over: left, or removed."""
    every = sa.text(
        "SELECT COUNT(DISTINCT r.entry_id) FROM registry AS r "
        "WHERE r.dispute_id = :dispute AND r.person_id = :person"
    )
    values = {"dispute": dispute_id, "person": person_id}
    here = [
        row
        for row in of_dispute(conn, dispute_id, as_of)
        if row["person_id"] == person_id and row["left_at"] is None
    ]
    return int(conn.execute(every, values).scalar_one()) - len(here)


def proposed(
    conn: sa.Connection, reach: Reach, *, as_of: int, after: tuple[int, str, str], limit: int
) -> list[dict[str, Any]]:
    """Parties who should be looked at for an entry, those who have waited longest first.

    Whoever was entered for the dispute before, even if the entry was removed since, or was declined, isn't.
    """
    more = "".join(f" AND g.{area.column} = :area{place}" for place, area in enumerate(reach.areas))
    values: dict[str, Any] = {f"area{place}": area.id for place, area in enumerate(reach.areas)}
    values |= {
        "at_once": list(AT_ONCE),
        "ends": list(ENDS),
        "kinds": list(ENTERING),
        "as_of": as_of,
        "oldest": as_of - PROPOSED_DAYS * DAY,
        "after_since": after[0],
        "after_dispute": after[1],
        "after_person": after[2],
        "limit": limit,
    }
    query = sa.text(_PROPOSED.format(more=more)).bindparams(
        *(sa.bindparam(name, expanding=True) for name in ("at_once", "ends", "kinds"))
    )
    return [dict(row) for row in conn.execute(query, values).mappings()]


def _within(reach: Reach) -> tuple[str, dict[str, Any]]:
    more = ""
    for place, area in enumerate(reach.areas):
        home = f"g.{area.column} = :area{place}"
        more += f" AND {home}" if reach.home_only else f" AND ({home} OR c.{area.column} = :area{place})"
        more += _near(area, f"area{place}", home_only=reach.home_only)
    return more, {f"area{place}": area.id for place, area in enumerate(reach.areas)}


def _near(area: Area, name: str, *, home_only: bool) -> str:
    if area.kind != "grid":
        return ""
    by = [_BY_HOME] if home_only else [_BY_HOME, _BY_CASE]
    return f" AND r.entry_id IN ({' UNION '.join(one.format(name=name) for one in by)})"


def _read(conn: sa.Connection, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(sa.text(sql), values).mappings()]
