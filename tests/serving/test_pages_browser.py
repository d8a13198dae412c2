"""The pages in a real browser, as the people of a centre use them: at a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from browser import DESK, PHONE, Desk, chromium, desk
from model_versions import Registry
from playwright.sync_api import Browser, expect
from served import start, wait_for
from small_district import case, fill, key_of

from bench.ports import free_port
from docket.store import Store
from docket.times import local_day, now_micros

THREAT = "邻居王某与李某因楼道堆物多次争吵，王某情绪激动，扬言今天再不答复就跳楼。"
CALM = "邻居楼上漏水，协商未果，要求赔偿。"


@dataclass(frozen=True)
class Served:
    """The service as a process of its own, with a model, on a store of its own."""

    store: Store
    base: str

    def key(self, scope: str, **more: str) -> str:
        return key_of(self.store, scope, **more)["Authorization"].split()[1]

    def report(self, name: str, text: str, **more: str) -> None:
        headers = {"Authorization": f"Bearer {self.key('dispatch')}"}
        answer = httpx.post(
            f"{self.base}/v1/cases", json=case(name, text, **more), headers=headers, timeout=60
        )
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def served(made_registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("pages")
    store, port = fill(f"sqlite:///{folder / 'store.db'}", folder), free_port()
    with made_registry.used():
        server = start(store.url, port, dict(os.environ))
        made = Served(store, f"http://127.0.0.1:{port}")
        yield made
        server.terminate()
        server.wait(30)
    store.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_case_goes_from_the_queue_to_a_closed_slip(
    browser: Browser, served: Served, size: tuple[int, int]
) -> None:
    name = f"d-{size[0]}"
    served.report(name, THREAT)
    served.report(f"{name}-calm", CALM)
    with desk(browser, served.base, size) as staff:
        page = staff.page
        staff.go("/queue")
        staff.well()  # the login
        staff.log_in(served.key("centre"))
        staff.well()
        first = page.locator("#rows tr").first
        expect(first).to_contain_text("红 · 督办")
        page.get_by_label("颜色", exact=True).select_option("none")
        expect(page.locator("#rows")).to_contain_text(f"{name}-calm")
        expect(page.locator("#rows")).not_to_contain_text("红 · 督办")
        assert "colour=none" in page.url
        shown = page.locator("#rows tr").count()
        expect(page.get_by_role("status")).to_have_text(f"列出 {shown} 件")  # what a screen reader is told
        staff.well()
        staff.go("/queue?colour=red")
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("mark.floor")).to_have_text("跳楼")
        expect(page.locator("[data-curve] canvas")).to_have_count(4)
        expect(page.locator("#risks tbody tr")).to_have_count(4)
        staff.well()
        _decide(staff, "红 · 督办")
        expect(page.get_by_role("status")).to_have_text("决定已记录。")
        page.get_by_label("承办单位").fill("东街派出所")
        page.get_by_role("button", name="下发督办单").click()
        expect(page.get_by_role("status")).to_have_text("单据已下发。")
        staff.well()
        page.locator("section[aria-labelledby=h-slips]").get_by_role("link", name="督办单").click()
        for step, note in (("签收", ""), ("处置完成", "已上门，双方分开"), ("复核", "属实"), ("办结", "")):
            expect(page.get_by_role("heading", name=f"下一步：{step}")).to_be_visible()
            staff.well()
            page.get_by_label("说明").fill(note)
            page.get_by_role("button", name=step, exact=True).click()
        expect(page.get_by_role("heading", name="下一步")).to_have_count(0)
        expect(page.locator(".line li")).to_have_count(5)
        staff.go("/slips?show=closed")
        expect(page.locator("#rows")).to_contain_text("东街派出所")
        staff.well()
        staff.go("/practice")
        expect(page.locator("tbody")).to_contain_text("100.0%")
        staff.well()
        page.get_by_role("button", name="退出").click()
        staff.go(f"/cases/{name}")
        expect(page).to_have_url(f"{served.base}/login?next=%2Fcases%2F{name}")


def _decide(staff: Desk, colour: str, reason: str = "") -> None:
    form = staff.page.locator("form[action$='/decision']")
    form.get_by_label(colour).check()
    form.get_by_label("理由").fill(reason)
    form.get_by_role("button", name="作出决定").click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_red_case_is_lowered_by_two_people(browser: Browser, served: Served, size: tuple[int, int]) -> None:
    name = f"two-{size[0]}"
    served.report(name, THREAT)
    with desk(browser, served.base, size) as one, desk(browser, served.base, size) as other:
        one.log_in(served.key("centre"))
        one.go(f"/cases/{name}")
        _decide(one, "蓝 · 关注")  # the browser holds it back: a reason is asked for
        expect(one.page.locator("#why:invalid")).to_be_focused()
        _decide(one, "蓝 · 关注", "已当面核实，系气话")
        expect(one.page.get_by_role("status")).to_contain_text("须由另一人同意")
        expect(one.page.get_by_role("button", name="同意降色")).to_have_count(0)
        one.well()
        other.log_in(served.key("centre"))
        expect(other.page.locator("#rows tr", has_text=name)).to_contain_text("待第二人同意")
        other.go(f"/cases/{name}")
        expect(other.page.locator(".head").first).to_contain_text("红 · 督办")
        expect(other.page.locator("section[aria-labelledby=h-decide]")).to_contain_text("已当面核实，系气话")
        other.well()
        other.page.get_by_role("button", name="退回").click()
        expect(other.page.locator("#refusal:invalid")).to_be_focused()
        other.page.get_by_role("button", name="同意降色").click()
        expect(other.page.locator(".head").first).to_contain_text("蓝 · 关注")
        other.well()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_worker_visits_and_tells_by_one_tap(
    browser: Browser, served: Served, size: tuple[int, int]
) -> None:
    name = f"v-{size[0]}"
    served.report(name, THREAT)
    with desk(browser, served.base, size) as worker:
        page = worker.page
        worker.log_in(served.key("worker", worker_id="w1"))
        places = page.locator("article.place")
        before = places.count()
        assert 0 < before <= 3  # within capacity
        assert "风险" not in page.inner_text("main") and "%" not in page.inner_text("main")
        worker.well()
        who = places.first.get_by_role("heading").inner_text().split(" ", 1)[1]
        places.first.get_by_label("记录（可不填）").fill("家人在旁，情绪平稳")
        worker.well()
        places.first.get_by_role("button", name="见到 · 平稳").click()
        expect(page.get_by_role("status")).to_contain_text("走访已记录")
        expect(page.locator("section[aria-labelledby=h-done]")).to_contain_text(who)
        expect(page.locator("article.place").filter(has_text=who)).to_have_count(0)
        worker.well()


def test_two_reports_of_one_dispute_are_merged_and_parted(browser: Browser, served: Served) -> None:
    text = "租客张某拖欠房租三个月，与房东在楼道争吵，要求清退并结清水电。"
    served.report("twin-1", text, kind="housing")
    second = case("twin-2", text, kind="housing", source="police_110")
    for row in (*second["persons"], *second["parties"]):
        row["person_id"] = "p-twin-1"
    headers = {"Authorization": f"Bearer {served.key('dispatch')}"}
    assert httpx.post(f"{served.base}/v1/cases", json=second, headers=headers, timeout=60).status_code == 201
    with desk(browser, served.base, PHONE) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        staff.go("/cases/twin-2")
        same = page.locator("section[aria-labelledby=h-same]")
        expect(same).to_contain_text("twin-1")
        same.get_by_text("并入该案").click()
        same.get_by_label("理由").fill("同一人报的同一件事")
        staff.well()
        same.get_by_role("button", name="并入").click()
        expect(page.get_by_role("status")).to_contain_text("已并入")
        expect(page.get_by_role("heading", level=1)).to_contain_text("twin-1")
        same.get_by_text("拆出 twin-2").click()
        same.get_by_label("理由").fill("核实后是两件事")
        staff.well()
        same.get_by_role("button", name="拆分").click()
        expect(page.get_by_role("status")).to_contain_text("已拆分")
        expect(page.get_by_role("heading", level=1)).to_contain_text("twin-2")


def test_what_is_new_about_a_case_shows_before_it_is_decided(browser: Browser, served: Served) -> None:
    served.report("late", CALM)
    with desk(browser, served.base, DESK) as staff:
        staff.log_in(served.key("centre"))
        staff.go("/cases/late")
        event = {
            "event_id": "late-1",
            "at": datetime.now(UTC).isoformat(),
            "kind": "police_call",
            "text": THREAT,
        }
        headers = {"Authorization": f"Bearer {served.key('dispatch')}"}
        body = {"events": [event]}
        told = httpx.post(f"{served.base}/v1/cases/late/events", json=body, headers=headers, timeout=60)
        assert told.status_code == 201
        _decide(staff, "无色 · 常规")
        expect(staff.page.get_by_role("alert")).to_contain_text("又有新的评估")
        staff.page.get_by_role("button", name="返回刚才的页面").click()
        expect(staff.page.locator(".line")).to_contain_text("报警")


def test_the_keyboard_alone_opens_and_decides(browser: Browser, served: Served) -> None:
    served.report("keys", CALM)
    with desk(browser, served.base, DESK) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        staff.go("/queue?colour=none")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
        page.keyboard.press("Enter")
        link = page.get_by_role("link", name="keys", exact=True)
        for _ in range(100):
            page.keyboard.press("Tab")
            if link.evaluate("e => e === document.activeElement"):
                break
        expect(link).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/cases/keys")
        radio = page.locator("form[action$='/decision'] input[value=none]")
        radio.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("决定已记录。")


def test_without_scripts_the_pages_work_too(browser: Browser, served: Served) -> None:
    served.report("plain", CALM)
    with desk(browser, served.base, PHONE, scripts=False) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        page.get_by_label("颜色", exact=True).select_option("none")
        page.get_by_role("button", name="筛选").click()
        page.get_by_role("link", name="plain", exact=True).click()
        expect(page.locator("#risks")).to_contain_text("升级")
        _decide(staff, "无色 · 常规")
        expect(page.get_by_role("status")).to_have_text("决定已记录。")


def test_the_description_of_the_api_is_served_from_here(browser: Browser, served: Served) -> None:
    with desk(browser, served.base, DESK) as anybody:
        anybody.go("/docs")
        row = anybody.page.locator(".opblock", has_text="/v1/queue")
        row.locator(".opblock-summary-control").click()
        expect(row).to_contain_text("Open cases by colour")
        assert anybody.complaints == []


def test_a_long_queue_is_read_on_page_by_page(browser: Browser, served: Served) -> None:
    # Last: the first page of the queue holds little else after it.
    cases = [case(f"many-{place}", CALM, kind="labour") for place in range(60)]
    headers = {"Authorization": f"Bearer {served.key('dispatch')}"}
    sent = httpx.post(f"{served.base}/v1/cases:batch", json={"cases": cases}, headers=headers, timeout=300)
    assert [one["status"] for one in sent.json()["results"]] == [201] * 60
    with desk(browser, served.base, DESK) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        staff.go("/queue?kind=labour")
        rows = page.locator("#rows tr")
        expect(rows).to_have_count(50)
        page.get_by_role("link", name="更多").click()
        expect(rows).to_have_count(60)
        expect(page.locator("#more")).to_have_text("没有更多了")
        shown = rows.locator("th").all_inner_texts()
        assert sorted(shown) == sorted(one["dispute"]["dispute_id"] for one in cases)
        staff.well()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_level_sees_what_it_was_urged_about_and_answers(
    browser: Browser, served: Served, size: tuple[int, int]
) -> None:
    name = f"late-{size[0]}"
    hours = {"opened_at": _ago(3), "recorded_at": _ago(2)}
    served.report(name, CALM, **hours)
    wait_for("the step is sent", lambda: _sent(served.store, name))
    with desk(browser, served.base, size) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        page.get_by_role("link", name="催办").click()
        row = page.locator("#rows tr", has_text=name)
        expect(row).to_contain_text("升至区级督办")
        expect(row).to_contain_text("30分钟内响应")
        expect(row).to_contain_text("超期")
        staff.well()
        row.get_by_text("回复", exact=True).last.click()
        row.get_by_label("办理情况").fill("已责成街道今晚上门")
        staff.well()
        row.get_by_role("button", name="提交回复").click()
        expect(page.get_by_role("status")).to_contain_text("回复已记录")
        expect(row).to_contain_text("已责成街道今晚上门")
        staff.well()
        row.get_by_role("link", name=name).click()
        expect(page.locator(".line .urging")).to_contain_text("升至区级督办")
        staff.well()
        _happens(served, name, "contacted")
        staff.go("/urgings?show=ended")
        expect(page.locator("#rows tr", has_text=name)).to_contain_text("销号")
        staff.well()
        staff.go("/urgings")
        expect(page.get_by_text(name)).to_have_count(0)


def _ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def _sent(store: Store, dispute_id: str) -> bool:
    query = sa.text("SELECT COUNT(*) FROM urgings WHERE dispute_id = :name AND sent_at IS NOT NULL")
    with store.snapshot() as conn:
        return bool(conn.execute(query, {"name": dispute_id}).scalar_one())


def _happens(served: Served, name: str, kind: str, **more: str) -> None:
    event = {"event_id": f"{name}-{kind}", "at": datetime.now(UTC).isoformat(), "kind": kind, **more}
    body = {"events": [event]}
    headers = {"Authorization": f"Bearer {served.key('dispatch')}"}
    answer = httpx.post(f"{served.base}/v1/cases/{name}/events", json=body, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_harm_is_looked_back_at_and_findings_are_written(
    browser: Browser, served: Served, size: tuple[int, int], tmp_path: Path
) -> None:
    name = f"harm-{size[0]}"
    served.report(name, CALM)
    _harms(served, name)
    _happens(served, name, "police_call", at=_ago(1), text="报警人称对方持刀上门。", source="police_110")
    with desk(browser, served.base, size) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        page.get_by_role("link", name="复盘").click()
        row = page.locator("#rows tr", has_text=name)
        expect(row).to_contain_text("暴力伤害")
        staff.well()
        row.get_by_role("link", name="去分析").click()
        expect(page.locator("#known tr.late")).to_contain_text("持刀")
        expect(page.locator("#said")).to_contain_text("一致")  # made again by the model version that it names
        staff.well()
        expect(page.get_by_label("110非警务")).to_be_checked()
        page.get_by_label("原因").fill("报警次日才转入")
        page.get_by_label("整改").fill("派出所当日推送")
        page.get_by_role("button", name="保存结论").click()
        expect(page.get_by_role("status")).to_have_text("分析已记录。")
        expect(page.locator("section[aria-labelledby=h-found]")).to_contain_text("报警次日才转入")
        staff.well()
        page.emulate_media(media="print")
        expect(page.get_by_role("button", name="保存结论")).to_be_hidden()
        expect(page.locator("section[aria-labelledby=h-found]")).to_be_visible()
        printed = page.pdf(path=tmp_path / "review.pdf", format="A4")
        assert printed.startswith(b"%PDF") and printed.count(b"/Type /Page\n") <= 3
        page.emulate_media(media="screen")
        staff.go("/reviews")
        expect(page.locator("section[aria-labelledby=h-delay]")).to_contain_text("110非警务")
        staff.well()


def _harms(served: Served, name: str) -> None:
    row = {
        "outcome_id": f"{name}-o",
        "at": datetime.now(UTC).isoformat(),
        "kind": "violence",
        "severity": 3,
    }
    headers = {"Authorization": f"Bearer {served.key('centre')}"}
    answer = httpx.post(
        f"{served.base}/v1/cases/{name}/outcomes", json={"outcomes": [row]}, headers=headers, timeout=60
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_report_is_read_by_period_and_area_and_taken_as_pdf(
    browser: Browser, served: Served, size: tuple[int, int]
) -> None:
    served.report(f"told-{size[0]}", THREAT)
    today = local_day(now_micros()).isoformat()
    with desk(browser, served.base, size) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        page.get_by_role("link", name="专报").click()
        expect(page.get_by_role("heading", name="稳定专报（日报）")).to_be_visible()
        staff.well()
        for name, text in (("周报", "周部署"), ("月报", "月调度"), ("年报", "年考核")):
            page.get_by_role("link", name=name).click()
            expect(page.get_by_role("heading", name=f"稳定专报（{name}）")).to_be_visible()
            expect(page.locator("#r-round")).to_contain_text(text)
            staff.well()
        staff.go(f"/reports?period=day&date={today}")
        expect(page.get_by_text("本期未完")).to_be_visible()
        expect(page.locator("#open tr", has_text="红")).to_contain_text("红 · 督办")
        page.get_by_label("辖区", exact=True).select_option("street:s2")
        page.get_by_role("button", name="查看").click()
        expect(page.get_by_text("西街 ·", exact=False).first).to_be_visible()
        staff.well()
        taken = page.request.get(f"{served.base}/reports/pdf?period=day&date={today}")
        assert taken.ok and taken.body().startswith(b"%PDF")
