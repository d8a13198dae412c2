"""Merging disputes in a real store: what is one from when on, what is refused, and that undoing gives all back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from small_district import GRIDS

from docket.asof import known_sql
from docket.load import load_folder
from docket.snapshot import Clock, Snapshot
from docket.store import Store, open_store
from docket.store.engine import MIGRATIONS
from docket.store.locking import BusyError
from docket.store.merged import history, home_of, merge_of
from docket.store.merging import MergeRefusedError, merge, unmerge
from docket.store.metadata import RECORDS
from docket.store.reading import original
from docket.store.writing import append
from docket.times import DAY, HOUR, parse_instant

T0 = parse_instant("2025-03-01T09:00:00+08:00")
NOW = T0 + 30 * DAY


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    add(opened, "grids", *GRIDS.to_dict("records"))
    for person in ("p1", "p2", "p3"):
        row = {"person_id": person, "birth_year": 1980, "sex": "male", "grid_id": "g1", "recorded_at": T0}
        add(opened, "persons", row)
    yield opened
    opened.close()


def add(store: Store, table: str, *rows: dict[str, Any], now: int = NOW) -> Any:
    with store.begin() as conn:
        done = append(conn, table, rows, ingested_at=now, via="load")
    assert done.faults == []
    return done


def dispute(name: str, at: int = T0, **more: Any) -> dict[str, Any]:
    return {
        "dispute_id": name, "opened_at": at, "recorded_at": at + HOUR, "source": "walk_in", "kind": "neighbour",
        "grid_id": "g1", "text": f"{name}：邻居13919001234半夜吵闹", "amount_cny": None,
    } | more  # fmt: skip


def party(name: str, person: str, role: str = "applicant", at: int = T0, **more: Any) -> dict[str, Any]:
    return {"dispute_id": name, "person_id": person, "role": role, "relation": "neighbour",
            "recorded_at": at + HOUR} | more  # fmt: skip


def event(name: str, of: str, kind: str, at: int = T0 + DAY, **more: Any) -> dict[str, Any]:
    return {
        "event_id": name,
        "dispute_id": of,
        "at": at,
        "recorded_at": at,
        "kind": kind,
        "text": None,
    } | more


def fill(store: Store) -> None:
    """`a` and, three days later by the police, `b`: the same matter."""
    add(store, "disputes", dispute("a"), dispute("b", T0 + 3 * DAY, source="police_110"))
    add(store, "parties", party("a", "p1"), party("a", "p2", "respondent"))
    add(store, "parties", party("b", "p1", at=T0 + 3 * DAY), party("b", "p3", "affected", at=T0 + 3 * DAY))
    add(
        store,
        "events",
        event("e1", "a", "contacted"),
        event("e2", "b", "police_call", T0 + 4 * DAY, text="又来"),
    )
    outcome = {"outcome_id": "o1", "dispute_id": "b", "at": T0 + 5 * DAY, "recorded_at": T0 + 6 * DAY,
               "kind": "violence", "severity": 2}  # fmt: skip
    add(store, "outcomes", outcome)
    entry = {"entry_id": "r1", "person_id": "p1", "dispute_id": "b", "category": "other",
             "entered_at": T0 + 6 * DAY, "recorded_at": T0 + 6 * DAY}  # fmt: skip
    add(store, "registry", entry)


def known(store: Store, table: str, as_of: int) -> set[tuple[Any, ...]]:
    """What a table says at a moment, without when it was learned."""
    with store.snapshot() as conn:
        query = sa.text(f"SELECT * FROM known_{table} AS x WHERE {known_sql('x')}")
        rows = conn.execute(query, {"as_of": as_of}).mappings().all()
    unsaid = {"recorded_at", "superseded_at", "excluded_at"}
    return {tuple(sorted((k, v) for k, v in row.items() if k not in unsaid)) for row in rows}


def view(store: Store, as_of: int) -> dict[str, set[tuple[Any, ...]]]:
    return {
        name: known(store, name, as_of) for name in ("disputes", "parties", "events", "outcomes", "registry")
    }


def of(store: Store, table: str, as_of: int) -> list[str]:
    return sorted(
        f"{dict(row)['dispute_id']}/{dict(row).get(table, '')}" for row in known(store, table, as_of)
    )


def join(store: Store, one: str, other: str, now: int = NOW) -> Any:
    with store.begin() as conn:
        return merge(conn, one, other, by="k1", reason="同一件事", now=now)


def part(store: Store, one: str, now: int) -> Any:
    with store.begin() as conn:
        return unmerge(conn, one, by="k2", reason="认错了", now=now)


def ids(store: Store, table: str, key: str, as_of: int) -> dict[str, str]:
    return {dict(row)[key]: dict(row)["dispute_id"] for row in known(store, table, as_of)}


def test_from_the_merge_on_there_is_one_dispute_and_before_it_two(store: Store) -> None:
    fill(store)
    before = view(store, NOW - 1)
    made = join(store, "b", "a")
    assert made.recorded_at == NOW and made.reason == "同一件事"
    assert view(store, NOW - 1) == before
    assert ids(store, "disputes", "dispute_id", NOW) == {"a": "a"}
    people = {
        (dict(row)["dispute_id"], dict(row)["person_id"], dict(row)["role"])
        for row in known(store, "parties", NOW)
    }
    assert people == {("a", "p1", "applicant"), ("a", "p2", "respondent"), ("a", "p3", "affected")}
    assert set(ids(store, "events", "event_id", NOW).values()) == {"a"}
    assert set(ids(store, "events", "event_id", NOW)) == {"e1", "e2", f"repeat-{made.merge_id}"}
    assert ids(store, "outcomes", "outcome_id", NOW) == {"o1": "a"}
    assert ids(store, "registry", "entry_id", NOW) == {"r1": "a"}


def test_the_second_report_is_kept_with_its_door_and_its_words(store: Store) -> None:
    fill(store)
    made = join(store, "b", "a")
    name = f"repeat-{made.merge_id}"
    (row,) = [dict(row) for row in known(store, "events", NOW) if dict(row)["event_id"] == name]
    assert (row["kind"], row["source"], row["at"]) == ("repeat_report", "police_110", T0 + 3 * DAY)
    assert "13919001234" not in row["text"] and "半夜吵闹" in row["text"]
    with store.snapshot() as conn:
        assert original(conn, "events", name, NOW) == "b：邻居13919001234半夜吵闹"
        assert original(conn, "events", "e2", NOW) == "又来"


def test_undoing_gives_back_what_was_and_leaves_the_time_between_as_it_was(store: Store) -> None:
    fill(store)
    before = view(store, NOW - 1)
    join(store, "b", "a")
    merged = view(store, NOW)
    part(store, "b", NOW + DAY)
    assert view(store, NOW + DAY) == before
    assert view(store, NOW + DAY - 1) == merged
    assert view(store, NOW - 1) == before
    with store.snapshot() as conn:
        assert merge_of(conn, "b") is None
        (done,) = history(conn, "b")
        assert (done.undone_at, done.undone_by, done.undone_reason) == (NOW + DAY, "k2", "认错了")
        assert original(conn, "disputes", "b", NOW + DAY) == "b：邻居13919001234半夜吵闹"
    join(store, "b", "a", NOW + 2 * DAY)  # and it may be merged again
    again = view(store, NOW + 2 * DAY)
    assert {name: len(rows) for name, rows in again.items()} == {
        name: len(rows) for name, rows in merged.items()
    }


def test_snapshots_of_a_store_show_what_its_views_show(store: Store) -> None:
    fill(store)
    join(store, "b", "a")
    part(store, "b", NOW + DAY)
    join(store, "b", "a", NOW + 2 * DAY)
    for clock in Clock:
        tables = Snapshot.from_store(store, clock).tables
        for moment in (NOW - 1, NOW, NOW + DAY, NOW + 2 * DAY):
            for name in ("disputes", "parties", "events", "outcomes", "registry"):
                rows = [
                    row for row in tables[name].to_pylist()
                    if row["recorded_at"] <= moment and (row["superseded_at"] or moment + 1) > moment
                ]  # fmt: skip
                assert len(rows) == len(known(store, name, moment)), (name, moment)
        assert "withdrawn" not in tables["disputes"].column_names
    whole = Snapshot.from_store(store)
    assert whole.narrative("b", NOW - 1).text
    with pytest.raises(KeyError):
        whole.narrative("b", NOW)
    assert whole.until(NOW).digest == whole.until(NOW).until(NOW).digest


def test_a_correction_made_meanwhile_outlives_the_undoing(store: Store) -> None:
    fill(store)
    join(store, "b", "a")
    add(store, "outcomes", {"outcome_id": "o1", "dispute_id": "a", "at": T0 + 5 * DAY, "recorded_at": NOW + HOUR,
                            "kind": "violence", "severity": 5})  # fmt: skip
    add(store, "events", event("e9", "a", "contacted", NOW + HOUR))
    add(store, "parties", party("a", "p3", "affected", at=NOW, relation="family"))
    part(store, "b", NOW + DAY)
    (harm,) = [dict(row) for row in known(store, "outcomes", NOW + DAY)]
    assert (harm["dispute_id"], harm["severity"]) == ("b", 5)
    assert ids(store, "events", "event_id", NOW + DAY) == {"e1": "a", "e9": "a", "e2": "b"}
    # Somebody said of p3 that they are a party to `a`: that is not the merge's to take back.
    people = {(dict(row)["dispute_id"], dict(row)["person_id"]) for row in known(store, "parties", NOW + DAY)}
    assert people == {("a", "p1"), ("a", "p2"), ("a", "p3"), ("b", "p1"), ("b", "p3")}


def test_what_comes_in_for_a_merged_dispute_counts_for_the_other(store: Store) -> None:
    fill(store)
    join(store, "b", "a")
    again = add(store, "events", event("e2", "b", "police_call", T0 + 4 * DAY, text="又来"))
    assert again.same == 1  # a whole export, loaded once more
    new = event("e7", "b", "agreement", NOW + HOUR)
    assert add(store, "events", new).inserted == 1 and add(store, "events", new).same == 1
    add(store, "events", event("e2", "b", "contacted", T0 + 4 * DAY, recorded_at=NOW + HOUR))
    add(store, "disputes", dispute("b", T0 + 3 * DAY, kind="housing", recorded_at=NOW + HOUR))
    add(store, "parties", party("b", "p2", at=NOW), party("b", "p1", at=NOW, relation="family"))
    later = NOW + 2 * HOUR
    assert set(ids(store, "disputes", "dispute_id", later)) == {"a"}
    assert set(ids(store, "events", "event_id", later).values()) == {"a"}
    people = {(dict(row)["person_id"], dict(row)["role"]) for row in known(store, "parties", later)}
    assert people == {("p1", "applicant"), ("p2", "respondent"), ("p3", "affected"), ("p2", "applicant")}
    part(store, "b", NOW + DAY)
    (back,) = [dict(row) for row in known(store, "disputes", NOW + DAY) if dict(row)["dispute_id"] == "b"]
    assert back["kind"] == "housing"
    assert ids(store, "events", "event_id", NOW + DAY) == {"e1": "a", "e7": "a", "e2": "b"}


def test_a_merge_leaves_a_matter_open_if_either_was(store: Store) -> None:
    fill(store)
    add(store, "events", event("e3", "a", "closed", T0 + 5 * DAY))
    made = join(store, "b", "a")  # `a` was closed, `b` says that it goes on
    assert f"reopened-{made.merge_id}" in ids(store, "events", "event_id", NOW)
    part(store, "b", NOW + DAY)
    assert set(ids(store, "events", "event_id", NOW + DAY)) == {"e1", "e2", "e3"}
    add(store, "disputes", dispute("c", T0 + 4 * DAY), dispute("d"))
    add(store, "events", event("e4", "c", "closed", T0 + 6 * DAY))
    join(store, "c", "d", NOW + 2 * DAY)  # `c` was put away as a double, which closes nothing
    assert "e4" not in ids(store, "events", "event_id", NOW + 2 * DAY)
    part(store, "c", NOW + 3 * DAY)
    assert ids(store, "events", "event_id", NOW + 3 * DAY)["e4"] == "c"


def test_chains_go_along_and_are_undone_from_the_end(store: Store) -> None:
    fill(store)
    add(store, "disputes", dispute("c", T0 + 4 * DAY))
    add(store, "parties", party("c", "p3", "affected", at=T0 + 4 * DAY))
    two, start = view(store, NOW + DAY - 1), view(store, NOW - 1)
    assert two == start
    join(store, "c", "b")
    two = view(store, NOW)
    join(store, "b", "a", NOW + DAY)
    with store.snapshot() as conn:
        assert (home_of(conn, "c"), home_of(conn, "b"), home_of(conn, "a")) == ("a", "a", "a")
    add(store, "events", event("e8", "c", "contacted", NOW + DAY))
    assert ids(store, "events", "event_id", NOW + DAY)["e8"] == "a"
    with pytest.raises(MergeRefusedError, match="undo that first"):
        part(store, "c", NOW + 2 * DAY)
    part(store, "b", NOW + 2 * DAY)
    back = view(store, NOW + 2 * DAY)
    assert {name: rows for name, rows in back.items() if name != "events"} == {
        name: rows for name, rows in two.items() if name != "events"
    }
    part(store, "c", NOW + 3 * DAY)
    back = view(store, NOW + 3 * DAY)
    assert {name: rows for name, rows in back.items() if name != "events"} == {
        name: rows for name, rows in start.items() if name != "events"
    }
    assert ids(store, "events", "event_id", NOW + 3 * DAY) == {"e1": "a", "e2": "b", "e8": "a"}


def test_a_party_that_two_reports_brought_stays_while_one_of_them_does(store: Store) -> None:
    fill(store)
    add(store, "disputes", dispute("c", T0 + 4 * DAY))
    add(store, "parties", party("c", "p3", "affected", at=T0 + 4 * DAY))
    join(store, "b", "a")
    join(store, "c", "a", NOW + DAY)
    part(store, "b", NOW + 2 * DAY)
    there = {
        dict(row)["person_id"]
        for row in known(store, "parties", NOW + 2 * DAY)
        if dict(row)["dispute_id"] == "a"
    }
    assert there == {"p1", "p2", "p3"}


def test_what_can_not_be_one_is_refused_and_changes_nothing(store: Store) -> None:
    fill(store)
    add(store, "disputes", dispute("x"), dispute("y"), dispute("z"))
    add(store, "parties", party("z", "p1", relation="authority"))
    before = view(store, NOW)

    def refused(one: str, other: str, why: str) -> None:
        with pytest.raises(MergeRefusedError, match=why):
            join(store, one, other)

    refused("a", "a", "itself")
    refused("a", "nobody", "no dispute nobody")
    refused("nobody", "a", "no dispute nobody")
    refused("z", "a", "authority")
    with pytest.raises(MergeRefusedError, match="isn't merged"):
        part(store, "a", NOW)
    assert view(store, NOW) == before
    join(store, "x", "y")
    refused("x", "y", "was merged into y before")
    refused("x", "a", "was merged into y before")
    refused("a", "x", "was merged into y before")
    refused("y", "x", "was merged into y before")


def test_of_merges_that_race_one_is_made(store: Store) -> None:
    fill(store)
    add(store, "disputes", *(dispute(name) for name in ("u", "v", "w")))

    def attempt(pair: tuple[str, str]) -> str:
        try:
            join(store, *pair)
        except MergeRefusedError:
            return "refused"
        return "made"

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(attempt, [("u", "v"), ("v", "u"), ("u", "w"), ("u", "v")]))
    assert told.count("made") <= 2 and "made" in told
    with store.snapshot() as conn:
        standing = [merge_of(conn, name) for name in ("u", "v", "w")]
        assert len([found for found in standing if found]) == told.count("made")
        assert home_of(conn, "u") in ("u", "v", "w")


# SQLite has one writer: there the second waits.
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_merge_does_not_run_into_a_load_that_is_under_way(store: Store) -> None:
    fill(store)
    with store.begin() as loading:
        append(loading, "events", [event("e5", "b", "contacted", NOW)], ingested_at=NOW, via="load")
        with pytest.raises(BusyError):
            join(store, "b", "a")
    join(store, "b", "a")
    assert ids(store, "events", "event_id", NOW + DAY)["e5"] == "a"


def test_a_folder_may_withdraw_a_row(store: Store, tmp_path: Path) -> None:
    fill(store)
    lines = ["dispute_id,person_id,role,relation,recorded_at,withdrawn"]
    lines.append("a,p2,respondent,neighbour,2025-03-20T00:00:00+08:00,true")
    (tmp_path / "parties.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = load_folder(tmp_path, store, ingested_at=NOW)
    assert report.corrected["parties"] == 1
    assert ("person_id", "p2") not in {pair for row in known(store, "parties", NOW) for pair in row}


def test_a_store_of_the_version_before_keeps_its_rows_and_can_merge(store_url: str, tmp_path: Path) -> None:
    engine = open_store(store_url).engine
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "0004")
    with engine.begin() as conn:
        assert "merges" not in sa.inspect(conn).get_table_names()
        # A row as that version wrote it.
        conn.execute(
            sa.text(
                "INSERT INTO disputes (dispute_id, opened_at, recorded_at, source, kind, grid_id, text, row_digest, "
                "ingested_at, via, learned_at) VALUES ('old', 0, 1, 'walk_in', 'debt', 'g1', '借款', 'x', 1, 'load', 1)"
            )
        )
        assert conn.execute(sa.text("SELECT dispute_id FROM known_disputes")).scalars().all() == ["old"]
    engine.dispose()
    store = open_store(store_url)
    assert ids(store, "disputes", "dispute_id", 1) == {"old": "old"}
    with store.snapshot() as conn:
        assert conn.execute(sa.select(RECORDS["disputes"].c.withdrawn)).scalars().all() == [None]
    add(store, "grids", *GRIDS.to_dict("records"))
    add(store, "disputes", dispute("a"), dispute("b"))
    join(store, "b", "a")
    assert set(ids(store, "disputes", "dispute_id", NOW)) == {"old", "a"}
    store.close()
