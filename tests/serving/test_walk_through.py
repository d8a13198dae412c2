"""One case on a demo district, walked through by all: dispatch, centre, worker, who reported, analyst, auditor.

Every page is looked at on the way, on a phone and at a desk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pandas as pd
import pytest
from browser import DESK, PHONE, Desk, chromium, desk
from looking import look, overlaps, untranslated
from playwright.sync_api import Browser, expect
from receiver import Receiver, is_signed, receiving
from served import start, wait_for
from small_district import key_of
from working_folder import Trained

from bench.ports import free_port
from docket.demo import generate
from docket.outbox import endpoints
from docket.store import Store, open_store
from docket.times import local_day, now_micros
from serving.permissions import OPEN, PAGES

CASE = "d-2026-990001"
TOLD = "邻居周某与冯某因楼道堆物多次争吵，周某情绪激动，扬言今天再不答复就跳楼。"
NOTE = "周某独自在家，情绪紧张，说夜里睡不着"
NAME, PHONE_NUMBER, ADDRESS = "周安然", "13900001234", "河畔路七号三单元"
PERSONAL = (TOLD[2:12], TOLD[-12:], NOTE, NAME, PHONE_NUMBER, ADDRESS)
APART = ("/map/areas", "/reports/pdf", "/reports/docx", "/visits/list.{ending}", "/")
"""Of the routes of the pages: files, and what only leads on."""


@dataclass
class District:
    """A service on a demo district that ends today, with a trained model.

    Attributes
    ----------
    store, base, receiver
        What is there.
    worker, grid, persons
        Where the case is, who walks there, and two who live there and have a quarrel.
    looked
        Paths of the pages that somebody had before them.
    keys
        Of everybody, by scope; made once, as the log tells people by them.
    """

    store: Store
    base: str
    receiver: Receiver
    worker: str
    grid: str
    persons: tuple[str, str]
    looked: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, scope: str) -> str:
        if scope not in self.keys:
            more = {"worker_id": self.worker} if scope == "worker" else {}
            self.keys[scope] = key_of(self.store, scope, **more)["Authorization"].split()[1]
        return self.keys[scope]

    def actor(self, scope: str) -> str:
        """What the log calls them."""
        return self.key(scope).split("_")[1]

    def call(self, scope: str, method: str, path: str, body: Any = None, **asked: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key(scope)}"}
        answer = httpx.request(
            method, self.base + path, json=body, params=asked or None, headers=headers, timeout=60
        )
        assert answer.is_success, answer.text
        return answer.json()

    def look(self, who: Desk, *, besides: str = "") -> None:
        """`besides` is shown as it is and no word."""
        self.looked.add(urlsplit(who.page.url).path)
        look(who, besides=besides)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def district(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    folder = tmp_path_factory.mktemp("walk")
    records, url = folder / "records", f"sqlite:///{folder / 'store.db'}"
    generate(records, end=local_day(now_micros()), disputes=2_500, seed=21)
    workers, persons = (pd.read_parquet(records / f"{name}.parquet") for name in ("workers", "persons"))
    worker, grid = workers.loc[workers.role == "grid_worker", ["worker_id", "grid_id"]].iloc[0]
    first, second = persons.loc[persons.grid_id == grid, "person_id"].iloc[:2]
    who = {"person_id": [first], "name": [NAME], "phone": [PHONE_NUMBER], "address": [ADDRESS]}
    pd.DataFrame(who).to_csv(records / "identities.csv", index=False)
    trained.anlan("load", records, "--store", url)
    trained.anlan("watch", "--store", url, "--no-track")
    with ExitStack() as held:
        store = held.enter_context(closing(open_store(url)))
        receiver, port = held.enter_context(receiving()), free_port()
        local = {"ANLAN_WEBHOOK_HTTP": "true", "ANLAN_WEBHOOK_NETWORKS": '["127.0.0.0/8", "::1/128"]'}
        server = start(url, port, {**trained.environment, **local}, "--queue-open")
        held.callback(server.wait, 60)
        held.callback(server.terminate)
        yield District(store, f"http://127.0.0.1:{port}", receiver, worker, grid, (first, second))


def test_a_case_is_walked_through_by_everybody(browser: Browser, district: District) -> None:
    secret = _is_told(district)
    told = _reports(district, secret)
    with desk(browser, district.base, DESK) as staff:
        staff.go(f"/cases/{CASE}")
        district.look(staff)  # the login
        staff.page.get_by_label("密钥").fill(district.key("centre"))
        staff.page.get_by_role("button", name="登录").click()
        _decides(district, staff, told["assessment_id"])
        _issues(district, staff)
        token = _hands_out(district, staff)
        _enters(district, staff)
        _answers(district, staff)
        _looks_around(district, staff)
        before = _assessed(district)
        with desk(browser, district.base, PHONE) as worker:
            _visits(district, worker)
        _sees_what_was_found(district, staff, before)
        with desk(browser, district.base, PHONE) as reporter:
            _rates(district, reporter, token)
        staff.go(f"/cases/{CASE}/progress")
        expect(staff.page.locator("section[aria-labelledby=h-tokens]")).to_contain_text("来得很快")
        district.look(staff)
    with desk(browser, district.base, DESK) as analyst:
        _analyses(district, analyst)
    with desk(browser, district.base, DESK) as auditor:
        _audits(district, auditor)
    _nothing_was_left_out(district)


def _is_told(district: District) -> str:
    """The dispatch system has itself told of colours and decisions."""
    with district.store.begin() as conn:
        _, secret = endpoints.add(
            conn, url=district.receiver.url, events=["colour", "decision"], now=now_micros()
        )
    return secret


def _reports(district: District, secret: str) -> dict[str, Any]:
    """A case comes by the API, two hours late; its sender is told its colour."""
    first, second = district.persons
    ago = {
        name: (datetime.now(UTC) - timedelta(hours=h)).isoformat()
        for name, h in (("opened_at", 3), ("recorded_at", 2))
    }
    dispute = {
        "dispute_id": CASE,
        **ago,
        "source": "police_110",
        "kind": "neighbour",
        "grid_id": district.grid,
        "text": TOLD,
    }
    parties = [
        {"person_id": first, "role": "respondent", "relation": "neighbour"},
        {"person_id": second, "role": "applicant", "relation": "neighbour"},
    ]
    told: dict[str, Any] = district.call(
        "dispatch", "POST", "/v1/cases", {"dispute": dispute, "persons": [], "parties": parties}
    )
    assert told["colour"] == "red" and not told["degraded"] and len(told["risks"]) == 12
    headers, body = _came(district, "colour")
    assert is_signed(secret, headers, body)
    assert json.loads(body)["data"]["assessment_id"] == told["assessment_id"]
    assert not any(one in body.decode() for one in (*PERSONAL, *district.persons))
    return told


def _came(district: District, what: str) -> tuple[dict[str, str], bytes]:
    """What the dispatch system was told of its case, among all that it is told."""

    def ours(body: bytes) -> bool:
        told = json.loads(body)
        return bool(told["type"] == what and told["data"]["dispute_id"] == CASE)

    return wait_for(
        f"told of the {what}", lambda: next((one for one in district.receiver.got if ours(one[1])), None)
    ) or ({}, b"")


def _decides(district: District, staff: Desk, assessment_id: str) -> None:
    """They came for the case; it stands in the queue too, and is read before it is decided."""
    page = staff.page
    expect(page).to_have_url(f"{district.base}/cases/{CASE}")
    page.get_by_role("link", name="队列", exact=True).click()
    expect(page.locator("#rows tr", has_text=CASE)).to_contain_text("未决")
    district.look(staff)
    page.get_by_label("颜色", exact=True).select_option("red")
    expect(page.get_by_role("status")).to_contain_text("列出")
    page.get_by_role("link", name=CASE, exact=True).click()
    expect(page.locator("mark.floor")).to_have_text("跳楼")
    expect(page.locator("[data-curve] canvas")).to_have_count(4)
    expect(page.locator("section[aria-labelledby=h-people]")).to_contain_text(NAME)
    district.look(staff)
    form = page.locator("form[action$='/decision']")
    form.get_by_label("红 · 督办").check()
    form.get_by_role("button", name="作出决定").click()
    expect(page.get_by_role("status")).to_have_text("决定已记录。")
    district.look(staff)
    data = json.loads(_came(district, "decision")[1])["data"]
    assert (data["assessment_id"], data["colour"]) == (assessment_id, "red")


def _issues(district: District, staff: Desk) -> None:
    """A slip goes from its issue to its end; somebody else reviews nothing here, whoever may, may all."""
    page = staff.page
    page.get_by_label("承办单位").fill("河畔派出所")
    page.get_by_label("要求").fill("今日上门，两人同行")
    page.get_by_role("button", name="下发督办单").click()
    expect(page.get_by_role("status")).to_have_text("单据已下发。")
    page.get_by_role("link", name="单据", exact=True).first.click()
    expect(page.locator("#rows tr", has_text=CASE)).to_contain_text("河畔派出所")
    district.look(staff)
    page.locator("#rows tr", has_text=CASE).get_by_role("link", name="督办单").click()
    for step, note in (
        ("签收", ""),
        ("处置完成", "已上门，双方分开"),
        ("复核", "电话回访属实"),
        ("办结", ""),
    ):
        district.look(staff)
        page.get_by_label("说明").fill(note)
        page.get_by_role("button", name=step, exact=True).click()
    expect(page.locator(".line li")).to_have_count(5)
    district.look(staff)


def _hands_out(district: District, staff: Desk) -> str:
    """A token for whoever reported."""
    page = staff.page
    staff.go(f"/cases/{CASE}")
    page.get_by_role("link", name="查询码与评价").click()
    district.look(staff)
    page.get_by_role("button", name="发一个查询码").click()
    expect(page.get_by_role("img", name="查询页面的二维码")).to_be_visible()
    token = page.locator(".token").inner_text()
    district.look(staff, besides=token)
    return token


def _enters(district: District, staff: Desk) -> None:
    """One of the two is looked after from now on, is found for a purpose, and objects."""
    page = staff.page
    staff.go(f"/cases/{CASE}")
    page.get_by_role("link", name="列入在管").click()
    district.look(staff)
    place = page.locator("article.place").filter(has_text=NAME)
    place.get_by_label("理由").fill("扬言轻生，需要有人常去看看")
    place.get_by_role("button", name="列入").click()
    page.get_by_role("link", name="在管人员", exact=True).first.click()
    expect(page.locator("#rows")).to_contain_text(NAME)
    district.look(staff)
    page.get_by_role("link", name="待列入").click()
    district.look(staff)
    staff.go("/registry/search")
    district.look(staff)
    page.get_by_label("用途").select_option("visit")
    page.get_by_label("案件编号").fill(CASE)
    page.get_by_role("button", name="查找").click()
    district.look(staff)
    page.locator("#rows").get_by_role("link", name=NAME).click()
    page.get_by_label("当事人怎么说").fill("只是一时气话")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("section[aria-labelledby=h-objection]")).to_contain_text("待复核")
    district.look(staff)


def _answers(district: District, staff: Desk) -> None:
    """Nobody had called within half an hour: it climbed, and the centre answers."""
    page = staff.page
    page.get_by_role("link", name="催办", exact=True).click()
    row = page.locator("#rows tr", has_text=CASE)
    expect(row).to_contain_text("升至区级督办")
    district.look(staff)
    row.get_by_text("回复", exact=True).last.click()
    row.get_by_label("办理情况").fill("派出所已上门")
    district.look(staff)
    row.get_by_role("button", name="提交回复").click()
    expect(page.get_by_role("status")).to_contain_text("回复已记录")
    district.look(staff)


def _looks_around(district: District, staff: Desk) -> None:
    """What the centre has besides: who walks where, map, reports, what harms taught, its practice, the watch."""
    page = staff.page
    page.get_by_role("link", name="走访安排").click()
    page.locator("summary").first.click()
    expect(page.get_by_role("button", name="整份改派").first).to_be_visible()
    district.look(staff)
    page.get_by_role("link", name="平安地图").click()
    page.locator("#map[data-ready=yes]").wait_for()
    expect(page.locator("#areas tbody tr").first).to_be_visible()
    district.look(staff)
    page.get_by_role("link", name="专报").click()
    for period in ("日报", "周报", "月报", "年报"):
        page.get_by_role("link", name=period).click()
        expect(page.get_by_role("heading", name=f"稳定专报（{period}）")).to_be_visible()
        district.look(staff)
    page.get_by_role("link", name="复盘").click()
    district.look(staff)
    page.locator("#rows").get_by_role("link", name="去分析").first.click()
    expect(page.locator("#known")).to_be_visible()
    district.look(staff)
    page.get_by_role("link", name="用法自查").click()
    expect(page.locator("tbody")).to_contain_text("100.0%")
    district.look(staff)
    page.get_by_role("link", name="运行监测").click()
    expect(page.get_by_role("heading", name="预测与实际")).to_be_visible()
    district.look(staff)
    staff.go("/cases/d-2026-0")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    staff.complaints.clear()  # the browser reports a 404
    district.look(staff)


def _visits(district: District, worker: Desk) -> None:
    """The worker of that grid has them on today's list, and tells what was found by one tap."""
    page = worker.page
    worker.log_in(district.key("worker"))
    place = page.locator("article.place").filter(has_text=NAME)
    expect(place).to_contain_text(ADDRESS)
    page.locator("#round[data-ready=yes]").wait_for()  # to be used without a line
    district.look(worker)
    place.get_by_label("记录（可不填）").fill(NOTE)
    place.get_by_label("已转介（可不填）").fill("心理援助")
    place.get_by_role("button", name="见到 · 紧张").click()
    expect(page.get_by_role("status").first).to_contain_text("走访已记录")
    expect(page.locator("#done")).to_contain_text(NAME)
    district.look(worker)
    page.get_by_role("link", name="在管人员").click()
    expect(page.locator("#rows")).to_contain_text(NAME)
    district.look(worker)


def _sees_what_was_found(district: District, staff: Desk, before: list[str]) -> None:
    """The finding stands in the case, which was scored anew by it."""
    page = staff.page
    staff.go(f"/cases/{CASE}")
    course = page.locator("section[aria-labelledby=h-course]")
    expect(course).to_contain_text("走访：见到，紧张，转 心理援助")
    expect(course).to_contain_text(NOTE)
    district.look(staff)
    assert len(_assessed(district)) == len(before) + 1


def _assessed(district: District) -> list[str]:
    told = district.call("centre", "GET", f"/v1/cases/{CASE}/assessments")
    return [one["assessment_id"] for one in told["assessments"]]


def _rates(district: District, reporter: Desk, token: str) -> None:
    """Whoever reported sees states and days, and nobody's name; and says what they think of it."""
    page = reporter.page
    reporter.go("/progress")
    district.look(reporter)
    page.get_by_label("查询码").fill(token)
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".line")).to_contain_text("已受理")
    district.look(reporter)
    assert not _personal(district, page.content()) and "督办" not in page.content()
    page.get_by_label("很满意").check()
    page.get_by_label("意见").fill("来得很快")
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_role("status")).to_contain_text("评价已记录")
    district.look(reporter)


def _analyses(district: District, analyst: Desk) -> None:
    """An analyst has the watch, and of no case a word."""
    page = analyst.page
    analyst.log_in(district.key("analyst"))
    expect(page.get_by_role("heading", level=1)).to_have_text("运行监测")
    expect(page.locator("nav[aria-label=主导航] a")).to_have_count(1)
    district.look(analyst)
    entry = district.call("centre", "GET", "/v1/registry", show="all")["entries"][0]["entry_id"]
    for route, rule in PAGES.items():
        method, path = route.split(" ")
        if method == "GET" and path != "/":
            named = {"dispute_id": CASE, "slip_id": _slip(district), "entry_id": entry, "ending": "csv"}
            answer = page.request.get(district.base + path.format(**named), max_redirects=0)
            assert answer.status == (200 if "analyst" in rule.scopes else 403), route
            assert not _personal(district, answer.text()), route
    for path in (
        "/v1/cases",
        f"/v1/cases/{CASE}",
        f"/v1/cases/{CASE}/history",
        "/v1/queue",
        "/v1/visits",
        "/v1/registry",
    ):
        headers = {"Authorization": f"Bearer {district.key('analyst')}"}
        refused = httpx.get(district.base + path, headers=headers, timeout=60)
        assert refused.status_code == 403 and not _personal(district, refused.text), path


def _slip(district: District) -> str:
    slips = district.call("centre", "GET", "/v1/slips", show="closed")["slips"]
    return str(next(one["slip_id"] for one in slips if one["dispute_id"] == CASE))


def _personal(district: District, text: str) -> list[str]:
    return [one for one in (*PERSONAL, *district.persons) if one in text]


def _audits(district: District, auditor: Desk) -> None:
    """An auditor has no pages but is told so; the log says who saw and did what of this very case."""
    auditor.log_in(district.key("audit"))
    expect(auditor.page.get_by_role("heading", level=1)).to_have_text("审计人员")
    district.look(auditor)
    log = district.call("audit", "GET", "/v1/audit", case=CASE, limit="1000")["entries"]
    done: dict[str, set[str]] = {}
    for entry in log:
        done.setdefault(entry["actor"], set()).add(entry["action"])
    assert done[district.actor("dispatch")] == {"score"}
    assert done[district.actor("centre")] >= {
        "view",
        "decide",
        "slip",
        "progress",
        "registry",
        "object",
        "urge",
        "search",
    }
    assert done[district.actor("worker")] == {"view", "score"}
    assert district.actor("analyst") not in done and district.actor("audit") not in done
    seen = [
        entry for entry in log if entry["actor"] == district.actor("centre") and entry["action"] == "view"
    ]
    assert any(entry["subject"] is None for entry in seen) and len(seen) > 3
    assert not _personal(district, json.dumps(log, ensure_ascii=False))
    for scope in ("centre", "worker", "analyst", "audit"):
        came = district.call("audit", "GET", "/v1/audit", actor=district.actor(scope), action="login")[
            "entries"
        ]
        assert [entry["scope"] for entry in came] == [scope]


def _nothing_was_left_out(district: District) -> None:
    """Every page was looked at."""
    routes = [route.removeprefix("GET ") for route in PAGES if route.startswith("GET ")]
    for path in (*routes, "/login", *(one for one in OPEN if one.startswith("/progress"))):
        shape = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        assert path in APART or any(shape.fullmatch(one) for one in district.looked), path


def test_what_is_looked_for_is_seen(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        '<title>队列</title><button style="position:absolute;left:0;top:0">甲</button>'
        '<a href="#" style="position:absolute;left:5px;top:5px">乙 police_110</a>'
        '<select style="margin-top:5em"><option>全部</option><option>unknown</option></select>'
        '<p title="red">案件 d-2026-12，密钥 3f9cabcd，Excel</p>'
    )
    assert len(overlaps(page)) == 1
    assert set(untranslated(page)) == {"police_110", "red", "unknown"}
    page.close()
