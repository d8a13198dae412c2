"""Making a report of a period from the store, and keeping it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from statistics import median
from typing import Any, Final

import sqlalchemy as sa

from docket.keys import Area, Key
from docket.times import DAY, HOUR, local_day, now_micros, rfc3339
from docket.urging import LEVELS
from models.assessment import CLASSIFY, RESPOND
from models.policy import COLOURS, exact_interval, exact_rate
from serving.audit.service import viewed
from serving.deadlines.service import MET_BY
from serving.reports import figures, repository
from serving.reports.periods import Period
from serving.state import State

Row = Mapping[str, Any]
BELOW: Final = {None: "street", "street": "community", "community": "grid", "grid": "grid"}
"""Into which parts a report of each kind of area is divided."""
_YEAR: Final = 365.25
_HOT_DAYS: Final = 28
"""Where it is hot is asked of four weeks or more: of a day no grid's count says it."""
_SURE: Final = 0.95
_HOTTEST: Final = 10
_DUE: Final = {"respond": RESPOND, "classify": CLASSIFY}


def report(state: State, key: Key, period: Period, area: Area | None) -> dict[str, Any]:
    """The report of a period as it was written, else made now.

    Parameters
    ----------
    area
        Within the key's; None: the key's own.
    """
    where = key.area if area is None else area
    with state.store.snapshot() as conn:
        told = repository.kept(conn, period.kind, period.begin.isoformat(), where)
        if told is None:
            told = {**made(conn, period, where, now_micros()), "written": False}
    viewed(state, (), f"report {period.kind} {period.begin}")
    return told


def lies_within(state: State, area: Area, outer: Area | None) -> bool:
    """Whether an area is there, and all of it lies in another."""
    with state.store.snapshot() as conn:
        grids = repository.rows(conn, "areas", area)
    return bool(grids) and (outer is None or all(row[outer.column] == outer.id for row in grids))


def made(conn: sa.Connection, period: Period, area: Area | None, as_of: int) -> dict[str, Any]:
    """The report of a period with what is known at a moment (µs)."""
    since, until = period.micros
    earliest = min(one.micros[0] for one in [*period.baseline(), _hot(period)])
    areas = repository.rows(conn, "areas", area)
    begun = repository.first(conn)
    # Of a time before the records began nothing is known: it isn't compared with.
    earlier = [one for one in period.baseline() if begun is not None and one.micros[0] >= begun]
    days = max(min(until, as_of) - since, HOUR) / DAY  # of a period that hasn't ended, until now
    ask = {"as_of": as_of, "since": earliest, "until": until}
    intake = repository.rows(conn, "intake", area, **ask)
    harms = repository.rows(conn, "outcomes", area, **ask)
    here = [row for row in intake if row["first_recorded"] >= since]
    now = {"as_of": as_of, "since": since, "until": until}
    dates = {"as_of": as_of, "first": period.begin.isoformat(), "last": period.end.isoformat()}
    parts: dict[str, list[dict[str, Any]]] = {
        "intake": here,
        "mediated": repository.rows(conn, "mediated", area, **now),
        "filed": repository.rows(conn, "filed", area, **now),
        "visits": repository.rows(conn, "visits", area, **now),
        "places": repository.rows(conn, "places", area, **dates),
        "open": repository.rows(conn, "open", area, **now),
    }
    met = repository.met(conn, MET_BY, **now)
    paid = {(person, local_day(at).isoformat()) for person, at in repository.paid(conn, **now)}
    return {
        "period": period.kind,
        "begin": period.begin.isoformat(),
        "end": period.end.isoformat(),
        "area": None if area is None else str(area),
        "area_name": _name(areas, area),
        "as_of": rfc3339(as_of),
        "complete": until <= as_of,
        "changes": _changes(period, earlier, days, intake, harms),
        "doors": _counted(row["source"] for row in here),
        "hot": _heats(areas, intake, _hot(period)),
        "open": _open(parts["open"]),
        "urged": _urged(repository.rows(conn, "urged", area, **now)),
        "red_slips": _slips(repository.rows(conn, "slips", area, **now), since, until, as_of),
        "indicators": _indicators(parts, areas, days, met, paid, as_of),
        "rounds": _rounds(parts, areas, area, days, met, paid, as_of),
    }


def _hot(period: Period) -> Period:
    """The time that hot spots are looked for in: the period, or the four weeks to its end."""
    if period.days >= _HOT_DAYS:
        return period
    return Period(period.kind, date.fromordinal(period.end.toordinal() - _HOT_DAYS), period.end)


def _name(areas: Sequence[Row], area: Area | None) -> str | None:
    return None if area is None or not areas else str(areas[0][f"{area.kind}_name"])


def _counted(found: Any) -> list[dict[str, Any]]:
    counts = Counter(found)
    return [
        {"code": code, "count": n} for code, n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _changes(
    period: Period, earlier: Sequence[Period], days: float, intake: Sequence[Row], harms: Sequence[Row]
) -> list[dict[str, Any]]:
    """Counts of the period beside the earlier ones: all cases, each kind of dispute, each kind of harm."""
    lines: list[tuple[str, str | None, list[int]]] = [
        ("cases", None, [row["first_recorded"] for row in intake]),
        ("harms", None, [row["at"] for row in harms]),
    ]
    for what, rows, at in (("kind", intake, "first_recorded"), ("outcome", harms, "at")):
        by_code = {
            code: [row[at] for row in rows if row["kind"] == code] for code in {row["kind"] for row in rows}
        }
        often = sorted(by_code, key=lambda code: (-_within(by_code[code], period), code))
        lines += [(what, code, by_code[code]) for code in often]
    found = []
    for _, _, moments in lines:
        counts = [_within(moments, one) for one in [period, *earlier]]
        found.append(figures.change(counts[0], days, counts[1:], [one.days for one in earlier]))
    return [
        {
            "what": what,
            "code": code,
            "count": one.count,
            "usual": one.usual,
            "ratio": one.ratio,
            "low": one.low,
            "high": one.high,
            "news": is_news,
        }
        for (what, code, _), one, is_news in zip(lines, found, _news(lines, found), strict=True)
    ]


def _news(lines: Sequence[tuple[str, str | None, Any]], found: Sequence[figures.Change]) -> list[bool]:
    """Which lines changed: the two totals are asked first, each kind among its likes."""
    told = [False] * len(lines)
    for family in (("cases", "harms"), ("kind",), ("outcome",)):
        places = [place for place, line in enumerate(lines) if line[0] in family]
        for place, is_news in zip(places, figures.news([found[place] for place in places]), strict=True):
            told[place] = is_news
    return told


def _within(moments: Sequence[int], period: Period) -> int:
    since, until = period.micros
    return sum(since <= at < until for at in moments)


def _heats(areas: Sequence[Row], intake: Sequence[Row], period: Period) -> dict[str, Any]:
    """Grids whose rate of cases is above that of the whole; beside people where they are known for all."""
    counts = Counter(
        row["grid_id"] for row in intake if period.micros[0] <= row["first_recorded"] < period.micros[1]
    )
    by_people = bool(areas) and all(row["population"] for row in areas)
    before = Counter(row["grid_id"] for row in intake if row["first_recorded"] < period.micros[0])
    weights = [row["population"] if by_people else before[row["grid_id"]] + 0.5 for row in areas]
    total, all_of_it = sum(counts.values()), sum(weights)
    expected = [max(total, 1) * weight / all_of_it for weight in weights]
    found = figures.heats([counts[row["grid_id"]] for row in areas], expected)
    told = [
        {
            "grid_id": row["grid_id"],
            "grid_name": row["grid_name"],
            "community_name": row["community_name"],
            "count": counts[row["grid_id"]],
            "expected": usual,
            "ratio": heat.ratio,
            "low": heat.low,
            "high": heat.high,
            "sure": heat.hot,
        }
        for row, usual, heat in zip(areas, expected, found, strict=True)
        if heat.hot >= _SURE
    ]
    hottest = sorted(told, key=lambda one: (-one["ratio"], one["grid_id"]))[:_HOTTEST]
    return {
        "begin": period.begin.isoformat(),
        "end": period.end.isoformat(),
        "by": "population" if by_people else "earlier",
        "grids": len(areas),
        "hottest": hottest,
    }


def _open(rows: Sequence[Row]) -> dict[str, Any]:
    """Open cases by colour, and what of them is overdue by which deadline comes first."""
    by_colour = [
        {
            "colour": colour,
            **{
                name: sum(int(row[name]) for row in rows if row["colour"] == colour)
                for name in ("cases", "overdue", "undecided")
            },
        }
        for colour in reversed(COLOURS)
    ]
    late: Counter[str] = Counter()
    for row in rows:
        if row["due_kind"] is not None:
            late[row["due_kind"]] += int(row["overdue"])
    return {"by_colour": by_colour, "overdue": dict(sorted(late.items()))}


def _urged(rows: Sequence[Row]) -> dict[str, int]:
    """How many steps beyond the reminder each level was sent."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["level"]] += 0 if row["step"] == "before" else int(row["n"])
    return {level: counts[level] for level in LEVELS}


def _slips(rows: Sequence[Row], since: int, until: int, as_of: int) -> dict[str, Any]:
    """Red slips (督办单) that were issued in the period or are open, and how they go."""
    mine = [row for row in rows if row["issued_at"] < until]
    issued = [row for row in mine if row["issued_at"] >= since]
    closed = [row for row in mine if row["closed_at"] is not None and since <= row["closed_at"] < until]
    still = [row for row in mine if row["state"] != "closed"]
    waits = [
        (row["acknowledged_at"] - row["issued_at"]) / HOUR
        for row in issued
        if row["acknowledged_at"] is not None
    ]
    names = ("slip_id", "dispute_id", "unit", "state", "kind", "grid_name", "community_name")
    return {
        "issued": len(issued),
        "closed": len(closed),
        "open": len(still),
        "hours_to_acknowledge": median(waits) if waits else None,
        "slips": [
            {
                **{name: row[name] for name in names},
                "issued_at": rfc3339(row["issued_at"]),
                "days": (as_of - row["issued_at"]) / DAY,
            }
            for row in sorted(still, key=lambda row: (row["issued_at"], row["slip_id"]))
        ],
    }


def _share(hits: int, n: int) -> dict[str, Any]:
    low, high = exact_interval(hits, n)
    return {"hits": hits, "n": n, "share": hits / n if n else None, "low": low, "high": high}


def _indicators(
    parts: Mapping[str, Sequence[Row]],
    areas: Sequence[Row],
    days: float,
    met: Mapping[str, Mapping[str, int]],
    paid: set[tuple[str, str]],
    as_of: int,
) -> dict[str, Any]:
    """万人成讼率 and 诉前调解成功率, and how many deadlines and places on lists were kept."""
    filed, people = len(parts["filed"]), [row["population"] for row in areas]
    court: dict[str, Any] = {"filed": filed, "population": None, "rate": None, "low": None, "high": None}
    if people and all(people):
        low, high = exact_rate(filed, days)
        a_year = _YEAR / sum(people) * 10_000
        court |= {"population": sum(people), "rate": filed / days * a_year}
        court |= {"low": low * a_year, "high": high * a_year}
    agreed = sum(row["kind"] == "agreement" for row in parts["mediated"])
    kept = sum((row["person_id"], row["date"]) in paid for row in parts["places"])
    return {
        "court": court,
        "mediation": _share(agreed, len(parts["mediated"])),
        **{kind: _in_time(kind, parts["intake"], met[kind], as_of) for kind in _DUE},
        "visits": _share(kept, len(parts["places"])),
        "visits_paid": len(parts["visits"]),
    }


def _in_time(kind: str, intake: Sequence[Row], met: Mapping[str, int], as_of: int) -> dict[str, Any]:
    """How many of the cases whose deadline has come by now met it."""
    due = [(row["dispute_id"], row["first_recorded"] + _DUE[kind]) for row in intake]
    come = [(name, at) for name, at in due if at <= as_of or name in met]
    return _share(sum(name in met and met[name] <= at for name, at in come), len(come))


def _rounds(
    parts: Mapping[str, Sequence[Row]],
    areas: Sequence[Row],
    area: Area | None,
    days: float,
    met: Mapping[str, Mapping[str, int]],
    paid: set[tuple[str, str]],
    as_of: int,
) -> list[dict[str, Any]]:
    """The same for each part of the area, side by side: what is gone through by day, week, month and year."""
    below = BELOW[None if area is None else area.kind]
    column = f"{below}_id"
    found = []
    for name in dict.fromkeys(row[column] for row in areas):
        inside: Callable[[Row], bool] = lambda row, name=name: row[column] == name  # type: ignore[misc] # noqa: E731
        theirs = [row for row in areas if inside(row)]
        mine = {part: [row for row in rows if inside(row)] for part, rows in parts.items()}
        found.append(
            {
                "area": f"{below}:{name}",
                "name": theirs[0][f"{below}_name"],
                "cases": len(mine["intake"]),
                "open": sum(int(row["cases"]) for row in mine["open"]),
                "red": sum(int(row["cases"]) for row in mine["open"] if row["colour"] == "red"),
                "overdue": sum(int(row["overdue"]) for row in mine["open"]),
                **_indicators(mine, theirs, days, met, paid, as_of),
            }
        )
    return found
