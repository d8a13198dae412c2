"""Small districts out of rows written by hand or drawn by hypothesis."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from docket.contract import BY_NAME, OPEN_TABLES
from docket.contract.enumerations import (
    DISPUTE_KINDS,
    EVENT_KINDS,
    FINDINGS,
    OUTCOME_KINDS,
    PARTY_ROLES,
    REGISTRY_CATEGORIES,
    RELATIONS,
    SOURCES,
)
from docket.parsing import arrow_schema
from docket.snapshot import Snapshot
from docket.store import Store
from docket.store.writing import append
from docket.times import DAY, HOUR, LOCAL, to_micros
from docket.versions import with_exclusions, with_supersession

Row = dict[str, Any]
Rows = dict[str, list[Row]]
START = to_micros(datetime(2023, 3, 1, 9, 30, tzinfo=LOCAL))


def empty() -> Rows:
    return {table.name: [] for table in OPEN_TABLES}


def snapshot(rows: Rows) -> Snapshot:
    """The rows as `Snapshot.from_folder` would hold them, texts taken as prepared already."""
    tables = {}
    for table in OPEN_TABLES:
        schema = arrow_schema(table)
        filled = [{name: row.get(name) for name in schema.names} for row in rows[table.name]]
        tables[table.name] = with_supersession(pa.Table.from_pylist(filled, schema), table)
    return Snapshot(with_exclusions(tables), lambda dispute_id, as_of: "")


def cut(rows: Rows, as_of: int) -> Rows:
    """Only what was recorded by `as_of`, leavings learned later taken out."""
    kept = empty()
    for name, table in BY_NAME.items():
        if name not in rows:
            continue
        for row in map(dict, rows[name]):
            if table.versioned and row["recorded_at"] > as_of:
                continue
            if row.get("left_at") is not None:
                learned = max(row["left_at"], row.get("left_recorded_at") or row["left_at"])
                if learned > as_of:
                    row["left_at"] = row["left_recorded_at"] = None
            kept[name].append(row)
    return kept


def renamed(rows: Rows, prefix: str) -> Rows:
    """The same district under other ids, in the same order."""
    return {
        name: [
            {
                column: f"{prefix}{value}" if column.endswith("_id") and value is not None else value
                for column, value in row.items()
            }
            for row in found
        ]
        for name, found in rows.items()
    }


def fill(store: Store, rows: Rows) -> None:
    """Add the rows to a store, as loads would bring them: corrections after what they correct."""
    with store.begin() as connection:
        for table in OPEN_TABLES:
            found = sorted(rows[table.name], key=lambda row: row.get("recorded_at", 0))
            names = table.names
            whole = [{name: row.get(name) for name in names} for row in found]
            done = append(connection, table.name, whole, ingested_at=START, via="load")
            assert done.faults == []


def add_grid(rows: Rows, grid: str, community: str = "c0", street: str = "s0") -> None:
    rows["grids"].append(
        {
            "grid_id": grid,
            "grid_name": grid,
            "community_id": community,
            "community_name": community,
            "street_id": street,
            "street_name": street,
            "lon": 103.8,
            "lat": 36.1,
        }
    )


def add_person(rows: Rows, person: str, grid: str, recorded_at: int = START - 400 * DAY) -> None:
    rows["persons"].append(
        {
            "person_id": person,
            "birth_year": 1980,
            "sex": "unknown",
            "grid_id": grid,
            "recorded_at": recorded_at,
        }
    )


def add_dispute(
    rows: Rows,
    dispute: str,
    opened_at: int,
    recorded_at: int,
    parties: Iterable[tuple[str, str]] = (),
    *,
    kind: str = "neighbour",
    grid: str = "g0",
    relation: str = "neighbour",
    source: str = "walk_in",
    amount: float | None = None,
) -> None:
    rows["disputes"].append(
        {
            "dispute_id": dispute,
            "opened_at": opened_at,
            "recorded_at": recorded_at,
            "source": source,
            "kind": kind,
            "grid_id": grid,
            "text": f"{dispute}的经过",
            "amount_cny": amount,
        }
    )
    for person, role in parties:
        rows["parties"].append(
            {
                "dispute_id": dispute,
                "person_id": person,
                "role": role,
                "relation": relation,
                "recorded_at": recorded_at,
            }
        )


def add_event(rows: Rows, event: str, dispute: str, at: int, recorded_at: int, kind: str) -> None:
    rows["events"].append(
        {
            "event_id": event,
            "dispute_id": dispute,
            "at": at,
            "recorded_at": recorded_at,
            "kind": kind,
            "text": None,
            "source": None,
        }
    )


def add_outcome(
    rows: Rows,
    outcome: str,
    dispute: str,
    at: int,
    recorded_at: int,
    kind: str = "violence",
    severity: int = 3,
) -> None:
    rows["outcomes"].append(
        {
            "outcome_id": outcome,
            "dispute_id": dispute,
            "at": at,
            "recorded_at": recorded_at,
            "kind": kind,
            "severity": severity,
        }
    )


# Moments are whole steps, so that ties, and queries that fall exactly on a window's edge, are common.
STEP = 30 * DAY // 4
_steps = st.integers(0, 70)
_lag = st.sampled_from([0, 0, 0, 1, 1, 2, 5, 13, 49])
PEOPLE = ("p0", "p1", "p2", "p3")
GRIDS = (("g0", "c0", "s0"), ("g1", "c0", "s0"), ("g2", "c1", "s0"), ("g3", "c2", "s1"))


@st.composite
def districts(draw: st.DrawFn) -> Rows:
    """A few disputes among few people: late rows, ties, corrections, several persons in a role."""
    rows = empty()
    for grid in GRIDS:
        add_grid(rows, *grid)
    rows["workers"].append({"worker_id": "w0", "grid_id": "g0", "role": "mediator", "daily_visits": 3})
    for person in PEOPLE:
        add_person(rows, person, "g0")
    names = [f"d{number}" for number in range(draw(st.integers(1, 6)))]
    for name in names:
        _draw_dispute(draw, rows, name)
    for number in range(draw(st.integers(0, 10))):
        at, known = _times(draw)
        dispute = draw(st.sampled_from(names))
        add_event(rows, f"e{number}", dispute, at, known, draw(st.sampled_from(EVENT_KINDS)))
        rows["events"][-1]["text"] = draw(st.sampled_from([None, "又吵了一次"]))
        rows["events"][-1]["source"] = draw(st.sampled_from([None, "police_110", "walk_in"]))
    for number in range(draw(st.integers(0, 6))):
        at, known = _times(draw)
        kind, severity = draw(st.sampled_from(OUTCOME_KINDS)), draw(st.integers(1, 5))
        add_outcome(rows, f"o{number}", draw(st.sampled_from(names)), at, known, kind, severity)
    for number in range(draw(st.integers(0, 5))):
        at, known = _times(draw)
        rows["visits"].append(
            {
                "visit_id": f"v{number}",
                "person_id": draw(st.sampled_from(PEOPLE)),
                "worker_id": "w0",
                "at": at,
                "recorded_at": known,
                "contact": draw(st.booleans()),
                "finding": draw(st.sampled_from(FINDINGS)),
                "text": draw(st.sampled_from([None, "情绪平稳"])),
            }
        )
    for number in range(draw(st.integers(0, 4))):
        at, known = _times(draw)
        left = draw(st.none() | st.integers(0, 30))
        learned = draw(st.none() | st.integers(0, 20)) if left is not None else None
        rows["registry"].append(
            {
                "entry_id": f"r{number}",
                "person_id": draw(st.sampled_from(PEOPLE)),
                "dispute_id": draw(st.sampled_from(names)),
                "category": draw(st.sampled_from(REGISTRY_CATEGORIES)),
                "entered_at": at,
                "recorded_at": known,
                "left_at": None if left is None else at + left * STEP,
                "left_recorded_at": None if learned is None or left is None else at + (left + learned) * STEP,
            }
        )
    for name in ("disputes", "parties", "events", "outcomes", "visits", "registry"):
        for row in list(rows[name]):
            if draw(st.integers(0, 5)) == 0:
                rows[name].append(_correction(draw, name, row))
    return rows


def _times(draw: st.DrawFn) -> tuple[int, int]:
    at = draw(_steps)
    return START + at * STEP, START + (at + draw(_lag)) * STEP


def _draw_dispute(draw: st.DrawFn, rows: Rows, name: str) -> None:
    opened, known = _times(draw)
    grid = draw(st.sampled_from(GRIDS))[0]
    add_dispute(
        rows,
        name,
        opened + draw(st.sampled_from([0, -HOUR, -14 * HOUR])),
        known,
        kind=draw(st.sampled_from(DISPUTE_KINDS)),
        grid=grid,
        source=draw(st.sampled_from(SOURCES)),
        amount=draw(st.sampled_from([None, 0.0, 99.5, 120_000.0])),
    )
    for person, role in draw(
        st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PARTY_ROLES)), max_size=4, unique=True)
    ):
        rows["parties"].append(
            {
                "dispute_id": name,
                "person_id": person,
                "role": role,
                # An authority now and then, else every dispute would be left out.
                "relation": draw(st.sampled_from([*RELATIONS, "neighbour", "spouse", "family", "stranger"])),
                "recorded_at": known + draw(st.sampled_from([0, 0, 0, STEP])),
            }
        )


def _correction(draw: st.DrawFn, name: str, row: Row) -> Row:
    later = copy.copy(row)
    later["recorded_at"] += draw(st.sampled_from([1, STEP, 7 * STEP]))
    if name in ("disputes", "parties", "events", "registry") and draw(st.integers(0, 3)) == 0:
        return later | {"withdrawn": True}
    other = st.sampled_from
    if name == "disputes":
        later |= {"kind": draw(other(DISPUTE_KINDS)), "grid_id": draw(other(GRIDS))[0]}
        later |= {
            "amount_cny": draw(other([None, 7.0])),
            "opened_at": later["opened_at"] - draw(other([0, DAY])),
        }
    elif name == "parties":
        later["relation"] = draw(other(RELATIONS))
    elif name == "events":
        later |= {"kind": draw(other(EVENT_KINDS)), "at": later["at"] - draw(st.integers(0, 2)) * DAY}
    elif name == "outcomes":
        later |= {"severity": draw(st.integers(1, 5)), "kind": draw(other(OUTCOME_KINDS))}
    elif name == "visits":
        later["finding"] = draw(other(FINDINGS))
    else:
        later["left_at"] = draw(st.none() | st.just(later["recorded_at"]))
        later["left_recorded_at"] = None
    return later


@st.composite
def queries(draw: st.DrawFn, rows: Rows) -> tuple[list[str], list[int]]:
    """Moments of its disputes: at intake, on a step, between, before anything is known, long after."""
    asked = []
    for row in rows["disputes"]:
        for _ in range(draw(st.integers(1, 3))):
            shift = draw(st.sampled_from([0, 0, 1, STEP, 4 * STEP, 49 * STEP, 3000 * DAY, -1]))
            asked.append((row["dispute_id"], row["recorded_at"] + shift))
    asked = draw(st.permutations(asked))
    return [dispute for dispute, _ in asked], [moment for _, moment in asked]
