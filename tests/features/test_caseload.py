"""Whom the district looks after: the same whether asked for by grid or by person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_districts import districts, fill, renamed

from docket import caseload
from docket.store import Store, open_store

_numbers = count()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(st.data())
def test_matters_and_visits_of_people_are_those_of_their_grids(store: Store, data: st.DataObject) -> None:
    rows = renamed(data.draw(districts()), f"{next(_numbers):04d}-")
    fill(store, rows)
    grids = [row["grid_id"] for row in rows["grids"]]
    everybody = sorted({row["person_id"] for row in rows["persons"]})
    people = data.draw(st.lists(st.sampled_from(everybody), min_size=1, unique=True))
    known = sorted({row["recorded_at"] for found in rows.values() for row in found if "recorded_at" in row})
    moment = data.draw(st.sampled_from(known))
    with store.snapshot() as conn:
        for by_grid, by_person in (
            (caseload.matters(conn, moment, grids), caseload.matters_of(conn, moment, people)),
            (caseload.visits_paid(conn, moment, grids), caseload.visits_paid_to(conn, moment, people)),
        ):
            theirs = by_grid[by_grid["person_id"].isin(people)]
            # what isn't there is None in a column that holds nothing else, and NaN among words
            told, expected = (
                frame.astype(object).where(frame.notna(), None).to_dict("records")
                for frame in (by_person, theirs)
            )
            assert told == expected
