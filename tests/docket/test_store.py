"""The record store on real SQLite and PostgreSQL: what goes in once, stays, and comes out as it was known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from docket.contract import CONTRACT
from docket.load import load_folder
from docket.snapshot import Clock, Snapshot
from docket.store import Store, StoreError, open_store
from docket.store.engine import MIGRATIONS
from docket.store.metadata import METADATA, RECORDS
from docket.store.reading import existing, identities, original
from docket.store.writing import append
from docket.times import DAY, HOUR, parse_instant
from docket.vault import VaultError

Write = Callable[..., Path]
INGESTED = parse_instant("2024-06-01T00:00:00+08:00")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def loaded(store: Store, district: Any, write_folder: Write) -> Store:
    load_folder(write_folder(district, "loaded"), store, ingested_at=INGESTED)
    return store


def _dispute(**changes: Any) -> dict[str, Any]:
    recorded = parse_instant("2024-02-20T10:00:00+08:00")
    return {
        "dispute_id": "d9",
        "opened_at": recorded - HOUR,
        "recorded_at": recorded,
        "source": "walk_in",
        "kind": "debt",
        "grid_id": "g1",
        "text": "欠款不还，身份证62010219800101123X",
    } | changes


def test_migrations_make_what_the_code_expects_and_can_be_undone(store: Store) -> None:
    with store.begin() as conn:
        assert compare_metadata(MigrationContext.configure(conn), METADATA) == []
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = conn
        command.downgrade(config, "base")
        assert sa.inspect(conn).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        assert set(RECORDS) < set(sa.inspect(conn).get_table_names())


def test_processes_that_start_together_migrate_once(store_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(store_url), range(4)))
    with stores[0].snapshot() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1
    for each in stores:
        each.close()


@pytest.mark.parametrize(
    "url", ["mysql://localhost/x", "sqlite://", "nonsense", "postgresql://127.0.0.1:1/x"]
)
def test_url_of_no_store_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_snapshot_is_the_same_from_folder_and_store(store: Store, district: Any, write_folder: Write) -> None:
    folder = write_folder(district)
    report = load_folder(folder, store, ingested_at=INGESTED)
    assert report.inserted == {name: len(rows) for name, rows in district.items()}
    ours, theirs = Snapshot.from_folder(folder), Snapshot.from_store(store)
    assert ours.digest == theirs.digest
    for name, table in ours.tables.items():
        assert theirs.tables[name].equals(table), name
    late = parse_instant("2025-01-01")
    assert ours.narrative("d1", late) == theirs.narrative("d1", late)
    with pytest.raises(KeyError):
        theirs.narrative("d1", parse_instant("2024-02-01"))


def test_known_views_are_row_for_row_the_snapshot(loaded: Store) -> None:
    later = parse_instant("2024-03-01")
    with loaded.begin() as conn:
        append(conn, "disputes", [_dispute(dispute_id="d1", recorded_at=later)], ingested_at=later, via="api")
    for name, table in Snapshot.from_store(loaded).tables.items():
        listed = ", ".join(f'"{column}"' for column in table.column_names)
        order = [column for column in table.column_names[:3] if column != "text"]
        with loaded.snapshot() as conn:
            view = conn.execute(sa.text(f"SELECT * FROM known_{name}"))
            assert list(view.keys()) == table.column_names
            rows = conn.execute(sa.text(f"SELECT {listed} FROM known_{name}")).mappings().all()
        seen = pa.Table.from_pylist([_typed(dict(row), table) for row in rows], schema=table.schema)
        keys = [(column, "ascending") for column in order]
        assert seen.sort_by(keys).equals(table.sort_by(keys)), name


def _typed(row: dict[str, Any], table: pa.Table) -> dict[str, Any]:
    """SQLite has no booleans of its own."""
    return {
        name: bool(value)
        if value is not None and pa.types.is_boolean(table.schema.field(name).type)
        else value
        for name, value in row.items()
    }


def test_loading_again_skips_and_counts_every_row(loaded: Store, district: Any, write_folder: Write) -> None:
    before = Snapshot.from_store(loaded).digest
    report = load_folder(write_folder(district, form="parquet"), loaded, ingested_at=INGESTED + DAY)
    assert report.same == {name: len(rows) for name, rows in district.items()}
    assert sum(report.inserted.values()) == sum(report.corrected.values()) == 0
    assert Snapshot.from_store(loaded).digest == before


def test_correction_stands_beside_what_it_corrects(loaded: Store, district: Any, write_folder: Write) -> None:
    corrected = district["disputes"][1] | {"kind": "housing", "recorded_at": "2024-02-10T10:00:00+08:00"}
    folder = write_folder({"disputes": [corrected]})
    assert load_folder(folder, loaded, ingested_at=INGESTED).corrected["disputes"] == 1
    versions = [row for row in _rows(loaded, "disputes") if row["dispute_id"] == "d2"]
    assert [row["kind"] for row in versions] == ["neighbour", "housing"]
    assert (
        versions[0]["superseded_at"] == versions[1]["recorded_at"] == parse_instant("2024-02-10T10:00+08:00")
    )
    assert versions[1]["superseded_at"] is None


def _rows(store: Store, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = Snapshot.from_store(store).tables[table].to_pylist()
    return rows


@pytest.mark.parametrize("recorded", ["2024-02-02T10:00:00+08:00", "2024-02-02T09:30:00+08:00"])
def test_other_values_not_recorded_later_are_a_fault_and_nothing_is_stored(
    loaded: Store, district: Any, write_folder: Write, recorded: str
) -> None:
    before = Snapshot.from_store(loaded).digest
    district["disputes"][1] |= {"kind": "housing", "recorded_at": recorded}
    district["events"].append(district["events"][0] | {"event_id": "e3"})
    folder = write_folder(district)
    with pytest.raises(Exception, match="not later") as raised:
        load_folder(folder, loaded, ingested_at=INGESTED)
    assert [fault.as_row() for fault in raised.value.faults] == [
        ("disputes.csv", "3", "recorded_at", recorded, "correction not later than the row it corrects")
    ]
    assert Snapshot.from_store(loaded).digest == before


def test_rejecting_rows_stores_the_sound_ones(
    store: Store, district: Any, write_folder: Write, tmp_path: Path
) -> None:
    district["disputes"][1]["kind"] = "quarrel"
    rejects = tmp_path / "rejects.csv"
    report = load_folder(write_folder(district), store, ingested_at=INGESTED, reject_rows=rejects)
    assert (report.inserted["disputes"], report.rejected["disputes"], report.rejected["parties"]) == (2, 1, 1)
    assert rejects.read_text(encoding="utf-8").count("\n") == 3
    assert {row["dispute_id"] for row in _rows(store, "disputes")} == {"d1", "d3"}


def test_nothing_is_stored_when_the_rejects_can_not_be_written(
    store: Store, district: Any, write_folder: Write, tmp_path: Path
) -> None:
    (tmp_path / "rejects").mkdir()
    with pytest.raises(IsADirectoryError):
        load_folder(write_folder(district), store, ingested_at=INGESTED, reject_rows=tmp_path / "rejects")
    assert all(table.num_rows == 0 for table in Snapshot.from_store(store).tables.values())


def test_increment_may_refer_to_rows_of_the_store(loaded: Store, district: Any, write_folder: Write) -> None:
    event = district["events"][0] | {"event_id": "e7"}
    assert load_folder(write_folder({"events": [event]}), loaded, ingested_at=INGESTED).inserted == {
        "events": 1
    }
    stray = event | {"event_id": "e8", "dispute_id": "d77"}
    with pytest.raises(Exception, match="dangling reference"):
        load_folder(write_folder({"events": [stray]}, "stray"), loaded, ingested_at=INGESTED)


def test_a_child_enters_with_a_guardian_who_knows_and_the_flag_is_kept_nowhere(
    loaded: Store, district: Any, write_folder: Write, tmp_path: Path
) -> None:
    child = district["registry"][0] | {"entry_id": "r2", "person_id": "p3", "dispute_id": "d3"}
    folder, rejects = write_folder({"registry": [child]}), tmp_path / "rejects.csv"
    with pytest.raises(Exception, match=r"registry\.csv,2,guardian_informed,,no guardian informed"):
        load_folder(folder, loaded, ingested_at=INGESTED)
    report = load_folder(folder, loaded, ingested_at=INGESTED, reject_rows=rejects)
    assert report.rejected == {"registry": 1} and "guardian_informed" in rejects.read_text(encoding="utf-8")
    known = write_folder({"registry": [child | {"guardian_informed": "true"}]}, "known")
    assert load_folder(known, loaded, ingested_at=INGESTED).inserted == {"registry": 1}
    assert load_folder(known, loaded, ingested_at=INGESTED).same == {"registry": 1}
    assert {row["entry_id"] for row in _rows(loaded, "registry")} == {"r1", "r2"}


def test_empty_store_wants_every_table(store: Store, district: Any, write_folder: Write) -> None:
    del district["outcomes"]
    with pytest.raises(Exception, match="missing file"):
        load_folder(write_folder(district), store, ingested_at=INGESTED)


def test_tables_without_recorded_at_are_replaced_and_the_old_version_kept(
    loaded: Store, district: Any, write_folder: Write
) -> None:
    district["grids"][0]["grid_name"] = "新网格"
    del district["grids"][1], district["workers"][1]
    increment = {"grids": district["grids"], "workers": district["workers"]}
    report = load_folder(write_folder(increment), loaded, ingested_at=INGESTED + DAY)
    assert report.corrected["grids"] == report.retired["workers"] == 1
    assert [row["grid_name"] for row in _rows(loaded, "grids")] == ["新网格", "网格g2"]
    assert [row["worker_id"] for row in _rows(loaded, "workers")] == ["w1"]
    with loaded.snapshot() as conn:
        kept = conn.execute(
            sa.text("SELECT grid_name, replaced_at FROM grids WHERE grid_id = 'g1' ORDER BY row_no")
        ).all()
        assert existing(conn, "workers", ["w2", "w3"]) == {"w2"}
    assert kept == [("网格g1", INGESTED + DAY), ("新网格", None)]


def test_originals_come_back_as_submitted_and_stand_nowhere_else(loaded: Store) -> None:
    raw = "甲方身份证62010219800101123X，\n扬言要报复"
    recorded = parse_instant("2024-02-01T10:00:00+08:00")
    with loaded.snapshot() as conn:
        assert original(conn, "disputes", "d1", recorded) == raw
        assert original(conn, "events", "e2", parse_instant("2024-02-07T00:00:00Z")).endswith("，未谈成")
        everything = ""
        for name in sa.inspect(conn).get_table_names():
            everything += repr(conn.execute(sa.text(f"SELECT * FROM {name}")).all())
        [text] = [row["text"] for row in _rows(loaded, "disputes") if row["dispute_id"] == "d1"]
    assert "62010219800101123X" not in everything
    assert "13919001234" not in everything
    assert text in everything
    if loaded.engine.dialect.name == "sqlite":
        path = Path(str(loaded.engine.url.database))
        written = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
        assert b"62010219800101123X" not in written
        assert text.encode() in written


def test_another_secret_reads_no_original_and_may_not_write(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_SECRET", "YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMhISEhISE=")
    snapshot = Snapshot.from_store(loaded)
    assert snapshot.tables["disputes"].num_rows == 3
    with pytest.raises(VaultError):
        snapshot.narrative("d1", INGESTED)
    with pytest.raises(StoreError, match="another secret"), loaded.begin() as conn:
        append(conn, "disputes", [_dispute()], ingested_at=INGESTED, via="api")


def test_rows_by_the_api_are_learned_when_they_arrived(loaded: Store) -> None:
    event = {
        "event_id": "e9", "dispute_id": "d9", "at": _dispute()["opened_at"],
        "recorded_at": _dispute()["recorded_at"], "kind": "contacted",
    }  # fmt: skip
    with loaded.begin() as conn:
        append(conn, "disputes", [_dispute()], ingested_at=INGESTED, via="api")
        append(conn, "events", [event], ingested_at=event["recorded_at"] - DAY, via="api")
    recorded = Snapshot.from_store(loaded)
    learned = Snapshot.from_store(loaded, Clock.LEARNED)

    def known(snapshot: Snapshot, table: str, key: str, name: str) -> int:
        [row] = [row for row in snapshot.tables[table].to_pylist() if row[key] == name]
        when: int = row["recorded_at"]
        return when

    assert known(recorded, "disputes", "dispute_id", "d9") == _dispute()["recorded_at"]
    assert known(learned, "disputes", "dispute_id", "d9") == INGESTED
    assert known(learned, "disputes", "dispute_id", "d1") == parse_instant("2024-02-01T10:00:00+08:00")
    assert known(learned, "events", "event_id", "e9") == event["recorded_at"]


def test_version_learned_after_its_correction_was_never_known(loaded: Store) -> None:
    first = _dispute()
    later = _dispute(recorded_at=first["recorded_at"] + DAY, kind="housing")
    with loaded.begin() as conn:
        append(conn, "disputes", [first], ingested_at=INGESTED + DAY, via="api")
        append(conn, "disputes", [later], ingested_at=INGESTED, via="api")
    rows = [
        row
        for row in Snapshot.from_store(loaded, Clock.LEARNED).tables["disputes"].to_pylist()
        if row["dispute_id"] == "d9"
    ]
    assert [(row["kind"], row["recorded_at"], row["superseded_at"]) for row in rows] == [
        ("housing", INGESTED, None)
    ]


def test_row_by_the_api_that_stands_already_is_the_same(loaded: Store) -> None:
    with loaded.begin() as conn:
        first = append(conn, "disputes", [_dispute(), _dispute()], ingested_at=INGESTED, via="api")
        again = append(conn, "disputes", [_dispute()], ingested_at=INGESTED + DAY, via="api")
        other = append(conn, "disputes", [_dispute(amount_cny=3.0)], ingested_at=INGESTED, via="api")
    assert (first.inserted, first.same, again.same) == (1, 1, 1)
    assert [fault.row for fault in other.faults] == [1]


def test_writing_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as conn:
        append(conn, "disputes", [_dispute()], ingested_at=INGESTED, via="api")
        _ = 1 / 0
    assert _rows(store, "disputes") == []


def test_reader_sees_one_state_while_another_writes(loaded: Store) -> None:
    count = sa.text("SELECT count(*) FROM known_disputes")
    with loaded.snapshot() as reader:
        assert reader.execute(count).scalar() == 3
        with loaded.begin() as writer:
            append(writer, "disputes", [_dispute()], ingested_at=INGESTED, via="api")
        assert reader.execute(count).scalar() == 3
    with loaded.snapshot() as reader:
        assert reader.execute(count).scalar() == 4


def test_snapshot_connection_can_not_write(loaded: Store) -> None:
    with pytest.raises(sa.exc.DBAPIError), loaded.snapshot() as conn:
        conn.execute(sa.text("DELETE FROM disputes"))


def test_identities_stand_encrypted_and_out_of_every_snapshot(
    store: Store, district: Any, write_folder: Write
) -> None:
    district["identities"] = [
        {"person_id": "p1", "name": "王小明", "phone": "13919005678", "address": "", "visit_in_pairs": "true"}
    ]
    load_folder(write_folder(district), store, ingested_at=INGESTED)
    assert "identities" not in Snapshot.from_store(store).tables
    with store.snapshot() as conn:
        assert "王小明" not in repr(conn.execute(sa.select(RECORDS["identities"])).all())
        assert identities(conn, ["p1", "p2"])["p1"]["visit_in_pairs"] is True


def test_every_lookup_of_a_case_uses_an_index(store: Store) -> None:
    lookups = {("persons", "grid_id"), ("disputes", "grid_id"), ("visits", "worker_id")} | {
        (table.name, column)
        for table in CONTRACT
        for column in ("person_id", "dispute_id")
        if column in table.names and not table.sealed
    }
    with store.snapshot() as conn:
        for table, column in sorted(lookups):
            query = f"SELECT * FROM known_{table} WHERE {column} IN ('a', 'b')"
            if store.engine.dialect.name == "sqlite":
                steps = [row[3] for row in conn.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"))]
                assert not [step for step in steps if step.startswith("SCAN")], (table, column, steps)
            else:
                conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
                plan = "\n".join(conn.execute(sa.text(f"EXPLAIN {query}")).scalars())
                assert "Seq Scan" not in plan, plan
