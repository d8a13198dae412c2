"""The registry in a real browser: from a proposal to an entry, its objection, and its end."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from browser import DESK, PHONE, chromium, desk
from model_versions import Registry
from playwright.sync_api import Browser, expect
from serving_process import Served, serving
from small_district import case

from docket.store.writing import append
from docket.times import now_micros


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def served(made_registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with made_registry.used(), serving(tmp_path_factory.mktemp("registry")) as made:
        yield made


def report(served: Served, name: str, called: str, kind: str, born: int = 1980) -> None:
    """A case of somebody whose name the district knows."""
    body = case(name, "夫妻因琐事争吵，一方动手推搡。", kind=kind)
    body["persons"][0]["birth_year"] = born
    served.post("/v1/cases", body)
    with served.store.begin() as conn:
        known = [{"person_id": f"p-{name}", "name": called}]
        append(conn, "identities", known, ingested_at=now_micros(), via="load")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_somebody_is_proposed_entered_contested_and_leaves(
    browser: Browser, served: Served, size: tuple[int, int]
) -> None:
    name, called = f"r-{size[0]}", f"王小明{size[0]}"
    report(served, name, called, "domestic_violence")
    with desk(browser, served.base, size) as one, desk(browser, served.base, size) as other:
        page = one.page
        one.log_in(served.key("centre"))
        page.get_by_role("link", name="在管人员").click()
        one.well()
        page.get_by_role("link", name="待列入").click()
        card = page.locator("article.place").filter(has_text=called)
        expect(card).to_contain_text("家庭暴力")
        one.well()
        card.get_by_label("理由").fill("多次报警")
        card.get_by_role("button", name="列入", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("已列入")
        expect(page.locator("article.place").filter(has_text=called)).to_have_count(0)
        one.go("/registry?category=domestic_violence")
        row = page.locator("#rows tr").filter(has_text=called)
        expect(row).to_contain_text("甲社区")
        one.well()
        row.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(called)
        one.well()
        page.get_by_label("当事人怎么说").fill("与家人已经和好，不应列入")
        page.get_by_role("button", name="登记", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("异议已登记")
        expect(page.get_by_role("button", name="记录结论")).to_have_count(0)
        expect(page.locator("main")).to_contain_text("须由另一人复核")
        one.well()
        other.log_in(served.key("centre"))
        other.go("/registry?show=contested")
        other.page.locator("#rows tr").filter(has_text=called).get_by_role("link").click()
        other.page.get_by_role("radio", name="更正").check()
        other.page.get_by_label("更正为").select_option("other")
        other.page.get_by_label("给当事人的答复").fill("类别已更正，仍需关注一段时间")
        other.well()
        other.page.get_by_role("button", name="记录结论").click()
        expect(other.page.get_by_role("status")).to_contain_text("复核结论已记录")
        expect(other.page.locator(".head").first).to_contain_text("其他")
        other.page.get_by_role("radio", name="当面").check()
        other.page.get_by_role("button", name="记录答复").click()
        expect(other.page.get_by_role("status")).to_contain_text("异议办结")
        other.well()
        section = other.page.locator("section[aria-labelledby=h-leave]")
        section.get_by_label("理由").fill("半年内平稳")
        section.get_by_role("button", name="移出").click()
        expect(other.page.get_by_role("status")).to_contain_text("已移出")
        expect(other.page.locator(".line")).to_contain_text("半年内平稳")
        other.well()


def test_from_a_case_somebody_is_entered_and_entered_again_after_leaving(
    browser: Browser, served: Served
) -> None:
    report(served, "again", "钱再", "housing")
    with desk(browser, served.base, PHONE) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        for _ in range(2):
            staff.go("/cases/again")
            page.get_by_role("link", name="列入在管").click()
            staff.well()
            page.get_by_label("理由").fill("邻居反映常有争吵")
            page.get_by_role("button", name="列入", exact=True).click()
            expect(page.get_by_role("status")).to_contain_text("已列入")
            expect(page.locator(".head").first).to_contain_text("在管")
            staff.go("/cases/again")
            page.get_by_role("link", name="在管：其他").click()
            section = page.locator("section[aria-labelledby=h-leave]")
            section.get_by_label("理由").fill("平稳")
            section.get_by_role("button", name="移出").click()
            expect(page.get_by_role("status")).to_contain_text("已移出")
        staff.go("/registry?show=left")
        expect(page.locator("#rows tr").filter(has_text="钱再")).to_have_count(2)


def test_a_child_is_entered_only_with_a_guardian_who_knows(browser: Browser, served: Served) -> None:
    report(served, "child", "小李", "domestic_violence", born=2020)
    with desk(browser, served.base, PHONE) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        staff.go("/registry/proposed")
        card = page.locator("article.place").filter(has_text="小李")
        expect(card).to_contain_text("可能不满14周岁")
        card.get_by_label("理由").fill("目睹家暴")
        card.get_by_role("button", name="列入", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("监护人：可能不满14周岁")
        staff.go("/registry/proposed")
        card.get_by_label("监护人已知情").check()
        card.get_by_label("理由").fill("目睹家暴")
        card.get_by_role("button", name="列入", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("已列入")


def test_a_search_wants_a_purpose_and_a_worker_sees_the_own_community(
    browser: Browser, served: Served
) -> None:
    report(served, "seek", "赵寻", "neighbour")
    entry = {
        "entry_id": "r-seek",
        "person_id": "p-seek",
        "dispute_id": "seek",
        "category": "neighbour_grudge",
        "entered_at": "2026-01-05T09:00:00+08:00",
    }
    served.post("/v1/registry", entry, scope="centre")
    with desk(browser, served.base, PHONE) as staff:
        page = staff.page
        staff.log_in(served.key("centre"))
        staff.go("/registry/search")
        page.get_by_label("姓名").fill("赵寻")
        page.get_by_role("button", name="查找").click()
        expect(page).to_have_url(f"{served.base}/registry/search")  # the browser asks for the purpose
        expect(page.get_by_role("status")).to_have_count(0)
        page.get_by_label("用途").select_option("visit")
        page.get_by_role("button", name="查找").click()
        expect(page.get_by_role("status")).to_have_text("查到 1 人次")
        expect(page.locator("#rows")).to_contain_text("赵寻")
        assert "赵寻" not in page.url
        staff.well()
    with desk(browser, served.base, PHONE) as worker:
        worker.log_in(served.key("worker", worker_id="w1"))
        worker.well()  # the list has been put by for when there is no network
        worker.go("/registry")
        expect(worker.page.locator("#rows")).to_contain_text("赵寻")
        expect(worker.page.locator("main").get_by_role("link", name="赵寻")).to_have_count(0)
        worker.well()
    with desk(browser, served.base, PHONE) as other:
        other.log_in(served.key("worker", worker_id="w2"))
        other.well()
        other.go("/registry")
        expect(other.page.locator("main")).to_contain_text("没有符合条件的人")
        assert httpx.get(f"{served.base}/registry", follow_redirects=False).status_code == 303
