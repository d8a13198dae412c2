"""A worker's day in a real browser whose line is cut: nothing is lost, nothing is doubled, nothing stays behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import openpyxl
import pytest
import sqlalchemy as sa
from browser import PHONE, Desk, chromium, desk
from playwright.sync_api import Browser, Page, expect
from served import listening, wait_for
from small_district import case, key_of

from docket.store import Store
from docket.store.desk import SESSIONS
from docket.times import now_micros
from models.visits import LIST_COLUMNS

NOTE = "家中只有老人，称其子昨晚砸门"
_LEFT_BEHIND = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const pages = await caches.open(name);
    for (const asked of await pages.keys()) found.push(await (await pages.match(asked)).text());
  }
  for (const { name } of await indexedDB.databases()) {
    const base = await new Promise((done) => { indexedDB.open(name).onsuccess = (e) => done(e.target.result); });
    for (const store of base.objectStoreNames) {
      const rows = await new Promise((done) => {
        base.transaction(store).objectStore(store).getAll().onsuccess = (e) => done(e.target.result);
      });
      for (const row of rows) {
        found.push(JSON.stringify(row));
        for (const part of Object.values(row)) {
          if (part instanceof ArrayBuffer || ArrayBuffer.isView(part)) found.push(new TextDecoder().decode(part));
        }
      }
    }
    base.close();
  }
  return { found, waiting: found.length, local: JSON.stringify([localStorage, sessionStorage]) };
}"""


@dataclass(frozen=True)
class Served:
    """The service without a model, on a store of its own."""

    store: Store
    base: str

    def key(self, scope: str, **more: str) -> str:
        return key_of(self.store, scope, **more)["Authorization"].split()[1]

    def post(self, path: str, body: dict[str, Any], key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx.post(f"{self.base}/v1{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text

    def visits(self) -> list[dict[str, Any]]:
        query = sa.text('SELECT visit_id, person_id, worker_id, "at", recorded_at, contact, finding, text, weapon_seen, '
                        'referred_to FROM known_visits WHERE superseded_at IS NULL ORDER BY "at"')  # fmt: skip
        with self.store.snapshot() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    with listening(store) as base:
        made = Served(store, base)
        dispatch = made.key("dispatch")
        for name in ("a", "b", "c"):
            made.post("/cases", case(name, "家长因琐事争吵，扬言跳楼。"), dispatch)
        yield made


@contextmanager
def walking(browser: Browser, served: Served, *, key: str | None = None) -> Iterator[Desk]:
    """Worker w1, whose phone has the list of the day."""
    with desk(browser, served.base, PHONE) as worker:
        worker.log_in(key or served.key("worker", worker_id="w1"))
        ready(worker.page)
        yield worker


def ready(page: Page) -> None:
    expect(page.locator("#round[data-ready=yes]")).to_have_count(1, timeout=30_000)


def card(page: Page, person: str) -> Any:
    return page.locator(f"article.place[data-person='{person}']")


def tap(page: Page, person: str, found: str, note: str = "") -> None:
    place = card(page, person)
    place.get_by_label("记录（可不填）").fill(note)
    place.get_by_role("button", name=found).click()
    expect(place.locator(".noted")).to_be_visible()


def waits(page: Page, count: int) -> None:
    expect(page.locator("#waiting li")).to_have_count(count)


def test_what_was_found_without_a_line_is_stored_once_when_it_is_back(
    browser: Browser, served: Served
) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        page.context.set_offline(True)
        page.reload()  # the phone was put away and taken out again
        expect(page.get_by_text("现在没有网络")).to_be_visible()
        assert page.locator("article.place").count() == 3
        before = datetime.now(UTC)
        place = card(page, "p-a")
        place.get_by_label("见到凶器").check()
        place.get_by_label("已转介（可不填）").fill("派出所")
        tap(page, "p-a", "见到 · 恶化", NOTE)
        tap(page, "p-b", "已搬走")
        after = datetime.now(UTC)
        waits(page, 2)
        page.reload()
        waits(page, 2)
        expect(page.locator("#waiting")).to_contain_text(NOTE)
        expect(card(page, "p-a").locator("form")).to_be_hidden()
        page.get_by_role(
            "button", name="撤回"
        ).first.click()  # a slip of the thumb: what was written comes back
        waits(page, 1)
        expect(place.get_by_label("记录（可不填）")).to_have_value(NOTE)
        expect(place.get_by_label("见到凶器")).to_be_checked()
        tap(page, "p-a", "见到 · 恶化", NOTE)
        waits(page, 2)
        page.get_by_role("button", name="撤回").first.click()  # of p-b, which was noted before
        waits(page, 1)
        card(page, "p-c").get_by_label("记录（可不填）").fill("还没写完")
        assert served.visits() == []
        page.context.set_offline(False)
        told = page.get_by_role("status").first  # a page that came without a line tries again by itself
        expect(told).to_contain_text("走访已记录 1 条", timeout=30_000)
        waits(page, 0)
        expect(page.locator("#done")).to_contain_text("p-a")
        expect(card(page, "p-a")).to_have_count(0)
        # what somebody is writing meanwhile stays as it is
        expect(card(page, "p-c").get_by_label("记录（可不填）")).to_have_value("还没写完")
        page.context.set_offline(True)
        page.reload()  # without a line again, the list is as it last came
        expect(card(page, "p-c")).to_be_visible()
        expect(card(page, "p-a")).to_have_count(0)
        (visit,) = served.visits()
        assert (visit["person_id"], visit["finding"], visit["contact"]) == ("p-a", "worse", True)
        assert (visit["text"], visit["weapon_seen"], visit["referred_to"]) == (NOTE, True, "派出所")
        at = datetime.fromtimestamp(visit["at"] / 1e6, UTC)
        slack = timedelta(seconds=3)  # the clock of an answer has whole seconds
        assert before - slack <= at <= after + slack and visit["at"] < visit["recorded_at"]


_HELD = """async () => {
  const { lock, owner } = document.getElementById("round").dataset;
  return (await kept.all(lock, owner)).length;
}"""


def test_a_note_that_is_being_written_outlives_the_page_and_not_the_logout(
    browser: Browser, served: Served
) -> None:
    key = served.key("worker", worker_id="w1")
    with walking(browser, served, key=key) as worker:
        page = worker.page
        card(page, "p-a").get_by_label("记录（可不填）").fill(NOTE)
        while page.evaluate(_HELD) != 1:  # the browser's own waiting takes a promise for a yes
            page.wait_for_timeout(50)
        page.reload()  # as a phone does that was short of memory
        expect(card(page, "p-a").get_by_label("记录（可不填）")).to_have_value(NOTE)
        ready(page)
        page.get_by_role("button", name="退出").click()
        page.get_by_label("密钥").wait_for()
        left = json.dumps(page.evaluate(_LEFT_BEHIND), ensure_ascii=False)
        assert NOTE not in left and "p-a" not in left
        worker.log_in(key)
        ready(page)
        expect(card(page, "p-a").get_by_label("记录（可不填）")).to_have_value(NOTE)
        tap(page, "p-a", "见到 · 紧张", NOTE)
        expect(page.locator("#done")).to_contain_text("p-a")
        assert page.evaluate(_LEFT_BEHIND)["found"] and [one["text"] for one in served.visits()] == [NOTE]


def test_a_finding_whose_answer_was_lost_is_not_stored_twice(browser: Browser, served: Served) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        page.evaluate("""() => {
          const real = window.fetch;
          window.fetch = async (...asked) => {
            const answer = await real(...asked);
            if (asked[1]?.method !== "POST") return answer;
            window.fetch = real;
            throw new TypeError("it arrived, and its answer did not");
          };
        }""")
        tap(page, "p-a", "见到 · 平稳")
        waits(page, 1)
        wait_for("arrived", served.visits)
        page.evaluate("window.dispatchEvent(new Event('online'))")
        waits(page, 0)
        assert [visit["finding"] for visit in served.visits()] == ["calm"]


@pytest.mark.parametrize(("choice", "stored"), [("两次都保留", 2), ("不要我这次的", 1)])
def test_who_was_visited_by_another_meanwhile_is_asked_about(
    browser: Browser, served: Served, choice: str, stored: int
) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        page.context.set_offline(True)
        tap(page, "p-a", "见到 · 紧张", NOTE)
        at = datetime.now(UTC).isoformat()
        other = {"visit_id": "other", "person_id": "p-a", "worker_id": "w2", "at": at, "contact": True,
                 "finding": "calm", "text": "另一人所见"}  # fmt: skip
        served.post("/visits", {"visits": [other]}, served.key("centre"))
        page.context.set_offline(False)
        conflict = page.locator("#waiting li")
        expect(conflict).to_contain_text("另有人已记录过走访")
        expect(conflict).to_contain_text("见到，平稳")
        assert "另一人所见" not in page.inner_text("body")
        assert len(served.visits()) == 1  # nothing is stored before a person has chosen
        worker.complaints.clear()  # a conflict is told by 409, which browsers report
        worker.well(idle=False)  # playwright counts what was cut off as still under way
        page.get_by_role("button", name=choice).click()
        waits(page, 0)
        if stored == 2:
            expect(page.locator("#done")).to_contain_text("紧张")
        assert len(served.visits()) == stored


def test_a_finding_outlives_the_session(browser: Browser, served: Served) -> None:
    key = served.key("worker", worker_id="w1")
    with walking(browser, served, key=key) as worker:
        page = worker.page
        page.context.set_offline(True)
        tap(page, "p-a", "未见到", NOTE)
        with served.store.begin() as conn:
            conn.execute(sa.update(SESSIONS).values(ended_at=now_micros()))
        page.context.set_offline(False)
        expect(page.get_by_text("登录已过期")).to_be_visible()
        waits(page, 1)
        assert served.visits() == []
        page.get_by_role("link", name="重新登录").click()
        assert NOTE not in json.dumps(page.evaluate(_LEFT_BEHIND), ensure_ascii=False)
        page.get_by_label("密钥").fill(key)
        page.get_by_role("button", name="登录").click()
        expect(page.locator("#done")).to_contain_text("p-a")
        assert [(visit["contact"], visit["text"]) for visit in served.visits()] == [(False, NOTE)]


def test_the_list_is_not_shown_beyond_the_session(browser: Browser, served: Served) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("article.place")).to_have_count(3)
        # the same page, as if its session had ended a moment ago
        page.evaluate("""async () => {
          const pages = await caches.open("anlan-visits"), page = await pages.match("/visits");
          const headers = new Headers(page.headers);
          headers.set("X-Anlan-Until", String(Date.now() - 1));
          await pages.put("/visits", new Response(await page.text(), { headers }));
        }""")
        page.reload()
        expect(page.get_by_role("heading", name="没有网络")).to_be_visible()
        assert "p-a" not in page.inner_text("body")
        assert page.evaluate(
            "async () => await (await caches.open('anlan-visits')).match('/visits') === undefined"
        )


def test_logging_out_leaves_nothing_to_be_read(browser: Browser, served: Served) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        there = page.evaluate(_LEFT_BEHIND)
        assert any("p-a" in one for one in there["found"])  # so that there is something to forget
        # what can't be sent when somebody leaves stays, and can't be read
        page.evaluate("""() => {
          const real = window.fetch;
          window.fetch = async (...asked) => {
            if (asked[1]?.method === "POST") throw new TypeError("no line just now");
            return real(...asked);
          };
        }""")
        tap(page, "p-a", "见到 · 恶化", NOTE)
        waits(page, 1)
        page.get_by_role("button", name="退出").click()
        expect(page.locator("html[data-forgotten=yes]")).to_have_count(1)
        there = page.evaluate(_LEFT_BEHIND)
        assert there["waiting"] > 0 and served.visits() == []
        for secret in (NOTE, "p-a", "p-b", "恶化", "w1", "扬言"):
            assert all(secret not in one for one in (*there["found"], there["local"])), secret
        page.context.set_offline(True)
        page.goto(f"{served.base}/visits")
        expect(page.get_by_role("heading", name="没有网络")).to_be_visible()
        page.context.set_offline(False)
        page.go_back()
        assert "p-b" not in page.inner_text("body")
        # another worker on the same phone neither sees nor sends it
        worker.log_in(served.key("worker", worker_id="w2"))
        ready(page)
        waits(page, 0)
        page.get_by_role("button", name="退出").click()
        page.get_by_label("密钥").wait_for()
        worker.log_in(served.key("worker", worker_id="w1"))
        expect(page.locator("#done")).to_contain_text("p-a")
        (visit,) = served.visits()
        assert (visit["worker_id"], visit["text"]) == ("w1", NOTE)


def test_without_a_line_logging_out_still_clears_the_phone(browser: Browser, served: Served) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        page.context.set_offline(True)
        page.get_by_role("button", name="退出").click()
        expect(page.get_by_text("本机上的清单已清除")).to_be_visible()
        assert page.evaluate(_LEFT_BEHIND)["found"] == []
        assert "p-a" not in page.inner_text("body")


def test_a_day_prints_on_one_sheet(browser: Browser, served: Served) -> None:
    with served.store.begin() as conn:  # more than any worker of the demo has time for
        conn.execute(sa.text("UPDATE workers SET daily_visits = 10"))
    dispatch = served.key("dispatch")
    for number in range(9):
        text = "丈夫酒后多次殴打妻子，持刀威胁要杀全家，妻子称不想活了，孩子目睹。"
        served.post("/cases", case(f"m{number}", text, kind="domestic_violence"), dispatch)
    with walking(browser, served) as worker:
        page = worker.page
        assert page.locator("article.place").count() == 10
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
        assert re.search(rb"/MediaBox\s*\[\s*0 0 59\d(\.\d+)? 84\d", printed)  # A4, in points


def test_the_list_is_taken_away_as_files(browser: Browser, served: Served) -> None:
    with walking(browser, served) as worker:
        page = worker.page
        with page.expect_download() as loading:
            page.get_by_role("link", name="CSV").click()
        lines = loading.value.path().read_text("utf-8-sig").splitlines()
        assert lines[0] == ",".join(LIST_COLUMNS) and len(lines) == 4
        with page.expect_download() as loading:
            page.get_by_role("link", name="Excel").click()
        sheet = openpyxl.load_workbook(BytesIO(loading.value.path().read_bytes())).active
        assert sheet is not None
        people = [
            row[LIST_COLUMNS.index("person_id")] for row in sheet.iter_rows(min_row=2, values_only=True)
        ]
        shown = page.locator("article.place").evaluate_all("cards => cards.map(card => card.dataset.person)")
        assert people == shown


def test_deadlines_count_down(browser: Browser, served: Served) -> None:
    with desk(browser, served.base, PHONE) as worker:
        page = worker.page
        page.clock.install()
        worker.log_in(served.key("worker", worker_id="w1"))
        ready(page)
        badge = page.locator("time[data-due]").first
        before = badge.inner_text()
        page.clock.fast_forward("03:00:00")
        expect(badge).not_to_have_text(before)
        expect(badge).to_have_text(re.compile("超期"))
