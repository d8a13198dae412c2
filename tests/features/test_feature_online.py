"""One case out of a store, read the fast way, gives the bits of the batch whatever came in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
import sqlalchemy as sa
from conformance import District, differing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_districts import (
    START,
    Rows,
    add_dispute,
    add_grid,
    add_outcome,
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
from features.sources import DuckSource, StoreSource

_numbers = count()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def _differing(connection: sa.Connection, one: OneCase, dispute: str, as_of: int) -> set[str]:
    """Columns (and `text`) that the fast way gives otherwise than a batch on the same connection."""
    fast = one.facts(connection, dispute, as_of)
    batch = feature_frame(StoreSource(connection), [dispute], np.array([as_of]))
    wrong = differing(batch[[*COLUMNS]], fast.frame[[*COLUMNS]])
    same_text = batch["text"].item() == fast.frame["text"].item() == fast.document.text
    return wrong if same_text else {*wrong, "text"}


_ONE: dict[str, OneCase] = {}


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
@given(st.data())
def test_any_case_is_the_batch_to_the_bit_though_records_keep_coming(
    store: Store, data: st.DataObject
) -> None:
    rows: Rows = renamed(data.draw(districts()), f"{next(_numbers):04d}-")
    names, moments = data.draw(queries(rows))
    one = _ONE.setdefault(store.url, OneCase())
    with store.snapshot() as connection:
        one.warm(connection, START)
    # First what was recorded by some moment, then the rest: it comes to a state that was read before.
    told = data.draw(st.sampled_from(sorted(moments)))
    first = {table: [row for row in of if row.get("recorded_at", told) <= told] for table, of in rows.items()}
    for known in (first, rows):
        fill(store, known)
        with store.snapshot() as connection:
            for name, moment in list(zip(names, moments, strict=True))[:4]:
                assert _differing(connection, one, name, moment) == set()
    batch = feature_frame(DuckSource(snapshot(rows)), names, np.array(moments))
    for place in range(min(3, len(names))):
        with store.snapshot() as connection:
            facts = one.facts(connection, names[place], moments[place])
        row = batch.iloc[[place]].reset_index(drop=True)
        assert differing(row[[*COLUMNS]], facts.frame[[*COLUMNS]]) == set()
        assert facts.document.text == row["text"].item()


def test_a_dense_district_in_few_round_trips(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    district = District()
    fill(store, district.rows)
    names, moments = district.queries
    batch = feature_frame(district.source, names, np.array(moments))
    one = OneCase()
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
    one = OneCase()
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
    one = OneCase()
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
    one = OneCase()
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
    one = OneCase()
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
    one = OneCase()
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
    one = OneCase()
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


def test_a_measure_that_is_no_count_is_refused_not_guessed() -> None:
    from features.declarations import Aggregate, Entity, Measure

    latest = Measure("grid_disputes", Entity.GRID, Aggregate.LAST, 365, frozenset({"harm"}), not_own=True)
    with pytest.raises(ValueError, match="no count"):
        AreaState([latest])
