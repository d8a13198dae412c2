"""Deadlines climb from the grid to the district: every step once, none early, none lost."""

from __future__ import annotations

import datetime as times
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from browsing import person, service
from fastapi.testclient import TestClient
from served import wait_for
from small_district import case, count, key_of

from docket.office import Office
from docket.outbox import endpoints
from docket.store import Store
from docket.store.clock import database_now
from docket.times import DAY, HOUR, LOCAL, MINUTE, SECOND, from_micros, now_micros, parse_instant, to_micros
from serving.app import create_app
from serving.settings import Settings
from serving.urgings.scheduler import Scheduler

RED = "对方持刀上门，扬言杀他全家。"
ROUND = Scheduler.round
STEPS = ("before", "due", "community", "street", "district")
WAITS = {  # minutes, as docs/webhooks.md and the settings say
    "respond": (-10, 0, 15, 30, 60),
    "classify": (-120, 0, 60, 240, 480),
    "review": (-240, 0, 240, 480, 960),
}


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own scheduler doesn't look: the test does."""
    monkeypatch.setattr(Scheduler, "round", lambda self: 3_600.0)


@pytest.fixture
def centre(quiet: None, client: TestClient, store: Store) -> TestClient:
    client.headers.update(key_of(store, "centre"))
    return client


def look(client: TestClient, clock: Callable[[sa.Connection], int] | None = None) -> None:
    state = client.app.state.anlan  # type: ignore[attr-defined]
    ROUND(Scheduler(state) if clock is None else Scheduler(state, clock))


def sent(store: Store, dispute_id: str | None = None) -> list[tuple[str, str]]:
    query = "SELECT deadline, step FROM urgings WHERE sent_at IS NOT NULL"
    query += "" if dispute_id is None else f" AND dispute_id = '{dispute_id}'"
    with store.snapshot() as conn:
        return [tuple(row) for row in conn.execute(sa.text(query + " ORDER BY due_at, urging_no"))]


def event(name: str, kind: str, at: datetime | None = None) -> dict[str, Any]:
    moment = datetime.now(UTC) if at is None else at
    return {"events": [{"event_id": name, "at": moment.isoformat(), "kind": kind}]}


def ago(**more: float) -> str:
    return (datetime.now(UTC) - timedelta(**more)).isoformat()


# One simulated month, beside a second reckoning of what must be sent when.


@dataclass
class Clock:
    """What everybody takes the time to be."""

    now: int

    def __call__(self, _: sa.Connection) -> int:
        return self.now


@dataclass
class Told:
    """A case as the test knows it: its open deadlines, its colour, and what was sent."""

    colour: str
    deadlines: dict[str, int]
    sent: set[tuple[str, int, str]] = field(default_factory=set)


FREE = {date(2026, 2, day) for day in range(15, 24)} | {
    date(2026, 2, day) for day in (1, 7, 8, 22)
}  # 春节 2026
WORKED = {date(2026, 2, 14), date(2026, 2, 28)}


def is_office_minute(at: datetime) -> bool:
    day = at.date()
    works = day in WORKED or (day.weekday() < 5 and day not in FREE)
    return works and (8, 30) <= (at.hour, at.minute) < (17, 30)


@cache
def moment(kind: str, at: int, step: str, colour: str) -> int:
    """When a step is due, counted minute by minute."""
    wait = WAITS[kind][STEPS.index(step)]
    if wait <= 0 or colour == "red" or kind == "respond":
        return at + wait * MINUTE
    here = from_micros(at).astimezone(LOCAL)
    if not is_office_minute(here):
        here = here.replace(second=0, microsecond=0)
    while not is_office_minute(here):
        here += timedelta(minutes=1)
    while wait:
        here += timedelta(minutes=1)
        wait -= 1
        if not is_office_minute(here):
            over = timedelta(seconds=here.second, microseconds=here.microsecond)
            here = here - over
            while not is_office_minute(here):
                here += timedelta(minutes=1)
            here += over
    return to_micros(here)


class District:
    """A month of a small district through the API, everybody's clock being the test's."""

    def __init__(self, client: TestClient, clock: Clock, seed: int) -> None:
        self.client, self.clock, self.draw = client, clock, random.Random(seed)
        self.cases: dict[str, Told] = {}
        self.number = 0
        self.over: dict[str, set[str]] = {}
        self.shut: set[str] = set()

    def report(self) -> None:
        name = f"m{self.number}"
        text = RED if self.draw.random() < 0.2 else "邻居楼上漏水，协商未果。"
        opened = from_micros(self.clock.now - HOUR).isoformat()
        self.number += 1
        self._take(name, self.client.post("/v1/cases", json=case(name, text, opened_at=opened)).json())

    def happen(self) -> None:
        name = self.draw.choice(sorted(self.cases))
        kind = self.draw.choice(["contacted", "police_call", "handover", "mediation_failed", "closed"])
        self.number += 1
        told = event(f"e{self.number}", kind, from_micros(self.clock.now))
        answer = self.client.post(f"/v1/cases/{name}/events", json=told)
        assert answer.status_code == 201, answer.text
        self._take(name, answer.json())
        known, gone = self.cases[name], set()
        if kind in ("contacted", "mediation_failed", "closed"):
            gone.add("respond")
        if kind in ("handover", "mediation_failed", "closed"):
            gone.add("classify")
        self.over.setdefault(name, set()).update(gone)
        if kind == "closed":
            self.shut.add(name)
        known.deadlines = {k: v for k, v in known.deadlines.items() if k not in self.over[name]}
        if name in self.shut:
            known.deadlines = {}

    def raise_one(self) -> None:
        name = self.draw.choice(sorted(self.cases))
        latest = self.client.get(f"/v1/cases/{name}").json()["assessment"]["assessment_id"]
        body = {"assessment_id": latest, "colour": "red", "reason": "多次报警"}
        assert self.client.put(f"/v1/cases/{name}/decision", json=body).status_code == 200
        self.cases[name].colour = "red"

    def _take(self, name: str, answer: dict[str, Any]) -> None:
        done, known = self.over.get(name, set()), self.cases.get(name)
        due = {one["kind"]: parse_instant(one["due_at"]) for one in answer["deadlines"]}
        due = {} if name in self.shut else {kind: at for kind, at in due.items() if kind not in done}
        queue = self.client.get(f"/v1/cases/{name}").json()
        colour = queue["assessment"]["colour"]
        if queue["decisions"] and queue["decisions"][-1]["recommended"] == colour:
            colour = queue["decisions"][-1]["colour"]
        if known is None:
            self.cases[name] = Told(colour, due)
        else:
            known.colour, known.deadlines = colour, due

    def due_now(self) -> set[tuple[str, str, int, str]]:
        """What must be sent at this moment, and is counted as sent from then on."""
        found = set()
        for name, known in self.cases.items():
            for kind, at in known.deadlines.items():
                for step in STEPS:
                    one = (kind, at, step)
                    if one not in known.sent and moment(kind, at, step, known.colour) <= self.clock.now:
                        known.sent.add(one)
                        found.add((name, *one))
        return found


@pytest.mark.usefixtures("quiet")
def test_in_a_month_no_step_is_lost_none_is_sent_twice_and_none_early(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(parse_instant("2026-02-02T00:00:00+08:00"))

    class Shown(times.datetime):
        @classmethod
        def now(cls, tz: times.tzinfo | None = None) -> Any:
            return from_micros(clock.now)

    with store.begin() as conn:
        endpoints.add(conn, url="https://hooks.invalid/", events=["deadline"], now=clock.now)
    key = key_of(store, "centre", days=3_650)
    monkeypatch.setattr("docket.times.datetime", Shown)
    for where in ("serving.cases.assessing", "serving.decisions.service"):
        monkeypatch.setattr(f"{where}.database_now", clock)
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        client.headers.update(key)
        district = District(client, clock, seed=8)
        end, total = clock.now + 28 * DAY, 0
        while clock.now < end:
            clock.now += district.draw.randint(1, 60) * MINUTE + district.draw.randint(0, 59) * SECOND
            what = district.draw.random()
            if what < 0.06 or not district.cases:
                district.report()
            elif what < 0.14:
                district.happen()
            elif what < 0.15:
                district.raise_one()
            asleep = 10 * DAY < end - clock.now < 11 * DAY  # nobody schedules for a day
            if asleep:
                continue
            expected = district.due_now()
            look(client, clock)
            with store.snapshot() as conn:
                query = sa.text(
                    "SELECT dispute_id, deadline, deadline_at, step FROM urgings WHERE sent_at = :now"
                )
                found = [tuple(row) for row in conn.execute(query, {"now": clock.now})]
            assert len(found) == len(set(found)) and set(found) == expected, from_micros(clock.now)
            total += len(found)
    assert total > 400
    with store.snapshot() as conn:
        every = conn.execute(
            sa.text("SELECT dispute_id, step, due_at, sent_at FROM urgings WHERE sent_at IS NOT NULL")
        )
        rows = every.all()
        logged = conn.execute(sa.text("SELECT COUNT(*) FROM audit_log WHERE action = 'urge'")).scalar_one()
        told = conn.execute(sa.text("SELECT COUNT(DISTINCT about) FROM outbox")).scalar_one()
    assert len(rows) == total == logged == told == count(store, "outbox")
    assert all(row.due_at <= row.sent_at for row in rows) and {row.step for row in rows} == set(STEPS)


# What becomes of single cases.


def test_workers_see_what_their_grid_is_urged_about(centre: TestClient, store: Store) -> None:
    made = centre.post("/v1/cases", json=case("x")).json()
    due = {one["kind"]: parse_instant(one["due_at"]) for one in made["deadlines"]}
    look(centre, Clock(due["respond"] + 15 * MINUTE))
    for worker, found in (("w1", [("x", "respond", "due", "community")]), ("w2", [])):
        header = key_of(store, "worker", worker_id=worker)
        told = centre.get("/v1/urgings", headers=header).json()["urgings"]
        assert [(u["dispute_id"], u["deadline"], u["step"], u["reached"]) for u in told] == found
        higher = centre.get("/v1/urgings", params={"level": "community"}, headers=header)
        assert higher.status_code == 422 and higher.json()["errors"][0]["field"] == "level"
    page = person(centre, store, "worker").get("/visits").text
    assert "催办本网格" in page and "30分钟内响应" in page and "已升至社区" in page
    met = centre.post("/v1/cases/x/events", json=event("e", "contacted"))
    assert met.status_code == 201
    assert "催办本网格" not in person(centre, store, "worker").get("/visits").text


def test_steps_wait_are_sent_in_their_order_and_end_when_the_deadline_is_met(
    centre: TestClient, store: Store
) -> None:
    made = centre.post("/v1/cases", json=case("x", RED)).json()
    due = {one["kind"]: parse_instant(one["due_at"]) for one in made["deadlines"]}
    clock = Clock(due["respond"] - 10 * MINUTE - 1)
    look(centre, clock)
    assert sent(store) == []
    for wait, step in zip(WAITS["respond"], STEPS, strict=True):
        clock.now = due["respond"] + wait * MINUTE
        look(centre, clock)
        look(centre, clock)
        assert sent(store)[-1] == ("respond", step)
    assert len(sent(store)) == 5
    with store.snapshot() as conn:
        logged = sa.text("SELECT COUNT(*) FROM audit_log WHERE action = 'urge'")
        assert conn.execute(logged).scalar_one() == 5
    listed = centre.get("/v1/urgings").json()
    assert listed["level"] == "district" and listed["open"] == {
        "grid": 1, "community": 1, "street": 1, "district": 1
    }  # fmt: skip
    (one,) = listed["urgings"]
    assert (one["dispute_id"], one["step"], one["reached"], one["ended_at"]) == (
        "x",
        "district",
        "district",
        None,
    )
    centre.post("/v1/cases/x/events", json=event("e1", "contacted"))
    listed = centre.get("/v1/urgings").json()
    assert listed["urgings"] == [] and sum(listed["open"].values()) == 0
    (one,) = centre.get("/v1/urgings?ended=true").json()["urgings"]
    assert one["ended_at"] is not None
    course = centre.get("/v1/cases/x/history").json()["course"]
    assert [row["code"] for row in course if row["what"] == "urging"] == list(STEPS)


def loaded(store: Store, dispute_id: str, kind: str) -> None:
    """An event as if it came by a load: nobody assessed the case after it."""
    sql = """INSERT INTO events (event_id, dispute_id, at, recorded_at, kind, row_digest, ingested_at, via, learned_at)
    VALUES ('l1', :name, :now, :now, :kind, 'd', :now, 'load', :now)"""
    with store.begin() as conn:
        conn.execute(sa.text(sql), {"name": dispute_id, "kind": kind, "now": now_micros()})


def test_what_was_met_by_a_load_is_not_urged(centre: TestClient, store: Store) -> None:
    made = centre.post("/v1/cases", json=case("x")).json()
    due = {one["kind"]: parse_instant(one["due_at"]) for one in made["deadlines"]}
    loaded(store, "x", "contacted")
    look(centre, Clock(due["respond"] + 2 * HOUR))
    assert sent(store) == []


def test_what_a_load_meets_after_it_was_urged_ends_within_an_hour(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("x", opened_at=ago(hours=3), recorded_at=ago(hours=2)))
    look(centre)
    loaded(store, "x", "contacted")
    assert len(centre.get("/v1/urgings").json()["urgings"]) == 1
    look(centre, Clock(now_micros() + HOUR))
    assert centre.get("/v1/urgings").json()["urgings"] == []
    (one,) = centre.get("/v1/urgings?ended=true").json()["urgings"]
    assert one["ended_at"] is not None


def test_a_case_that_is_late_when_it_comes_is_told_of_once_at_its_level(
    centre: TestClient, store: Store
) -> None:
    for name, hours in (("fresh", 0.8), ("late", 3), ("old", 24 * 30)):
        made = centre.post("/v1/cases", json=case(name, opened_at=ago(days=31), recorded_at=ago(hours=hours)))
        assert made.status_code == 201
    look(centre)
    assert sent(store, "fresh") == [("respond", "community")]
    assert sent(store, "late") == [("respond", "district")]
    assert sent(store, "old") == []  # of what is that old the queue tells


def test_a_red_case_does_not_wait_for_the_office(centre: TestClient, store: Store) -> None:
    made = centre.post("/v1/cases", json=case("x")).json()
    centre.post("/v1/cases/x/events", json=event("e1", "contacted"))
    (at,) = [parse_instant(one["due_at"]) for one in made["deadlines"] if one["kind"] == "classify"]
    waits = sa.text("SELECT due_at FROM urgings WHERE deadline = 'classify' AND step = 'district'")
    with store.snapshot() as conn:
        calm = conn.execute(waits).scalar_one()
    assert calm == Office(8 * HOUR + 30 * MINUTE, 17 * HOUR + 30 * MINUTE).after(at, 8 * HOUR)
    latest = centre.get("/v1/cases/x").json()["assessment"]["assessment_id"]
    body = {"assessment_id": latest, "colour": "red", "reason": "多次报警"}
    assert centre.put("/v1/cases/x/decision", json=body).status_code == 200
    with store.snapshot() as conn:
        assert conn.execute(waits).scalar_one() == at + 8 * HOUR


def test_a_case_that_is_closed_withdrawn_or_merged_climbs_no_further(
    centre: TestClient, store: Store
) -> None:
    for name in ("shut", "gone", "same", "other"):
        centre.post("/v1/cases", json=case(name, opened_at=ago(hours=3), recorded_at=ago(hours=0.8)))
    look(centre)
    assert len(sent(store)) == 4
    centre.post("/v1/cases/shut/events", json=event("e1", "closed"))
    centre.post("/v1/cases/gone/withdraw", json={"reason": "误报"})
    centre.post("/v1/cases/same/merge", json={"into": "other", "reason": "同一件事"})
    with store.snapshot() as conn:
        waiting = sa.text("SELECT DISTINCT dispute_id FROM urgings WHERE sent_at IS NULL")
        assert list(conn.execute(waiting).scalars()) == ["other"]
    look(centre, Clock(now_micros() + 40 * DAY))
    with store.snapshot() as conn:
        query = sa.text(
            "SELECT DISTINCT dispute_id FROM urgings WHERE ended_at IS NULL AND sent_at IS NOT NULL"
        )
        assert list(conn.execute(query).scalars()) == ["other"]
    for name in ("shut", "gone", "same"):
        assert len(sent(store, name)) == 1


def test_a_level_answers_once_and_only_in_its_area(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("x", opened_at=ago(hours=3), recorded_at=ago(hours=0.8)))
    look(centre)
    east, west = (key_of(store, "centre", area=f"community:{one}") for one in ("c1", "c2"))
    assert centre.get("/v1/urgings", headers=west).json()["urgings"] == []
    told = centre.get("/v1/urgings", headers=east).json()
    (one,) = told["urgings"]
    assert told["level"] == one["level"] == "community"
    path = f"/v1/urgings/{one['urging_no']}/answer"
    said = {"note": "已联系当事人，电话13912345678"}
    assert centre.post(path, json=said, headers=west).status_code == 404
    assert centre.post("/v1/urgings/999/answer", json=said, headers=east).status_code == 404
    assert centre.post(path, json={"note": " "}, headers=east).status_code == 422
    first = centre.post(path, json=said, headers=east)
    assert first.status_code == 201 and "13912345678" not in first.text
    again = centre.post(path, json=said, headers=east)
    assert (again.status_code, again.content) == (200, first.content)
    assert centre.post(path, json={"note": "另一说法"}, headers=east).status_code == 409
    (one,) = centre.get("/v1/urgings", headers=east).json()["urgings"]
    assert one["answer"] == first.json()["answer"] and one["ended_at"] is None


def test_the_list_goes_on_where_it_ended(centre: TestClient, store: Store) -> None:
    for number in range(5):
        made = case(f"x{number}", opened_at=ago(hours=3), recorded_at=ago(hours=2))
        centre.post("/v1/cases", json=made)
    look(centre)
    found, cursor = [], None
    while True:
        page = centre.get("/v1/urgings", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [one["dispute_id"] for one in page["urgings"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(found) == [f"x{number}" for number in range(5)]
    assert centre.get("/v1/urgings?level=moon").status_code == 422


def test_a_store_of_before_gets_its_steps_within_an_hour(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("x"))
    with store.begin() as conn:  # as the migration leaves it
        conn.execute(sa.text("DELETE FROM urgings"))
    look(centre)
    assert count(store, "urgings") == 10


def test_a_case_page_says_who_is_told_next(centre: TestClient, store: Store) -> None:
    centre.post("/v1/cases", json=case("x", opened_at=ago(hours=3), recorded_at=ago(minutes=35)))
    look(centre)
    with service(store) as pages:
        page = person(pages, store, "centre").get("/cases/x").text
    assert page.count("升至社区催办") == 1 and page.count("到期催办") == 1 and page.count("到期提醒") == 1


# Several schedulers, and one that dies.


def test_of_two_schedulers_each_step_is_sent_by_one(centre: TestClient, store: Store) -> None:
    with store.begin() as conn:
        endpoints.add(conn, url="https://hooks.invalid/", events=["deadline"], now=now_micros())
    for number in range(12):
        made = case(f"x{number}", opened_at=ago(hours=3), recorded_at=ago(hours=2))
        assert centre.post("/v1/cases", json=made).status_code == 201
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: look(centre), range(6)))
    assert len(sent(store)) == 12 == count(store, "outbox")
    with store.snapshot() as conn:
        query = sa.text("SELECT subject FROM audit_log WHERE action = 'urge'")
        logged = list(conn.execute(query).scalars())
    assert len(logged) == len(set(logged)) == 12


DYING = """
import os, signal, sys
from serving.metrics import Metrics
from serving.opening import opened
from serving.settings import Settings
from serving.state import State
from serving.urgings import following
from serving.urgings.scheduler import Scheduler

told, done = following.webhooks.urged, []
def urged(conn, dispute_id, rows):
    told(conn, dispute_id, rows)
    done.append(dispute_id)
    if len(done) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
following.webhooks.urged = urged
settings = Settings(store=sys.argv[1], model="")
unused = dict.fromkeys(("models", "limits", "tokens", "logins", "looks", "provider"))
Scheduler(State(settings=settings, store=opened(settings.store), metrics=Metrics(), **unused)).round()
"""


def test_what_a_killed_scheduler_had_begun_is_sent_by_the_next(centre: TestClient, store: Store) -> None:
    with store.begin() as conn:
        endpoints.add(conn, url="https://hooks.invalid/", events=["deadline"], now=now_micros())
    for number in range(6):
        made = case(f"x{number}", opened_at=ago(hours=3), recorded_at=ago(hours=2))
        assert centre.post("/v1/cases", json=made).status_code == 201
    died = subprocess.run([sys.executable, "-c", DYING, store.url], env=os.environ.copy(), check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(sent(store)) == 2 == count(store, "outbox")  # the third was under way
    look(centre)
    assert len(sent(store)) == 6 == count(store, "outbox")


def test_a_worker_whose_clock_is_ahead_sends_nothing_early(
    centre: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(times.datetime):
        @classmethod
        def now(cls, tz: times.tzinfo | None = None) -> Any:
            return times.datetime.now(tz) + timedelta(hours=1)

    centre.post("/v1/cases", json=case("x"))
    monkeypatch.setattr("docket.times.datetime", Ahead)
    look(centre)
    assert sent(store) == []
    with store.snapshot() as conn:
        assert abs(database_now(conn) - to_micros(times.datetime.now(UTC))) < MINUTE


@pytest.fixture
def own(store: Store) -> Iterator[TestClient]:
    """A service whose own scheduler looks."""
    with TestClient(create_app(Settings(store=store.url, model=""))) as made:
        made.headers.update(key_of(store, "centre"))
        yield made


def test_the_service_sends_of_itself_and_says_so(
    own: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.urgings.scheduler.EVERY", 0.05)
    own.post("/v1/cases", json=case("x", opened_at=ago(hours=3), recorded_at=ago(hours=2)))
    wait_for("the step is sent", lambda: sent(store) == [("respond", "district")])
    wait_for("it is counted", lambda: 'anlan_urgings_total{step="district"} 1.0' in own.get("/metrics").text)
    assert "anlan_urging_late_seconds" in own.get("/metrics").text


# The ladder itself.


@pytest.mark.parametrize(
    ("begin", "hours", "end"),
    [
        ("2026-02-13T16:30:00+08:00", 2, "2026-02-14T09:30:00+08:00"),  # Saturday, but worked
        ("2026-02-14T17:30:00+08:00", 0.5, "2026-02-24T09:00:00+08:00"),  # over the Spring Festival
        ("2026-03-03T03:00:00+08:00", 9, "2026-03-04T08:30:00+08:00"),
        ("2026-03-03T10:00:20+08:00", 1, "2026-03-03T11:00:20+08:00"),
    ],
)
def test_office_hours_leave_out_nights_and_holidays(begin: str, hours: float, end: str) -> None:
    office = Office(8 * HOUR + 30 * MINUTE, 17 * HOUR + 30 * MINUTE)
    assert office.after(parse_instant(begin), round(hours * HOUR)) == parse_instant(end)


def test_a_district_sets_its_own_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    respond = {"before": 0, "community": 5, "street": 6, "district": 7}
    monkeypatch.setenv("ANLAN_LADDER", json.dumps({"respond": respond, "closes": "18:00"}))
    ladder = Settings.read().ladder
    at = parse_instant("2026-03-03T03:00:00+08:00")
    steps = ladder.steps(("respond", at), "none")
    assert [(one.step, one.due_at - at) for one in steps] == [
        ("due", 0), ("community", 5 * MINUTE), ("street", 6 * MINUTE), ("district", 7 * MINUTE)
    ]  # fmt: skip
    assert ladder.classify.community == 60 and ladder.office.closes == 18 * HOUR


@pytest.mark.parametrize(
    "told",
    [
        {"respond": {"before": 1, "community": 5, "street": 5, "district": 7}},
        {"respond": {"before": 1, "community": 0, "street": 5, "district": 7}},
        {"opens": "18:00"},
        {"answer": {}},
    ],
)
def test_a_ladder_that_does_not_climb_is_refused(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_LADDER", json.dumps(told))
    with pytest.raises(Exception, match="ANLAN_LADDER"):
        Settings.read()
