"""The log of who did what: whatever is done to it is refused, and found where it can't be."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from docket import audit, keys
from docket.audit.checking import verify
from docket.store import Store, open_store
from docket.store.metadata import AUDIT_LOG

_UNGUARDED = {
    "sqlite": [f"DROP TRIGGER audit_log_{name}" for name in ("next", "no_update", "no_delete")],
    "postgresql": ["ALTER TABLE audit_log DISABLE TRIGGER ALL"],
}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def rows(store: Store) -> list[dict[str, Any]]:
    with store.snapshot() as conn:
        return [dict(row) for row in conn.execute(sa.select(AUDIT_LOG).order_by("seq")).mappings()]


def views(store: Store, count: int) -> None:
    for number in range(count):
        with store.begin() as conn, audit.acting(audit.Actor("k1", "centre")):
            audit.record(conn, "view", case=f"d{number}")


def faults(store: Store, noted: audit.Head | None = None) -> list[str]:
    with store.snapshot() as conn:
        return verify(conn, noted).faults


def tamper(store: Store, *statements: str) -> None:
    """As somebody with the database's own rights, who knows of the triggers and not of the secret."""
    with store.begin() as conn:
        for statement in (*_UNGUARDED[conn.dialect.name], *statements):
            conn.execute(sa.text(statement))


def test_rows_say_who_did_what_when_to_which_case_and_follow_each_other(store: Store) -> None:
    views(store, 2)
    with store.begin() as conn:
        audit.record_all(
            conn, [audit.Event("score", "d1", "a1", {"colour": "red"}), audit.Event("view", "d1")]
        )
    told = rows(store)
    assert [row["seq"] for row in told] == [1, 2, 3, 4]
    assert [(row["actor"], row["scope"], row["action"], row["case_id"]) for row in told] == [
        ("k1", "centre", "view", "d0"),
        ("k1", "centre", "view", "d1"),
        ("service", None, "score", "d1"),
        ("service", None, "view", "d1"),
    ]
    assert [row["previous"] for row in told[1:]] == [row["digest"] for row in told[:-1]]
    with store.snapshot() as conn:
        checked = verify(conn)
    assert checked.faults == [] and checked.head == audit.Head(4, told[-1]["digest"])
    assert audit.Head.parse(str(checked.head)) == checked.head


def test_what_is_undone_was_never_told(store: Store) -> None:
    views(store, 1)
    with pytest.raises(RuntimeError, match="planted"), store.begin() as conn:
        audit.record(conn, "view", case="d9")
        raise RuntimeError("planted")
    views(store, 1)
    assert [row["case_id"] for row in rows(store)] == ["d0", "d0"] and faults(store) == []


def test_many_writers_make_one_chain(store: Store) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: views(store, 5), range(24)))
    assert len(rows(store)) == 120 and faults(store) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET case_id = 'd7' WHERE seq = 2",
        "UPDATE audit_log SET case_id = case_id",
        "DELETE FROM audit_log WHERE seq = 3",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "INSERT OR REPLACE INTO audit_log SELECT 2, at, actor, scope, action, 'd7', subject, detail, "
        "previous, digest FROM audit_log WHERE seq = 2",
        "INSERT INTO audit_log SELECT 9, at, actor, scope, action, case_id, subject, detail, previous, digest "
        "FROM audit_log WHERE seq = 3 ON CONFLICT (seq) DO UPDATE SET case_id = 'd7'",
    ],
)
def test_the_database_itself_refuses_to_change_a_row(store: Store, statement: str) -> None:
    postgresql = store.engine.dialect.name == "postgresql"
    views(store, 3)
    if postgresql:  # which lets a later number be left out; the conflict is then with a row that is there
        statement = statement.replace("SELECT 9,", "SELECT 3,")
    before = rows(store)
    with pytest.raises(sa.exc.DBAPIError), store.begin() as conn:
        conn.execute(sa.text(statement))
    assert rows(store) == before and faults(store) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit_log SET case_id = 'd7' WHERE seq = 2", ["row 2 was altered or moved"]),
        ('UPDATE audit_log SET "at" = "at" - 1 WHERE seq = 2', ["row 2 was altered or moved"]),
        ("UPDATE audit_log SET scope = NULL WHERE seq = 5", ["row 5 was altered or moved"]),
        ("DELETE FROM audit_log WHERE seq = 3", ["row 3 is missing"]),
        ("DELETE FROM audit_log WHERE seq IN (1, 2)", ["rows 1 to 2 are missing"]),
    ],
)
def test_an_altered_or_removed_row_is_found(store: Store, statement: str, told: list[str]) -> None:
    views(store, 5)
    tamper(store, statement)
    assert faults(store) == told


def test_rows_that_changed_places_are_found(store: Store) -> None:
    views(store, 5)
    tamper(
        store,
        "UPDATE audit_log SET seq = 99 WHERE seq = 2",
        "UPDATE audit_log SET seq = 2 WHERE seq = 3",
        "UPDATE audit_log SET seq = 3 WHERE seq = 99",
    )
    found = faults(store)
    assert {"row 2 was altered or moved", "row 3 was altered or moved"} <= set(found)


def test_a_gap_that_was_closed_is_found(store: Store) -> None:
    views(store, 5)
    second, third = rows(store)[1:3]
    tamper(
        store,
        "DELETE FROM audit_log WHERE seq = 3",
        f"UPDATE audit_log SET seq = seq - 1, previous = CASE WHEN seq = 4 THEN '{second['digest']}' "
        "ELSE previous END WHERE seq = 4",
        "UPDATE audit_log SET seq = 4 WHERE seq = 5",
    )
    assert len(rows(store)) == 4 and third not in rows(store)
    assert {"row 3 was altered or moved", "row 4 was altered or moved"} <= set(faults(store))


def test_a_cut_off_end_is_found_by_a_head_that_was_noted(store: Store) -> None:
    views(store, 5)
    with store.snapshot() as conn:
        noted = audit.head(conn)
    tamper(store, "DELETE FROM audit_log WHERE seq >= 4")
    assert faults(store) == []  # of the chain alone nobody could tell
    assert faults(store, noted) == ["the log ends at row 3, and row 5 was noted: its end was cut off"]
    views(store, 4)  # and the service goes on
    assert faults(store, noted) == ["row 5 isn't the one that was noted: the log was made anew"]


def test_a_cut_off_end_is_found_by_what_it_told_of(store: Store) -> None:
    with store.begin() as conn:
        made = keys.create(conn, scope="audit", now=1_700_000_000_000_000 * 2)
    views(store, 1)
    tamper(store, "DELETE FROM audit_log")
    key_id = made.split("_")[1]
    assert faults(store) == [f"the log doesn't tell of 1 key, such as {key_id}"]


def test_keys_are_made_and_revoked_in_the_log(store: Store) -> None:
    now = 1_700_000_000_000_000
    with store.begin() as conn, audit.acting(audit.Actor("command:li")):
        key_id = keys.create(conn, scope="analyst", now=now, days=3).split("_")[1]
        assert keys.revoke(conn, key_id, now + 1) and not keys.revoke(conn, key_id, now + 2)
        assert not keys.revoke(conn, "nobody", now)
    told = rows(store)
    assert [(row["action"], row["subject"], row["actor"]) for row in told] == [
        ("create_key", key_id, "command:li"),
        ("revoke_key", key_id, "command:li"),
    ]
    assert '"scope": "analyst"' in told[0]["detail"]


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_a_head_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SEQ:DIGEST"):
        audit.Head.parse(text)
