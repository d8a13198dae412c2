"""One case out of a store, read the fast way, gives the bits of the batch whatever came in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from conformance import District, differing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_districts import (
    START,
    Rows,
    add_dispute,
    add_event,
    add_grid,
    add_outcome,
    add_person,
    districts,
    empty,
    fill,
    queries,
    renamed,
    snapshot,
)

from docket.store import Store, open_store
from docket.store.merging import merge, unmerge
from docket.times import DAY
from features.catalogue import COLUMNS
from features.frame import feature_frame
from features.online import statements
from features.online.areas import AreaState
from features.online.case import OneCase
from features.online.facts import CaseFacts
from features.online.people import MANY
from features.sources import DuckSource, StoreSource

_numbers = count()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def _differing(connection: sa.Connection, one: OneCase, dispute: str, as_of: int) -> set[str]:
    """Columns (and `text`) that the fast way gives otherwise than a batch on the same connection."""
    batch = feature_frame(StoreSource(connection), [dispute], np.array([as_of]))
    return _unlike(batch, 0, one.facts(connection, dispute, as_of))


def _unlike(batch: pd.DataFrame, place: int, fast: CaseFacts) -> set[str]:
    """Columns (and `text`) that a row of a batch has otherwise."""
    row = batch.iloc[[place]].reset_index(drop=True)
    wrong = differing(row[[*COLUMNS]], fast.frame[[*COLUMNS]])
    same_text = row["text"].item() == fast.frame["text"].item() == fast.document.text
    return wrong if same_text else {*wrong, "text"}


_ONE: dict[tuple[str, int], OneCase] = {}
EVERYBODY = 1
"""Rows from which on a person is kept: whoever is met."""


def _one() -> OneCase:
    return OneCase(many=EVERYBODY)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        # All examples share a store and what is kept of it, each under ids of its own.
        HealthCheck.function_scoped_fixture,
    ],
)
@given(st.data(), st.sampled_from([MANY, EVERYBODY]))
def test_any_case_is_the_batch_to_the_bit_though_records_keep_coming(
    store: Store, data: st.DataObject, many: int
) -> None:
    rows: Rows = renamed(data.draw(districts()), f"{next(_numbers):04d}-")
    names, moments = data.draw(queries(rows))
    one = _ONE.setdefault((store.url, many), OneCase(many=many))
    with store.snapshot() as connection:
        one.warm(connection, START)
    # First what was recorded by some moment, then the rest: it comes to a state that was read before.
    told = data.draw(st.sampled_from(sorted(moments)))
    first = {table: [row for row in of if row.get("recorded_at", told) <= told] for table, of in rows.items()}
    for known in (first, rows):
        fill(store, known)
        _meet(store, one, rows)
        with store.snapshot() as connection:
            asked = dict(zip(names, moments, strict=True))
            together = one.facts_of(connection, asked)
            batch = feature_frame(StoreSource(connection), [*asked], np.array([*asked.values()]))
            for place, (name, moment) in enumerate(asked.items()):
                assert _unlike(batch, place, together[name]) == set()
                if place < 4:
                    assert _unlike(batch, place, one.facts(connection, name, moment)) == set()
    batch = feature_frame(DuckSource(snapshot(rows)), names, np.array(moments))
    for place in range(min(3, len(names))):
        with store.snapshot() as connection:
            assert _unlike(batch, place, one.facts(connection, names[place], moments[place])) == set()


def _meet(store: Store, one: OneCase, rows: Rows) -> None:
    """Of those whom a case meets, one is read along with the next."""
    for dispute in [row["dispute_id"] for row in rows["disputes"]] * 2:
        with store.snapshot() as connection:
            one.facts(connection, dispute, START)


def test_a_dense_district_in_few_round_trips(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    district = District()
    fill(store, district.rows)
    names, moments = district.queries
    batch = feature_frame(district.source, names, np.array(moments))
    one = OneCase(many=10_000)  # to read somebody who is to be kept is a trip of its own
    with store.snapshot() as connection:
        one.warm(connection, min(moments))
    trips: list[int] = []
    read = statements.Reader.read

    def counted(self: statements.Reader, selects: list[statements.Select]) -> list[statements.Rows]:
        trips[-1] += 1
        return read(self, selects)

    monkeypatch.setattr(statements.Reader, "read", counted)
    monkeypatch.setattr("features.online.case._from_store", _refuse)
    for place in range(0, len(names), 5):
        trips.append(0)
        with store.snapshot() as connection:
            facts = one.facts(connection, names[place], moments[place])
        row = batch.iloc[[place]].reset_index(drop=True)
        assert differing(row[[*COLUMNS]], facts.frame[[*COLUMNS]]) == set()
    assert max(trips) <= 3


def _refuse(*_: object) -> None:
    raise AssertionError("counted from the store what the state should have told")


def test_a_moment_before_what_is_kept_is_counted_from_the_store(store: Store) -> None:
    district = District()
    fill(store, district.rows)
    names, moments = district.queries
    one = _one()
    with store.snapshot() as connection:
        one.warm(connection, max(moments) + 400 * DAY)
        for place in range(0, len(names), 11):
            assert _differing(connection, one, names[place], moments[place]) == set()


def _quarter() -> Rows:
    """Two grids in a street, forty disputes, harm in a few."""
    rows = empty()
    add_grid(rows, "g0")
    add_grid(rows, "g1")
    for number in range(40):
        known = START + number * DAY
        add_dispute(rows, f"d{number:02d}", known, known, grid=f"g{number % 2}")
        if number % 7 == 0:
            add_outcome(rows, f"o{number:02d}", f"d{number:02d}", known + DAY, known + 2 * DAY)
    return rows


@pytest.fixture
def quarter(store: Store) -> Store:
    fill(store, _quarter())
    return store


AS_OF = START + 60 * DAY
HARM = "street_harm_rate"


def _harm(rows: Rows, number: int) -> Rows:
    add_outcome(rows, f"new{number}", f"d{number:02d}", START + 50 * DAY, START + 51 * DAY)
    return rows


def test_who_reads_an_older_state_of_the_store_is_told_of_that_one(quarter: Store) -> None:
    one = _one()
    with quarter.snapshot() as older:
        before = one.facts(older, "d39", AS_OF).frame[HARM].item()
        fill(quarter, _harm(empty(), 3))
        with quarter.snapshot() as newer:
            after = one.facts(newer, "d39", AS_OF).frame[HARM].item()
        assert after > before
        assert one.facts(older, "d39", AS_OF).frame[HARM].item() == before
        assert _differing(older, one, "d39", AS_OF) == set()


def test_a_row_that_appears_after_one_with_a_higher_number_is_taken_in(postgres_url: str) -> None:
    # Only there: on SQLite one transaction writes at a time.
    quarter = open_store(postgres_url)
    fill(quarter, _quarter())
    one = _one()
    with quarter.snapshot() as connection:
        one.warm(connection, AS_OF)
    columns = (
        "outcome_id, dispute_id, at, recorded_at, kind, severity, row_digest, ingested_at, via, learned_at"
    )
    insert = sa.text(
        f"INSERT INTO outcomes ({columns}) VALUES (:o, :d, :at, :at, 'violence', 3, :o, 0, 'api', :at)"
    )
    happened = START + 50 * DAY
    with quarter.begin() as slow:
        slow.execute(insert, {"o": "slow", "d": "d05", "at": happened})
        with quarter.begin() as quick:
            quick.execute(insert, {"o": "quick", "d": "d06", "at": happened})
        with quarter.snapshot() as connection:
            assert _differing(connection, one, "d39", AS_OF) == set()
    with quarter.snapshot() as connection:
        assert _differing(connection, one, "d39", AS_OF) == set()
    quarter.close()


def test_a_grid_that_moves_to_another_street_takes_its_disputes_along(quarter: Store) -> None:
    one = _one()
    with quarter.snapshot() as connection:
        before = one.facts(connection, "d39", AS_OF).frame["street_disputes_30d"].item()
    with quarter.begin() as connection:
        connection.execute(sa.text("UPDATE grids SET replaced_at = 1 WHERE grid_id = 'g0'"))
        listed = (
            "grid_name, community_id, community_name, street_name, lon, lat, row_digest, ingested_at, via"
        )
        connection.execute(
            sa.text(
                f"INSERT INTO grids (grid_id, street_id, {listed}) SELECT grid_id, 'far', {listed} FROM grids "
                "WHERE grid_id = 'g0'"
            )
        )
    with quarter.snapshot() as connection:
        assert _differing(connection, one, "d39", AS_OF) == set()
        assert one.facts(connection, "d39", AS_OF).frame["street_disputes_30d"].item() < before


def test_a_merge_and_its_undoing_change_the_areas_that_are_kept(quarter: Store) -> None:
    one = _one()
    counts = []
    for number, change in enumerate((None, merge, unmerge)):
        with quarter.begin() as connection:
            now = START + (55 + number) * DAY
            if change is merge:
                merge(connection, "d35", "d36", by="someone", reason="the same", now=now)
            elif change is unmerge:
                unmerge(connection, "d35", by="someone", reason="not the same", now=now)
        with quarter.snapshot() as connection:
            assert _differing(connection, one, "d39", AS_OF) == set()
            counts.append(one.facts(connection, "d39", AS_OF).frame["street_disputes_30d"].item())
    assert counts[0] == counts[1] + 1 == counts[2]


def test_cases_scored_while_others_write_are_each_of_one_state(quarter: Store) -> None:
    one = _one()
    wrong: list[set[str]] = []
    done = threading.Event()

    def write() -> None:
        for number in range(1, 38):
            fill(quarter, _harm(empty(), number))
        done.set()

    def score() -> None:
        while not done.is_set():
            with quarter.snapshot() as connection:
                found = _differing(connection, one, "d39", AS_OF)
                if found:
                    wrong.append(found)

    threads = [threading.Thread(target=target) for target in (write, score, score)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    with quarter.snapshot() as connection:
        assert _differing(connection, one, "d39", AS_OF) == set()


KIN = ("p0", "p1", "p2", "p3")


@pytest.fixture
def kin(store: Store) -> Store:
    """Four people who keep meeting each other, and one who was never party to anything."""
    rows = empty()
    add_grid(rows, "g0")
    for person in (*KIN, "stranger"):
        add_person(rows, person, "g0")
    for number in range(24):
        known = START + number * DAY
        one, other = KIN[number % 4], KIN[(number + 1 + number // 8) % 4]
        relation = "spouse" if number % 5 == 0 else "neighbour"
        parties = [(one, "applicant"), (other, "respondent")]
        add_dispute(rows, f"d{number:02d}", known, known, parties, relation=relation)
        add_event(rows, f"e{number:02d}", f"d{number:02d}", known, known + DAY, "repeat_report")
    _entry(rows, "k", "p2", "d10", START + 11 * DAY)
    fill(store, rows)
    return store


def _entry(rows: Rows, entry: str, person: str, dispute: str, recorded_at: int) -> None:
    rows["registry"].append(
        {
            "entry_id": entry,
            "person_id": person,
            "dispute_id": dispute,
            "category": "divorce",
            "entered_at": START + 5 * DAY,
            "recorded_at": recorded_at,
        }
    )


def _visit(rows: Rows, visit: str, person: str, recorded_at: int) -> None:
    rows["visits"].append(
        {
            "visit_id": visit,
            "person_id": person,
            "worker_id": "w0",
            "at": recorded_at,
            "recorded_at": recorded_at,
            "contact": True,
            "finding": "worse",
            "text": "关起门来骂",
        }
    )


def _new_dispute(rows: Rows, later: int) -> None:
    add_dispute(rows, "new", later, later, [("p0", "respondent"), ("stranger", "applicant")], kind="domestic")


def _party_leaves(rows: Rows, later: int) -> None:
    rows["parties"].append(
        {
            "dispute_id": "d20",
            "person_id": "p0",
            "role": "applicant",
            "relation": "neighbour",
            "recorded_at": later,
            "withdrawn": True,
        }
    )


def _entry_is_removed(rows: Rows, later: int) -> None:
    _entry(rows, "k", "p2", "d10", later)
    rows["registry"][-1]["withdrawn"] = True


def _event_moves(rows: Rows, later: int) -> None:
    add_event(rows, "e03", "d04", START, later, "agreement_breached")


CHANGES = {
    "a dispute": _new_dispute,
    "a party is withdrawn": _party_leaves,
    "with an authority after all": lambda rows, later: add_dispute(
        rows, "d09", START + 9 * DAY, later, [("p2", "respondent")], relation="authority"
    ),
    "an event": lambda rows, later: add_event(rows, "new", "d02", later, later, "repeat_report"),
    "an event moves to another dispute": _event_moves,
    "an outcome": lambda rows, later: add_outcome(rows, "o", "d01", later - DAY, later),
    "an entry": lambda rows, later: _entry(rows, "r", "p1", "d05", later),
    "an entry for who isn't party": lambda rows, later: _entry(rows, "r", "p3", "d00", later),
    "an entry is removed": _entry_is_removed,
    "a visit": lambda rows, later: _visit(rows, "v", "p0", later),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_told_of_those_who_are_kept_is_taken_in(kin: Store, change: str) -> None:
    one = _one()
    asked = [(f"d{number:02d}", START + 60 * DAY) for number in (21, 22, 23)]
    rows = empty()
    rows["workers"].append({"worker_id": "w0", "grid_id": "g0", "role": "mediator", "daily_visits": 3})
    with kin.snapshot() as older:
        one.warm(older, START + 60 * DAY)
        before = [one.facts(older, *case) for case in asked]
        CHANGES[change](rows, START + 40 * DAY)
        fill(kin, rows)
        with kin.snapshot() as newer:
            after = [one.facts(newer, *case) for case in asked]
            assert [_differing(newer, one, *case) for case in asked] == [set()] * 3
        # Who still reads the older state of the store is told of that one.
        assert [_differing(older, one, *case) for case in asked] == [set()] * 3
    changed = [
        set(a.frame.columns[(a.frame != b.frame).iloc[0] & ~(a.frame.isna() & b.frame.isna()).iloc[0]])
        for a, b in zip(before, after, strict=True)
    ]
    assert any(changed), "the change shows in no case: it tests nothing"


def test_a_kept_person_is_not_read_again(kin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one = _one()
    with kin.snapshot() as connection:
        one.warm(connection, AS_OF)
    by_person: list[str] = []
    read = statements.Reader.read

    def noted(self: statements.Reader, selects: list[statements.Select]) -> list[statements.Rows]:
        for select in selects:
            columns = select.narrowing.columns if isinstance(select, statements.Select) else ()
            if columns and columns[0].endswith("person_id") and "b.person_id" not in columns:
                by_person.extend(select.narrowing.values[0])
        return read(self, selects)

    monkeypatch.setattr(statements.Reader, "read", noted)
    with kin.snapshot() as connection:
        one.facts(connection, "d21", AS_OF)
        assert by_person == []
        OneCase().facts(connection, "d21", AS_OF)
    assert set(by_person) == set(KIN)


def test_those_asked_for_longest_ago_make_room(kin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.online.people.MOST_ROWS", 150)
    one = _one()
    with kin.snapshot() as connection:
        one.warm(connection, AS_OF)
        for number in range(24):
            assert _differing(connection, one, f"d{number:02d}", AS_OF) == set()
    assert 0 < one.people_kept < len(KIN)


def test_a_measure_that_is_no_count_is_refused_not_guessed() -> None:
    from features.declarations import Aggregate, Entity, Measure

    latest = Measure("grid_disputes", Entity.GRID, Aggregate.LAST, 365, frozenset({"harm"}), not_own=True)
    with pytest.raises(ValueError, match="no count"):
        AreaState([latest])
