"""The past: what is recorded later changes nothing in it, and a correction shows only from its own time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docket.asof import NEVER, known_sql, live, live_nb
from docket.check import Checked
from docket.contract import BY_NAME
from docket.contract.enumerations import DISPUTE_KINDS
from docket.parsing import arrow_schema
from docket.snapshot import Snapshot
from docket.store import Store, open_store
from docket.store.writing import append

MOMENTS = st.integers(min_value=1, max_value=12)
Versions = dict[str, dict[int, str]]


@st.composite
def _versions(draw: st.DrawFn) -> Versions:
    """By dispute, its kind by when it was recorded."""
    ids = st.sampled_from(["a", "b", "c", "d"])
    kinds = st.dictionaries(MOMENTS, st.sampled_from(DISPUTE_KINDS), min_size=1, max_size=5)
    return draw(st.dictionaries(ids, kinds, min_size=1, max_size=4))


def _known(versions: Versions, as_of: int) -> dict[str, str]:
    """Written the slow way: of each dispute the last version recorded by then."""
    known = {}
    for name, kinds in versions.items():
        seen = [when for when in kinds if when <= as_of]
        if seen:
            known[name] = kinds[max(seen)]
    return known


def _dispute(name: str, recorded: int, kind: str) -> dict[str, Any]:
    return {
        "dispute_id": name,
        "opened_at": 0,
        "recorded_at": recorded,
        "source": "walk_in",
        "kind": kind,
        "grid_id": "g1",
        "text": f"{kind} {recorded}",
    }


def _snapshot(**rows: list[dict[str, Any]]) -> Snapshot:
    tables = {
        name: pa.Table.from_pylist(listed, schema=arrow_schema(BY_NAME[name]))
        for name, listed in rows.items()
    }
    return Snapshot.from_checked(Checked(tables, {}, [], [], {}))


@pytest.fixture(scope="module")
def counter() -> Iterator[int]:
    """Examples share a database: each has ids of its own."""
    return itertools.count()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=_versions(), as_of=st.integers(min_value=0, max_value=13))
def test_store_shows_of_each_row_the_version_known_then(
    store: Store, counter: Iterator[int], versions: Versions, as_of: int
) -> None:
    run = f"run{next(counter)}-"
    ordered = sorted(
        (recorded, name, kind) for name, kinds in versions.items() for recorded, kind in kinds.items()
    )
    with store.begin() as conn:
        for recorded, name, kind in ordered:
            done = append(
                conn, "disputes", [_dispute(run + name, recorded, kind)], ingested_at=99, via="load"
            )
            assert not done.faults
    query = sa.text(
        "SELECT d.dispute_id, d.kind FROM known_disputes AS d "
        f"WHERE {known_sql('d')} AND d.dispute_id LIKE :run"
    )
    with store.snapshot() as conn:
        rows = conn.execute(query, {"as_of": as_of, "run": f"{run}%"}).all()
    found = sorted((name.removeprefix(run), kind) for name, kind in rows)
    assert found == sorted(_known(versions, as_of).items())


@settings(deadline=None, max_examples=60)
@given(versions=_versions(), as_of=st.integers(min_value=0, max_value=13))
def test_snapshot_shows_of_each_row_the_version_known_then(versions: Versions, as_of: int) -> None:
    rows = [_dispute(name, when, kind) for name, kinds in versions.items() for when, kind in kinds.items()]
    disputes = _snapshot(disputes=rows).tables["disputes"]
    ends = disputes["superseded_at"].fill_null(NEVER).to_numpy()
    alive = disputes.filter(pa.array(live(disputes["recorded_at"].to_numpy(), ends, as_of)))
    assert list(zip(*alive.select(["dispute_id", "kind"]).to_pydict().values(), strict=True)) == sorted(
        _known(versions, as_of).items()
    )


@st.composite
def _histories(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    versions = draw(_versions())
    disputes = [
        _dispute(name, when, kind) for name, kinds in versions.items() for when, kind in kinds.items()
    ]
    parties = [
        {"dispute_id": name, "person_id": "p", "role": "applicant", "relation": relation, "recorded_at": when}
        for name in versions
        for when, relation in draw(
            st.dictionaries(MOMENTS, st.sampled_from(["authority", "neighbour"]), max_size=3)
        ).items()
    ]
    registry = [
        {"entry_id": f"r{number}", "person_id": "p", "dispute_id": "a", "category": "other", "entered_at": 0,
         "recorded_at": recorded, "left_at": left, "left_recorded_at": learned if left is not None else None}
        for number, (recorded, left, learned) in enumerate(
            draw(st.lists(st.tuples(MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS), max_size=4))
        )
    ]  # fmt: skip
    return {"disputes": disputes, "parties": parties, "registry": registry}


def _told_before(rows: dict[str, list[dict[str, Any]]], cut: int) -> dict[str, list[dict[str, Any]]]:
    """What the district would have handed over just before the cut, written the slow way."""
    told = {name: [row for row in listed if row["recorded_at"] < cut] for name, listed in rows.items()}
    for number, row in enumerate(told["registry"]):
        if row["left_at"] is not None:
            learned = row["left_at"] if row["left_recorded_at"] is None else row["left_recorded_at"]
            if max(row["left_at"], learned) >= cut:
                told["registry"][number] = row | {"left_at": None, "left_recorded_at": None}
    return told


@settings(deadline=None, max_examples=80)
@given(rows=_histories(), cut=st.integers(min_value=0, max_value=14))
def test_what_is_recorded_after_a_cut_changes_nothing_before_it(
    rows: dict[str, list[dict[str, Any]]], cut: int
) -> None:
    before = _snapshot(**_told_before(rows, cut))
    assert _snapshot(**rows).until(cut).digest == before.digest
    assert before.until(cut).digest == before.digest


def test_dispute_with_an_authority_is_excluded_from_when_that_was_known() -> None:
    party = {
        "dispute_id": "a",
        "person_id": "p",
        "role": "applicant",
        "relation": "unknown",
        "recorded_at": 2,
    }
    rows = [party, party | {"relation": "authority", "recorded_at": 5}]
    snapshot = _snapshot(disputes=[_dispute("a", 1, "land"), _dispute("b", 1, "land")], parties=rows)
    assert snapshot.tables["disputes"]["excluded_at"].to_pylist() == [5, None]
    assert snapshot.until(5).tables["disputes"]["excluded_at"].to_pylist() == [None, None]


@given(known=st.integers(-NEVER, NEVER), end=st.integers(-NEVER, NEVER), as_of=st.integers(-NEVER, NEVER))
@settings(deadline=None)
def test_compiled_rule_is_the_rule(known: int, end: int, as_of: int) -> None:
    assert _compiled(known, end, as_of) == live(known, end, as_of) == (known <= as_of < end)


@numba.njit
def _compiled(known: int, end: int, as_of: int) -> bool:
    return live_nb(known, end, as_of)


def test_end_is_exclusive_and_arrays_broadcast() -> None:
    known, end = np.array([1, 2, 3]), np.array([2, NEVER, 3])
    assert live(known, end, 2).tolist() == [False, True, False]


def test_digest_follows_the_contents_and_not_the_form(
    district: Any, write_folder: Callable[..., Path]
) -> None:
    as_csv = Snapshot.from_folder(write_folder(district, "csv")).digest
    assert Snapshot.from_folder(write_folder(district, "parquet", form="parquet")).digest == as_csv
    for rows in district.values():
        rows.reverse()
    assert Snapshot.from_folder(write_folder(district, "reversed")).digest == as_csv
    district["outcomes"][0]["severity"] = "4"
    assert Snapshot.from_folder(write_folder(district, "altered")).digest != as_csv


def test_narratives_are_masked_and_lead_back_to_what_was_written(
    district: Any, write_folder: Callable[..., Path]
) -> None:
    snapshot = Snapshot.from_folder(write_folder(district))
    raw = district["disputes"][0]["text"]
    text = snapshot.tables["disputes"]["text"][0].as_py()
    assert "62010219800101123X" not in text
    prepared = snapshot.narrative("d1", 10**16)
    assert prepared.text == text
    start = text.index("扬言")
    assert raw[slice(*prepared.span(start, start + 4))] == "扬言要报"


def test_tables_have_the_columns_and_types_of_the_contract(
    district: Any, write_folder: Callable[..., Path]
) -> None:
    snapshot = Snapshot.from_folder(write_folder(district))
    assert set(snapshot.tables) == {name for name in BY_NAME if name != "identities"}
    for name, rows in snapshot.tables.items():
        expected = arrow_schema(BY_NAME[name])
        expected = pa.schema([field for field in expected if field.name in BY_NAME[name].shown])
        if BY_NAME[name].versioned:
            expected = expected.append(pa.field("superseded_at", pa.int64()))
        if name == "disputes":
            expected = expected.append(pa.field("excluded_at", pa.int64()))
        assert rows.schema.equals(expected), name
