"""How far a case is, for whoever reported it: states and days, nothing else, and never a feature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from browser import DESK, PHONE, chromium, desk
from browsing import Person, person, service
from fastapi.testclient import TestClient
from httpx import Response
from model_versions import Registry
from playwright.sync_api import Browser, expect
from serving_process import Served, serving
from small_district import case, count, key_of

from docket import progress
from docket.store import Store
from docket.store.metadata import AUDIT_LOG, METADATA, RECORDS
from docket.times import DAY, local_day, now_micros
from features.online.case import OneCase

THREAT = "王某扬言跳楼，电话13800138000。"
WRONG = "22222-22222-22222-22222-22222"


@pytest.fixture
def pages(store: Store) -> Iterator[TestClient]:
    with service(store) as made:
        made.headers.update(key_of(store, "centre"))
        yield made


def give(http: TestClient, name: str, **asked: Any) -> dict[str, Any]:
    answer = http.post(f"/v1/cases/{name}/progress", json=asked)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def happen(http: TestClient, name: str, kind: str, **ago: float) -> None:
    at = datetime.now(UTC) - timedelta(**ago)
    event = {"event_id": f"e-{name}-{kind}", "at": at.isoformat(), "kind": kind, "text": "与王某谈话"}
    assert http.post(f"/v1/cases/{name}/events", json={"events": [event]}).status_code == 201


def anybody(http: TestClient) -> TestClient:
    return Person(http, "").http


def states(page: Response) -> list[str]:
    return re.findall(r"</time> (\w+)</li>", page.text)


def test_a_token_shows_states_and_days_and_nothing_else(pages: TestClient, store: Store) -> None:
    pages.post("/v1/cases", json=case("a", THREAT))
    made = give(pages, "a")
    who = anybody(pages)
    page = who.get(made["path"])
    assert page.status_code == 200 and states(page) == ["已受理"]
    for kind, said in (
        ("contacted", ["已受理", "已联系"]),
        ("mediation_session", ["已受理", "已联系", "办理中"]),
        ("closed", ["已受理", "已联系", "办理中", "已办结"]),
        ("reopened", ["已受理", "已联系", "办理中"]),
    ):
        happen(pages, "a", kind)
        page = who.get(made["path"])
        assert states(page) == said, kind
        for hidden in (
            "王某",
            "跳楼",
            "颜色",
            "红",
            "督办",
            "风险",
            "邻里",
            "p-a",
            "g1",
            "一网格",
            "%",
            "调解",
            ">a<",
        ):
            assert hidden not in page.text, hidden
        assert str(local_day(now_micros()).year) in page.text
    assert page.headers["cache-control"] == "no-store" and page.headers["referrer-policy"] == "no-referrer"


def test_what_became_of_a_merged_or_withdrawn_case_is_told(pages: TestClient) -> None:
    for name in ("a", "b", "c"):
        pages.post("/v1/cases", json=case(name))
    mine, gone = give(pages, "a"), give(pages, "c")
    assert pages.post("/v1/cases/a/merge", json={"into": "b", "reason": "同一件事"}).status_code == 200
    happen(pages, "b", "contacted")
    who = anybody(pages)
    assert states(who.get(mine["path"])) == ["已受理", "已联系"]
    assert pages.post("/v1/cases/c/withdraw", json={"reason": "误报：王某打错"}).status_code == 201
    page = who.get(gone["path"])
    assert page.status_code == 200 and "已撤回" in page.text and "王某" not in page.text


def test_a_token_that_opens_nothing_tells_nothing(pages: TestClient, store: Store) -> None:
    pages.post("/v1/cases", json=case("a"))
    revoked, old = give(pages, "a"), give(pages, "a", days=1)
    assert pages.delete(f"/v1/cases/a/progress/{revoked['token_id']}").status_code == 200
    with store.begin() as conn:
        past = {"expires_at": now_micros() - 1}
        kept = progress.PROGRESS_TOKENS
        conn.execute(sa.update(kept).where(kept.c.token_id == old["token_id"]).values(past))
    who = anybody(pages)
    wrong = [f"/progress/{WRONG}", revoked["path"], old["path"], "/progress/x", "/progress/邻居"]
    answers = [who.get(path) for path in wrong]
    answers += [who.post(path, data={"stars": "5", "comment": "好"}) for path in wrong]
    told = {(one.status_code, one.text, *sorted(set(one.headers) - {"x-request-id"})) for one in answers}
    assert len(told) == 1 and answers[0].status_code == 404 and "查询码无效" in answers[0].text
    assert count(store, "ratings") == 0


def test_the_store_holds_no_token_and_who_gave_one_is_in_the_log(pages: TestClient, store: Store) -> None:
    pages.post("/v1/cases", json=case("a"))
    made = give(pages, "a")
    with store.snapshot() as conn:
        for table in METADATA.sorted_tables:
            assert made["token"] not in str(conn.execute(sa.select(table)).all()), table.name
        done = conn.execute(sa.select(AUDIT_LOG).where(AUDIT_LOG.c.action == "progress")).mappings().all()
    assert [(row["case_id"], row["subject"]) for row in done] == [("a", made["token_id"])]
    # as it is typed from paper
    who = anybody(pages)
    for typed in (made["token"].lower(), made["token"].replace("-", ""), made["token"].replace("-", " ")):
        led = who.post("/progress", data={"token": typed})
        assert led.status_code == 303 and who.get(led.headers["location"]).status_code == 200, typed
    assert who.post("/progress", data={"token": " "}).headers["location"] == "/progress"


def test_tokens_end_and_a_case_has_ten_at_most(pages: TestClient, store: Store) -> None:
    pages.post("/v1/cases", json=case("a"))
    pages.post("/v1/cases", json=case("b"))
    mine = [give(pages, "a") for _ in range(progress.MOST)]
    assert pages.post("/v1/cases/a/progress", json={}).status_code == 409
    assert pages.delete(f"/v1/cases/b/progress/{mine[0]['token_id']}").status_code == 404
    assert pages.delete(f"/v1/cases/a/progress/{mine[0]['token_id']}").status_code == 200
    give(pages, "a", days=3)
    for days in (0, 366, "3", 1.5):
        refused = pages.post("/v1/cases/b/progress", json={"days": days})
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "days"
    now = now_micros()
    with store.begin() as conn:
        token, held = progress.create(conn, "b", by="k", now=now, days=1)
        assert progress.find(conn, token, now + DAY - 1) == held
        assert progress.find(conn, token, now + DAY) is None
        progress.create(conn, "b", by="k", now=now + 60 * DAY, days=1)  # what has long ended is forgotten
        assert [row["token_id"] for row in progress.tokens_of(conn, "b")] != [held.token_id]
        assert len(progress.tokens_of(conn, "b")) == 1


def test_what_is_thought_of_it_is_told_to_the_centre_and_is_no_feature(
    pages: TestClient, store: Store
) -> None:
    pages.post("/v1/cases", json=case("a"))
    made = give(pages, "a")
    moment = now_micros()

    def read() -> tuple[dict[str, float], list[int]]:
        with store.snapshot() as conn:
            facts = OneCase().facts(conn, "a", moment)
            rows = [
                int(conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
                for table in RECORDS.values()
            ]
        values = facts.frame.iloc[0].to_dict()
        return {name: value for name, value in values.items() if value == value}, rows

    before = read()
    scored = pages.get("/v1/cases/a/assessments").json()
    who = anybody(pages)
    for stars, comment in (("1", "扬言跳楼，电话13800138000"), ("5", "家暴、汽油、同归于尽")):
        done = who.post(made["path"], data={"stars": stars, "comment": comment})
        assert done.status_code == 303 and "评价已记录" in who.get(done.headers["location"]).text
        assert read() == before  # neither a row of the records nor anything that a model reads
    assert pages.get("/v1/cases/a/assessments").json() == scored
    (token,) = pages.get("/v1/cases/a/progress").json()["tokens"]
    assert token["rating"]["stars"] == 5 and "汽油" in token["rating"]["comment"]
    assert "13800138000" not in str(who.get(made["path"]).text) and count(store, "ratings") == 1
    for wrong in (
        {"stars": ""},
        {"stars": "0"},
        {"stars": "6"},
        {"stars": "x"},
        {"stars": "3", "comment": "长" * 1_001},
    ):
        refused = who.post(made["path"], data=wrong)
        assert refused.status_code == 422
        assert ("意见：过长" if "comment" in wrong else "评分：") in refused.text
    staff = person(pages, store, "centre")
    assert "很满意" in staff.get("/cases/a/progress").text


def test_whoever_tries_tokens_has_to_wait(pages: TestClient) -> None:
    who = anybody(pages)
    codes = [who.get(f"/progress/{WRONG[:-2]}{place}").status_code for place in range(10, 45)]
    assert codes[:30] == [404] * 30 and 429 in codes[30:]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def served(made_registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with made_registry.used(), serving(tmp_path_factory.mktemp("progress")) as made:
        yield made


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_centre_gives_a_token_and_who_reported_looks_and_rates(
    browser: Browser, served: Served, size: tuple[int, int]
) -> None:
    name = f"p-{size[0]}"
    served.post("/v1/cases", case(name, THREAT))
    with desk(browser, served.base, size) as staff, desk(browser, served.base, size) as other:
        page = staff.page
        staff.log_in(served.key("centre"))
        staff.go(f"/cases/{name}")
        page.get_by_role("link", name="查询码与评价").click()
        page.get_by_role("button", name="发一个查询码").click()
        square = page.get_by_role("img", name="查询页面的二维码")
        expect(square).to_be_visible()
        assert square.evaluate("image => image.naturalWidth") > 100
        token = page.locator(".token").inner_text()
        staff.well()
        other.go("/progress")
        other.well()
        other.page.get_by_label("查询码").fill(token.lower().replace("-", " "))
        other.page.get_by_role("button", name="查询").click()
        expect(other.page.locator(".line")).to_contain_text("已受理")
        other.well()
        other.page.get_by_label("满意", exact=True).check()
        other.page.get_by_label("意见").fill("回复及时")
        other.page.get_by_role("button", name="提交评价").click()
        expect(other.page.get_by_role("status")).to_contain_text("评价已记录")
        other.well()
        staff.go(f"/cases/{name}/progress")
        expect(page.locator("section[aria-labelledby=h-tokens]")).to_contain_text("回复及时")
        expect(page.locator("main")).not_to_contain_text(token)
        staff.well()
        page.get_by_role("button", name="作废").click()
        expect(page.get_by_role("status")).to_contain_text("已作废")
        other.page.reload()
        expect(other.page.get_by_role("alert")).to_contain_text("查询码无效")
