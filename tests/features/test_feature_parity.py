"""One case out of a store gives the bits of the batch, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
import sqlalchemy as sa
from conformance import District, differing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_districts import Rows, districts, fill, queries, renamed, snapshot

from docket.snapshot import Snapshot
from docket.store import Store, open_store
from features.catalogue import COLUMNS
from features.frame import feature_frame
from features.sources import DuckSource, StoreSource
from features.streams import STREAMS


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


_numbers = count()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        # All examples share a store, each under ids of its own: what else is in it must not matter.
        HealthCheck.function_scoped_fixture,
    ],
)
@given(st.data())
def test_any_case_out_of_a_store_is_the_batch_to_the_bit(store: Store, data: st.DataObject) -> None:
    prefix = f"{next(_numbers):04d}-"
    rows: Rows = renamed(data.draw(districts()), prefix)
    names, moments = data.draw(queries(rows))
    fill(store, rows)
    batch = feature_frame(DuckSource(snapshot(rows)), names, np.array(moments))
    with store.snapshot() as connection:
        source = StoreSource(connection)
        together = feature_frame(source, names, np.array(moments))
        assert differing(batch[[*COLUMNS]], together[[*COLUMNS]]) == set()
        assert list(batch["text"]) == list(together["text"])
        for place in range(min(2, len(names))):
            alone = feature_frame(source, [names[place]], np.array([moments[place]]))
            assert (
                differing(batch.iloc[[place]][[*COLUMNS]].reset_index(drop=True), alone[[*COLUMNS]]) == set()
            )
            assert alone["text"].item() == batch["text"].iloc[place]


def test_a_dense_district_case_by_case(store: Store) -> None:
    district = District()
    fill(store, district.rows)
    names, moments = district.queries
    batch = feature_frame(district.source, names, np.array(moments))
    whole = feature_frame(DuckSource(Snapshot.from_store(store)), names, np.array(moments))
    assert differing(batch[[*COLUMNS]], whole[[*COLUMNS]]) == set()
    with store.snapshot() as connection:
        for place in np.random.default_rng(1).choice(len(names), 12, replace=False):
            alone = feature_frame(StoreSource(connection), [names[place]], np.array([moments[place]]))
            assert (
                differing(batch.iloc[[place]][[*COLUMNS]].reset_index(drop=True), alone[[*COLUMNS]]) == set()
            )


def test_a_case_takes_a_bounded_number_of_round_trips_and_few_statement_texts(store: Store) -> None:
    district = District()
    fill(store, district.rows)
    names, moments = district.queries
    statements: list[str] = []

    def note(_c: object, _u: object, text: str, *_rest: object) -> None:
        statements.append(text)

    with store.snapshot() as connection:
        sa.event.listen(store.engine, "before_cursor_execute", note)
        counts = []
        for place in (0, 40, 80, 120):
            statements.clear()
            feature_frame(StoreSource(connection), [names[place]], np.array([moments[place]]))
            counts.append(len([text for text in statements if text.lstrip().startswith("SELECT")]))
        sa.event.remove(store.engine, "before_cursor_execute", note)
    # A stream each, whom and what a case is about, whom its parties know, and three kinds of text.
    assert max(counts) <= len(STREAMS) + 6


def test_more_keys_than_fit_in_one_statement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.sources.store.CHUNK", 4)
    district = District()
    fill(store, district.rows)
    names, moments = district.queries
    batch = feature_frame(district.source, names, np.array(moments))
    with store.snapshot() as connection:
        together = feature_frame(StoreSource(connection), names, np.array(moments))
    assert differing(batch[[*COLUMNS]], together[[*COLUMNS]]) == set()
    assert list(batch["text"]) == list(together["text"])
