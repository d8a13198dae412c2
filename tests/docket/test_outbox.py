"""The outbox on both databases: who gets a row, in which order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from docket.outbox import Message, endpoints, put, queue, withdraw
from docket.outbox.pruning import prune
from docket.store import Store, open_store
from docket.times import DAY, MINUTE, SECOND

NOW = 1_700_000_000 * SECOND
EVENTS = ["colour", "decision", "deadline"]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def endpoint(store: Store, events: list[str] = EVENTS, now: int = NOW) -> str:
    with store.begin() as conn:
        return endpoints.add(conn, url="https://hooks.example/x", events=events, now=now)[0]


def tell(store: Store, about: str, case: str = "d1", at: int = NOW, **body: str) -> None:
    message = Message("colour" if about.startswith("colour") else "deadline", case, about, body, at)
    with store.begin() as conn:
        put(conn, [message], grid_id="g1", now=NOW)


def claim(store: Store, name: str, now: int = NOW, lease: int = MINUTE) -> queue.Claimed | None:
    with store.begin() as conn:
        return queue.claim(conn, name, now=now, lease=lease)


def taken(row: queue.Claimed | None) -> queue.Claimed:
    assert row is not None
    return row


def test_of_two_senders_one_has_a_row(store: Store) -> None:
    name = endpoint(store)
    for number in range(20):
        tell(store, f"colour:{number}", case=f"d{number}")
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: claim(store, name), range(40)))
    ids = [row.delivery_id for row in rows if row is not None]
    assert len(ids) == len(set(ids))
    while (
        row := claim(store, name)
    ) is not None:  # whoever came at the same moment may have gone away with none
        ids.append(row.delivery_id)
    assert len(ids) == len(set(ids)) == 20


def test_a_row_whose_sender_died_is_taken_up_when_its_lease_ends(store: Store) -> None:
    name = endpoint(store)
    tell(store, "colour:1")
    first = taken(claim(store, name, lease=MINUTE))
    assert claim(store, name, now=NOW + MINUTE - 1) is None
    second = taken(claim(store, name, now=NOW + MINUTE))
    assert second.delivery_id == first.delivery_id and second.attempts == 2
    with store.begin() as conn:
        assert not queue.failed(conn, first, "timeout", next_at=NOW)  # it comes back too late
        assert queue.delivered(conn, second, NOW + MINUTE)
    assert claim(store, name, now=NOW + 60 * MINUTE) is None


def test_a_cases_rows_go_in_order_until_the_first_has_failed_often(store: Store) -> None:
    name = endpoint(store)
    tell(store, "colour:1", case="a")
    tell(store, "colour:2", case="a")
    tell(store, "colour:3", case="b")
    first = taken(claim(store, name))
    assert taken(claim(store, name)).case == "b"
    assert claim(store, name) is None
    for tries in range(1, queue.HOLDS + 1):
        assert first.attempts == tries
        with store.begin() as conn:
            assert queue.failed(conn, first, "http 500", next_at=NOW + MINUTE)
        assert claim(store, name) is None
        with store.begin() as conn:
            conn.execute(sa.text("UPDATE outbox SET next_at = :now WHERE case_id = 'a'"), {"now": NOW})
        first = taken(claim(store, name))
    second = taken(claim(store, name))
    assert second.case == "a" and second.seq > first.seq


def test_what_was_put_is_told_once(store: Store) -> None:
    name = endpoint(store)
    tell(store, "colour:1", said="first")
    tell(store, "colour:1", said="second")
    row = taken(claim(store, name))
    assert "first" in row.body
    with store.begin() as conn:
        queue.delivered(conn, row, NOW)
    tell(store, "colour:1")
    assert claim(store, name) is None


def test_what_nobody_was_told_yet_can_be_taken_back(store: Store) -> None:
    name = endpoint(store)
    tell(store, "respond:d1:5:due")
    tell(store, "classify:d1:5:due")
    with store.begin() as conn:
        withdraw(conn, "d1", ["respond:d1:5:"], NOW)
    tell(store, "respond:d1:5:due")  # of one thing it is told once, or not at all
    assert queue_length(store, NOW) == 1
    with store.begin() as conn:
        withdraw(conn, "d1", ["respond:", "classify:"], NOW)
        withdraw(conn, "d1", [], NOW)
    assert queue_length(store, NOW) == 0 and claim(store, name, now=NOW + MINUTE) is None


def queue_length(store: Store, now: int) -> int:
    with store.snapshot() as conn:
        return queue.backlog(conn, now).waiting


def test_paused_is_kept_and_removed_is_gone(store: Store) -> None:
    name, other = endpoint(store), endpoint(store, ["decision"])
    with store.begin() as conn:
        assert endpoints.pause(conn, name, NOW)
    tell(store, "colour:1")
    assert claim(store, name) is None and claim(store, other) is None
    assert queue_length(store, NOW) == 0
    with store.begin() as conn:
        assert endpoints.pause(conn, name, None)
    with store.snapshot() as conn:
        assert queue.due_endpoints(conn, NOW) == [name]
    with store.begin() as conn:
        assert endpoints.remove(conn, name, NOW) and not endpoints.remove(conn, name, NOW)
        assert [one.endpoint_id for one in endpoints.list_endpoints(conn)] == [other]
    assert claim(store, name) is None


def test_removing_an_endpoint_waits_for_nobody_who_writes_about_its_rows(postgres_url: str) -> None:
    with closing(open_store(postgres_url, wait=0.5)) as store:
        name = endpoint(store)
        tell(store, "colour:1")
        row = taken(claim(store, name))
        with store.begin() as sender:
            assert queue.failed(sender, row, "timeout", next_at=NOW)  # it holds the row until it commits
            with store.begin() as conn:
                assert endpoints.remove(conn, name, NOW)
        assert claim(store, name, now=NOW + MINUTE) is None and queue_length(store, NOW) == 0


def test_what_a_removed_endpoint_was_given_up_on_is_gone_as_well(store: Store) -> None:
    name = endpoint(store)
    tell(store, "colour:1")
    with store.begin() as conn:
        queue.given_up(conn, taken(queue.claim(conn, name, now=NOW, lease=MINUTE)), "http 500", NOW)
        assert endpoints.remove(conn, name, NOW)
        assert queue.dead(conn) == [] and queue.backlog(conn, NOW).dead == 0
        assert queue.retry(conn, NOW) == 0


def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(store: Store) -> None:
    name, later = endpoint(store), NOW + 40 * DAY
    for number in range(4):
        tell(store, f"colour:{number}", case=f"d{number}")
    tell(store, "respond:due", case="d9", at=later)
    ends: list[Callable[..., bool]] = [queue.delivered, queue.delivered]
    ends.append(lambda conn, row, now: queue.given_up(conn, row, "http 500", now))
    for end in ends:
        with store.begin() as conn:
            end(conn, taken(queue.claim(conn, name, now=NOW, lease=MINUTE)), NOW)
    with store.begin() as conn:
        withdraw(conn, "d9", ["respond:"], NOW + 2 * DAY)
    left = "SELECT state FROM outbox ORDER BY state"
    with store.begin() as conn:
        assert prune(conn, before=NOW, most=10) == 0
        assert prune(conn, before=NOW + DAY, most=1) == 1 and prune(conn, before=NOW + DAY, most=10) == 1
        # given up, still to be told, and what was taken back later
        assert list(conn.execute(sa.text(left)).scalars()) == ["dead", "pending", "withdrawn"]
        assert prune(conn, before=later + DAY, most=10) == 1
        assert endpoints.remove(conn, name, later)
        assert prune(conn, before=later, most=10) == 0 and prune(conn, before=later + 1, most=10) == 2


def test_dead_letters_are_seen_and_tried_anew(store: Store) -> None:
    name = endpoint(store)
    tell(store, "colour:1")
    row = taken(claim(store, name))
    with store.begin() as conn:
        queue.given_up(conn, row, "http 500", NOW)
        (dead,) = queue.dead(conn)
        assert (dead.delivery_id, dead.last_error) == (row.delivery_id, "http 500")
        assert queue.backlog(conn, NOW).dead == 1
        assert queue.retry(conn, NOW, "wd-other") == 0 and queue.retry(conn, NOW) == 1
    again = taken(claim(store, name))
    assert again.delivery_id == row.delivery_id and again.attempts == 1


def test_secrets_stand_encrypted_and_rows_go_with_their_transaction(store: Store) -> None:
    with store.begin() as conn:
        name, secret = endpoints.add(conn, url="https://h.example", events=["colour"], now=NOW)
        assert endpoints.secret_of(conn, name) == secret
        sealed = conn.execute(sa.text("SELECT sealed_secret FROM webhooks")).scalar_one()
    assert secret.encode() not in bytes(sealed)
    with pytest.raises(RuntimeError), store.begin() as conn:
        put(conn, [Message("colour", "d1", "colour:1", {}, NOW)], grid_id="g1", now=NOW)
        raise RuntimeError("what it tells of didn't happen")
    assert claim(store, name) is None


@pytest.mark.parametrize(
    "asked", [{"events": []}, {"events": ["risk"]}, {"events": ["colour"], "area": "grid:g9"}]
)
def test_endpoints_of_nothing_known_are_refused(store: Store, asked: dict[str, object]) -> None:
    with store.begin() as conn, pytest.raises(endpoints.EndpointError):
        endpoints.add(conn, url="https://h.example", now=NOW, **asked)  # type: ignore[arg-type]
