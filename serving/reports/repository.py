"""Queries of reports; the only place in this domain that has any. Each is of an area and as of a moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from docket.asof import known_sql
from docket.keys import Area
from docket.store.desk import REPORTS
from docket.store.inserting import inserting
from serving.listing.areas import within_areas

_GRID: Final = "g.grid_id, g.community_id, g.street_id"
_CASE: Final = f"""
JOIN known_disputes AS d ON d.dispute_id = x.dispute_id AND {known_sql("d")}
JOIN known_grids AS g ON g.grid_id = d.grid_id"""
_INTAKE: Final = f"""
SELECT d.dispute_id, d.kind, d.source, f.first_recorded, {_GRID}
FROM (
    SELECT y.dispute_id, MIN(y.recorded_at) AS first_recorded FROM known_disputes AS y GROUP BY y.dispute_id
) AS f
JOIN known_disputes AS d ON d.dispute_id = f.dispute_id AND {known_sql("d")}
JOIN known_grids AS g ON g.grid_id = d.grid_id
WHERE f.first_recorded >= :since AND f.first_recorded < :until{{more}}
"""
_OUTCOMES: Final = f"""
SELECT x.dispute_id, x.kind, x."at", {_GRID} FROM known_outcomes AS x{_CASE}
WHERE {known_sql("x")} AND x."at" >= :since AND x."at" < :until{{more}}
"""
# An end of mediation before anybody went to court; of the first filing of a dispute, when it was.
_MEDIATED: Final = f"""
SELECT x.dispute_id, x.kind, x."at", {_GRID} FROM known_events AS x{_CASE}
WHERE {known_sql("x")} AND x.kind IN ('agreement', 'mediation_failed')
    AND x."at" >= :since AND x."at" < :until AND NOT EXISTS (
        SELECT 1 FROM known_events AS c WHERE c.dispute_id = x.dispute_id AND c.kind = 'court_filing'
        AND c."at" < x."at" AND {known_sql("c")}
    ){{more}}
"""
_FILED: Final = f"""
SELECT x.dispute_id, MIN(x."at") AS first_filed, {_GRID} FROM known_events AS x{_CASE}
WHERE {known_sql("x")} AND x.kind = 'court_filing'{{more}}
GROUP BY x.dispute_id, {_GRID} HAVING MIN(x."at") >= :since AND MIN(x."at") < :until
"""
_MET: Final = f"""
SELECT x.dispute_id, x.kind, MIN(x.recorded_at) AS recorded FROM known_events AS x
JOIN (
    SELECT y.dispute_id, MIN(y.recorded_at) AS first_recorded FROM known_disputes AS y GROUP BY y.dispute_id
) AS f ON f.dispute_id = x.dispute_id AND f.first_recorded >= :since AND f.first_recorded < :until
WHERE {known_sql("x")} AND x.kind IN :kinds GROUP BY x.dispute_id, x.kind
"""
_VISITED: Final = f"""
SELECT p.dispute_id, MIN(v.recorded_at) AS recorded FROM known_visits AS v
JOIN known_parties AS p ON p.person_id = v.person_id AND {known_sql("p")}
JOIN (
    SELECT y.dispute_id, MIN(y.recorded_at) AS first_recorded FROM known_disputes AS y GROUP BY y.dispute_id
) AS f ON f.dispute_id = p.dispute_id AND f.first_recorded >= :since AND f.first_recorded < :until
WHERE {known_sql("v")} AND v.contact AND v."at" >= f.first_recorded GROUP BY p.dispute_id
"""
_VISITS: Final = f"""
SELECT x.contact, x.finding, {_GRID} FROM known_visits AS x
JOIN known_persons AS p ON p.person_id = x.person_id AND {known_sql("p")}
JOIN known_grids AS g ON g.grid_id = p.grid_id
WHERE {known_sql("x")} AND x."at" >= :since AND x."at" < :until{{more}}
"""
_PLACES: Final = f"""
SELECT x.date, x.person_id, {_GRID} FROM planned_visits AS x{_CASE}
WHERE x.rank IS NOT NULL AND x.date >= :first AND x.date < :last{{more}}
"""
_URGED: Final = f"""
SELECT x.step, x.level, COUNT(*) AS n FROM urgings AS x{_CASE}
WHERE x.sent_at >= :since AND x.sent_at < :until{{more}} GROUP BY x.step, x.level
"""
_OPEN: Final = f"""
SELECT x.colour, x.due_kind, {_GRID}, COUNT(*) AS cases,
       SUM(CASE WHEN x.due_at < :as_of THEN 1 ELSE 0 END) AS overdue,
       SUM(CASE WHEN x.decided THEN 0 ELSE 1 END) AS undecided
FROM case_board AS x{_CASE}
WHERE x.closed = FALSE{{more}} GROUP BY x.colour, x.due_kind, {_GRID}
"""
_SLIPS: Final = f"""
SELECT x.slip_id, x.dispute_id, x.unit, x.state, d.kind, g.grid_name, g.community_name, {_GRID},
       (SELECT MIN(s."at") FROM slip_steps AS s WHERE s.slip_id = x.slip_id) AS issued_at,
       (SELECT MIN(s."at") FROM slip_steps AS s WHERE s.slip_id = x.slip_id
        AND s.state = 'acknowledged') AS acknowledged_at,
       (SELECT MIN(s."at") FROM slip_steps AS s WHERE s.slip_id = x.slip_id
        AND s.state = 'closed') AS closed_at
FROM slips AS x{_CASE}
WHERE x.colour = 'red'{{more}}
"""
_AREAS: Final = """
SELECT g.grid_id, g.grid_name, g.community_id, g.community_name, g.street_id, g.street_name, g.population
FROM known_grids AS g WHERE 1 = 1{more} ORDER BY g.street_id, g.community_id, g.grid_id
"""
_NAMED: Final = {
    "intake": _INTAKE,
    "outcomes": _OUTCOMES,
    "mediated": _MEDIATED,
    "filed": _FILED,
    "visits": _VISITS,
    "places": _PLACES,
    "urged": _URGED,
    "open": _OPEN,
    "slips": _SLIPS,
    "areas": _AREAS,
}


def rows(conn: sa.Connection, name: str, area: Area | None, **values: Any) -> list[dict[str, Any]]:
    """The rows of one of the queries above.

    Parameters
    ----------
    name
        Of which: `intake`, `outcomes`, `mediated`, `filed`, `visits`, `places`, `urged`, `open`, `slips`,
        `areas`.
    area
        Where; None: everywhere.
    values
        `as_of`, `since`, `until` (µs), or `first`, `last` (ISO dates).
    """
    more, within = within_areas([] if area is None else [area])
    query = sa.text(_NAMED[name].format(more=more))
    wanted = {key: value for key, value in values.items() if key in query.compile().params}
    return [dict(row) for row in conn.execute(query, {**wanted, **within}).mappings()]


def met(
    conn: sa.Connection, kinds: Mapping[str, frozenset[str]], *, since: int, until: int, as_of: int
) -> dict[str, dict[str, int]]:
    """When the deadlines of the cases that came in a time were met, by kind of deadline and case (µs)."""
    times = {"since": since, "until": until, "as_of": as_of}
    query = sa.text(_MET).bindparams(sa.bindparam("kinds", expanding=True))
    every = sorted({kind for some in kinds.values() for kind in some})
    found: dict[str, dict[str, int]] = {deadline: {} for deadline in kinds}
    for row in conn.execute(query, {**times, "kinds": every}).mappings():
        for deadline, some in kinds.items():
            if row["kind"] in some:
                _earlier(found[deadline], row["dispute_id"], row["recorded"])
    for row in conn.execute(sa.text(_VISITED), times).mappings():
        _earlier(found["respond"], row["dispute_id"], row["recorded"])
    return found


def _earlier(found: dict[str, int], name: str, at: int) -> None:
    found[name] = min(at, found.get(name, at))


def paid(conn: sa.Connection, *, since: int, until: int, as_of: int) -> list[tuple[str, int]]:
    """Visits of a time: to whom and when (µs)."""
    query = sa.text(
        f'SELECT x.person_id, x."at" FROM known_visits AS x WHERE {known_sql("x")} '
        'AND x."at" >= :since AND x."at" < :until'
    )
    found = conn.execute(query, {"since": since, "until": until, "as_of": as_of})
    return [(str(row[0]), int(row[1])) for row in found]


def kept(conn: sa.Connection, kind: str, begin: str, area: Area | None) -> dict[str, Any] | None:
    """The report of a period as it was written, if it was."""
    query = sa.select(REPORTS.c.content).where(
        REPORTS.c.period == kind, REPORTS.c.begin == begin, REPORTS.c.area == _area(area)
    )
    content = conn.execute(query).scalar()
    if content is None:
        return None
    told: dict[str, Any] = json.loads(content)
    return told


def keep(conn: sa.Connection, report: Mapping[str, Any], area: Area | None, *, now: int) -> bool:
    """Keep a report; False if that period's stands already, as it was."""
    row = {
        "period": report["period"],
        "begin": report["begin"],
        "area": _area(area),
        "recorded_at": now,
        "content": json.dumps(report, ensure_ascii=False, separators=(",", ":")),
    }
    made = inserting(conn, REPORTS).values(**row).on_conflict_do_nothing().returning(REPORTS.c.period)
    return conn.execute(made).first() is not None


def first(conn: sa.Connection) -> int | None:
    """When the first dispute of the store was recorded (µs)."""
    found = conn.execute(sa.text("SELECT MIN(x.recorded_at) FROM known_disputes AS x")).scalar()
    return None if found is None else int(found)


def streets(conn: sa.Connection) -> list[str]:
    """Every street."""
    query = sa.text("SELECT DISTINCT g.street_id FROM known_grids AS g ORDER BY g.street_id")
    return list(conn.execute(query).scalars())


def _area(area: Area | None) -> str:
    return "district" if area is None else str(area)
