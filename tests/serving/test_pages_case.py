"""What the pages make of what is stored: marks, words, and texts that would be markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from browsing import person, service
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from small_district import case, count, key_of

from docket.contract import enumerations as enum
from docket.slips import STATES
from docket.store import Store
from models.policy import COLOURS
from models.targets import TARGETS
from serving.deadlines.service import MET_BY
from serving.pages.marking import marked, numbered
from serving.pages.rendering import area, left, percent, period, way
from serving.pages.words import TABLES

HOSTILE = "<script>alert(1)</script>&amp;邻居\"漏水'，扬言跳楼"


@pytest.fixture
def pages(store: Store) -> Iterator[TestClient]:
    with service(store) as made:
        yield made


def _send(pages: TestClient, store: Store, path: str, body: object) -> None:
    answer = pages.post(path, json=body, headers=key_of(store, "centre"))
    assert answer.status_code == 201, answer.text


def test_nothing_that_a_record_may_hold_is_without_a_word() -> None:
    held = {
        "colour": COLOURS, "advice": COLOURS, "kind": enum.DISPUTE_KINDS, "source": enum.SOURCES,
        "event": enum.EVENT_KINDS, "outcome": enum.OUTCOME_KINDS, "target": TARGETS, "role": enum.PARTY_ROLES, "sex": enum.SEXES, "category": enum.REGISTRY_CATEGORIES,
        "finding": enum.FINDINGS, "deadline": (*MET_BY, "review"), "slip_state": STATES, "slip_step": STATES[1:],
    }  # fmt: skip
    for table, values in held.items():
        assert set(TABLES[table]) == set(values), table


_SPANS = st.lists(
    st.tuples(st.none() | st.integers(-2, 14), st.integers(-2, 16)).map(
        lambda span: {"start": span[0], "end": None if span[0] is None else span[1]}
    )
)


@given(st.text(max_size=12), _SPANS)
def test_a_marked_narrative_is_the_narrative(text: str, spans: list[dict[str, int | None]]) -> None:
    reasons = numbered(spans)
    pieces = marked(text, reasons)
    assert "".join(piece for piece, _ in pieces) == text
    ended = sorted(one["number"] for _, over in pieces for one in over if one["ends"])
    inside = [
        one for one in reasons if one["start"] is not None and 0 <= one["start"] < one["end"] <= len(text)
    ]
    assert ended == sorted(one["number"] for one in inside)  # each once
    place = 0
    for piece, over in pieces:
        for one in over:
            assert one["start"] <= place and place + len(piece) <= one["end"]
        place += len(piece)


def test_a_narrative_is_shown_and_never_run(pages: TestClient, store: Store) -> None:
    _send(pages, store, "/v1/cases", case("a", HOSTILE))
    page = person(pages, store, "centre").get("/cases/a").text
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in page
    assert '<mark class="floor">跳楼</mark>' in page


def test_marks_are_of_the_narrative_that_was_read(pages: TestClient, store: Store) -> None:
    _send(pages, store, "/v1/cases", case("a", "家长扬言跳楼"))
    staff = person(pages, store, "centre")
    assert "<mark" in staff.get("/cases/a").text
    later = {"dispute": {"text": "双方又起争执，孩子在场，家长再次扬言跳楼。"}}
    changed = pages.patch("/v1/cases/a", json=later, headers=key_of(store, "centre"))
    assert changed.status_code == 200
    page = staff.get("/cases/a").text
    assert '家长再次扬言<mark class="floor">跳楼</mark>' in page


def test_a_page_of_nothing_is_a_page(pages: TestClient, store: Store) -> None:
    staff = person(pages, store, "centre")
    for path, said in (
        ("/queue", "没有符合条件的案件"),
        ("/queue?kind=nonsense", "没有符合条件的案件"),
        ("/slips", "没有单据"),
        ("/practice", "这段时间没有决定"),
    ):
        assert said in staff.get(path).text
    assert "今天没有要走访的人了" in person(pages, store, "worker").get("/visits").text
    for path, code in (
        ("/cases/nobody", 404),
        ("/slips/s-1", 404),
        ("/queue?colour=pink", 422),
        ("/queue?cursor=x", 422),
    ):
        refused = staff.get(path)
        assert refused.status_code == code and "未完成" in refused.text, path


def test_a_label_stands_where_its_words_do(pages: TestClient, store: Store) -> None:
    _send(pages, store, "/v1/cases", case("a", "邻居楼上漏水，手里拿着菜刀。"))
    staff = person(pages, store, "centre")
    label = {"annotation_id": "n1", "cue": "weapon", "present": "yes", "quote": "菜刀"}
    assert staff.send("/cases/a/annotations", label).status_code == 303
    with store.snapshot() as conn:
        kept = conn.exec_driver_sql('SELECT cue, present, start, "end" FROM annotations').one()
    assert tuple(kept) == ("weapon", True, 11, 13)
    wrong = staff.send("/cases/a/annotations", label | {"annotation_id": "n2", "quote": "斧头"})
    assert wrong.status_code == 422 and "原文中没有这段文字" in wrong.text
    unknown = staff.send("/cases/a/annotations", label | {"annotation_id": "n3", "cue": "nonsense"})
    assert unknown.status_code == 422


def test_a_visit_that_was_tapped_twice_is_one(pages: TestClient, store: Store) -> None:
    _send(pages, store, "/v1/cases", case("a"))
    worker = person(pages, store, "worker")
    form = {"visit_id": "v1", "person_id": "p-a", "found": "tense", "text": "情绪激动"}
    assert worker.send("/visits", form).headers["location"] == "/visits?done=kept"
    again = worker.send("/visits", form)
    assert again.headers["location"] == "/visits?done=before"
    page = worker.get("/visits", done="before").text
    assert "没有再记一次" in page and "已访 1" in page and "紧张" in page
    assert worker.send("/visits", {"visit_id": "v2", "person_id": "p-a"}).status_code == 422


def test_a_form_that_was_sent_twice_is_one(pages: TestClient, store: Store) -> None:
    _send(pages, store, "/v1/cases", case("a"))
    staff = person(pages, store, "centre")
    page = staff.get("/cases/a").text
    tokens = re.findall(r'name="once" value="([0-9a-f]{24})"', page)
    assert len(tokens) == len(set(tokens)) > 1  # each form its own
    latest = re.search(r'name="assessment_id" value="([^"]+)"', page)
    assert latest is not None
    decision = {"assessment_id": latest.group(1), "colour": "yellow", "reason": "多次报警"}
    assert staff.send("/cases/a/decision", decision).status_code == 303
    form = {"unit": "东街派出所", "once": tokens[0]}
    for again in (
        form,
        form,
        form | {"once": tokens[1]},
    ):  # the last: the same slip, asked for on a page opened anew
        sent = staff.send("/cases/a/slips", again)
        assert (sent.status_code, sent.headers["location"]) == (303, "/cases/a?done=issued")
    assert count(store, "slips") == 1
    other = {"unit": "西街派出所", "once": tokens[1]}
    assert staff.send("/cases/a/slips", other).status_code == 409  # an open one stands
    assert count(store, "slips") == 1


def test_a_drill_says_that_it_is_one(store: Store) -> None:
    with service(store, test=True) as pages:
        assert "演练" in pages.get("/login").text


def test_what_is_no_drill_does_not_say_so(pages: TestClient) -> None:
    assert "演练" not in pages.get("/login").text


def test_an_id_with_a_slash_or_a_quote_has_a_path_too() -> None:
    assert way("/cases/{}", 'a/b"?x=<1>&') == "/cases/a%2Fb%22%3Fx%3D%3C1%3E%26"


def test_times_and_shares_are_told_as_people_say_them() -> None:
    now = datetime.now(UTC).timestamp()
    assert left(round((now + 90 * 60) * 1e6)) in ("还剩90分钟", "还剩89分钟")
    assert left(round((now - 50 * 3600) * 1e6)) == "超期2天"
    assert [percent(share) for share in (None, 0.0, 0.0004, 0.0432)] == ["—", "0.0%", "<0.1%", "4.3%"]
    assert [period(name) for name in ("2026-Q3", "2026-07", "2026")] == [
        "2026年第3季度",
        "2026年7月",
        "2026年",
    ]
    assert (
        area("甲社区", "甲社区第2网格") == "甲社区第2网格" and area("甲社区", "第2网格") == "甲社区 第2网格"
    )
