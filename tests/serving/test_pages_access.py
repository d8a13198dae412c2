"""Logging in to the pages: who gets in, how far, for how long, and what can't be forged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from browsing import Person, page_calls, person, service, token_in, visit_page
from fastapi.testclient import TestClient
from small_district import count, key_of
from walking import seed

from docket import keys, sessions
from docket.keys import SCOPES
from docket.store import Store
from docket.store.desk import SESSIONS
from docket.store.metadata import AUDIT_LOG
from docket.times import DAY, HOUR, now_micros
from serving.permissions import OPEN, PAGES

DENIED = [(route, scope) for route, rule in PAGES.items() for scope in SCOPES if scope not in rule.scopes]
ALLOWED = [(route, scope) for route, rule in PAGES.items() for scope in rule.scopes]
STORED = (
    "decisions",
    "slip_steps",
    "visits",
    "annotations",
    "merges",
    "lowerings",
    "assessments",
    "registry",
    "registry_notes",
    "objections",
    "progress_tokens",
    "case_reviews",
    "visit_moves",
)


@pytest.fixture
def pages(store: Store) -> Iterator[TestClient]:
    with service(store) as made:
        yield made


def _actions(store: Store, key: str) -> list[str]:
    with store.snapshot() as conn:
        done = sa.select(AUDIT_LOG.c.action).where(AUDIT_LOG.c.actor == key.split("_")[1])
        return list(conn.execute(done.order_by(AUDIT_LOG.c.seq)).scalars())


def test_who_logs_in_and_out_is_in_the_log_and_leaves_no_secret_behind(
    pages: TestClient, store: Store
) -> None:
    staff = person(pages, store, "audit")
    assert staff.get("/").status_code == 200
    cookie = staff.http.cookies["__Host-anlan"]
    with store.snapshot() as conn:
        held = str(conn.execute(sa.select(SESSIONS)).all())
    assert cookie not in held and staff.key.rsplit("_", 1)[1] not in held
    out = staff.send("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    staff.http.cookies.set("__Host-anlan", cookie, domain="centre.example")
    again = staff.get("/")
    assert (again.status_code, again.headers["location"]) == (303, "/login?next=%2F")
    assert _actions(store, staff.key) == ["login", "logout"]


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(pages: TestClient, store: Store) -> None:
    key = key_of(store, "audit")["Authorization"].split()[1]
    said = Person(pages, key).log_in().headers.get_list("set-cookie")[0].lower()
    assert said.startswith("__host-anlan=") and "path=/" in said and "domain" not in said
    assert "httponly" in said and "secure" in said and "samesite=lax" in said
    here = TestClient(pages.app, base_url="http://localhost:8000", follow_redirects=False)
    form = {"csrf": token_in(here.get("/login")), "key": key}
    said = here.post("/login", data=form).headers.get_list("set-cookie")[0].lower()
    assert said.startswith("anlan=") and "secure" not in said and "httponly" in said
    proxied = TestClient(pages.app, base_url="http://centre.example", follow_redirects=False)
    assert "secure" in proxied.get("/login").headers["set-cookie"].lower()


def test_a_session_ends_with_its_key_or_its_time(pages: TestClient, store: Store) -> None:
    staff = person(pages, store, "centre")
    with store.begin() as conn:
        assert keys.revoke(conn, staff.key.split("_")[1], now_micros())
    assert staff.get("/").headers["location"].startswith("/login")
    now = now_micros()
    with store.begin() as conn:
        key = keys.verify(conn, keys.create(conn, scope="centre", now=now, days=1), now)
        assert key is not None
        session = sessions.start(conn, key, now=now, length=12 * HOUR)
        long = sessions.start(conn, key, now=now, length=90 * DAY)
    with store.snapshot() as conn:
        assert sessions.find(conn, session.token, now + 12 * HOUR - 1) is not None
        assert sessions.find(conn, session.token, now + 12 * HOUR) is None
        assert long.expires_at == key.expires_at and sessions.find(conn, long.token, now + DAY) is None
    with store.begin() as conn:  # what has long ended is forgotten when somebody else comes
        before = count(store, "sessions")
        sessions.start(conn, key, now=now + 60 * DAY, length=HOUR)
    assert count(store, "sessions") < before


def test_a_key_that_does_not_hold_lets_nobody_in(pages: TestClient, store: Store) -> None:
    with store.begin() as conn:
        old = keys.create(conn, scope="centre", now=now_micros() - 2 * DAY, days=1)
    for key in ("", "anlan_00_11", old, old[:-1]):
        answer = Person(pages, key).log_in()
        assert answer.status_code == 403 and "密钥无效" in answer.text
        assert key == "" or key not in answer.text
    assert count(store, "sessions") == 0


def test_a_form_that_another_site_made_does_nothing(pages: TestClient, store: Store) -> None:
    staff, other = person(pages, store, "centre"), person(pages, store, "centre")
    for token in ("", "0" * 64, other.token):
        refused = staff.http.post("/logout", data={"csrf": token})
        assert refused.status_code == 403 and "页面已过期" in refused.text
    assert staff.http.post("/logout", json={"csrf": staff.token}).status_code == 415
    assert staff.get("/").headers["location"] == "/queue"  # still logged in
    stranger = Person(pages, other.key)
    assert stranger.http.post("/login", data={"key": other.key, "csrf": other.token}).status_code == 403
    assert count(store, "sessions") == 2


def test_nobody_is_led_elsewhere_by_a_link_to_the_login(pages: TestClient, store: Store) -> None:
    key = key_of(store, "audit")["Authorization"].split()[1]
    places = {
        "//evil.example": "/",
        "/\\evil.example": "/",
        "https://evil.example": "/",
        "/cases/d1?x=1": "/cases/d1?x=1",
    }
    for asked, led in places.items():
        assert Person(pages, key).log_in(following=asked).headers["location"] == led
    staff = person(pages, store, "audit")
    assert staff.get("/login", next="//evil.example").headers["location"] == "/"


def test_two_tabs_do_not_shut_each_other_out(pages: TestClient, store: Store) -> None:
    key = key_of(store, "centre")["Authorization"].removeprefix("Bearer ")
    first = token_in(pages.get("/login"))
    pages.get("/login", params={"next": "/slips"})
    answer = pages.post("/login", data={"csrf": first, "key": key, "next": "/queue"})
    assert answer.status_code == 303 and answer.headers["location"] == "/queue"


def test_a_part_that_fails_sends_the_whole_page_to_where_it_is_told(pages: TestClient, store: Store) -> None:
    staff = person(pages, store, "centre")
    part = staff.http.get("/queue", params={"cursor": "x"}, headers={"HX-Request": "true"})
    whole = staff.get("/queue", cursor="x")
    assert part.status_code == whole.status_code == 422 and "页码" in whole.text
    assert part.headers["hx-redirect"] == "/queue?cursor=x" and not part.text


def test_whoever_is_lost_or_leaves_something_out_is_shown_the_way_back(
    pages: TestClient, store: Store
) -> None:
    by_hand = {"Accept": "text/html,application/xhtml+xml"}
    lost = pages.get("/quene", headers=by_hand)
    assert lost.status_code == 404 and "没有这一页" in lost.text and 'href="/"' in lost.text
    for path, headers in (("/quene", {}), ("/v1/quene", by_hand)):  # programs are told as ever
        assert pages.get(path, headers=headers).json()["type"] == "urn:anlan:problem:not-found"
    seed(pages, store)
    staff = person(pages, store, "centre")
    for form in ("/cases/x1/decision", "/urgings/1/answer"):
        refused = staff.send(form, {})
        assert refused.status_code == 422 and "data-back" in refused.text and form not in refused.text


def test_whoever_tries_keys_has_to_wait(pages: TestClient) -> None:
    codes = [Person(pages, "anlan_00_11").log_in().status_code for _ in range(25)]
    assert codes[:20] == [403] * 20 and 429 in codes[20:]
    assert pages.get("/login").status_code == 200


@pytest.mark.parametrize("scope", SCOPES)
def test_each_kind_of_user_begins_somewhere(pages: TestClient, store: Store, scope: str) -> None:
    staff = person(pages, store, scope)
    first = staff.http.get("/", follow_redirects=True)
    assert first.status_code == 200 and "退出" in first.text


def test_pages_hold_no_script_or_style_and_may_load_none_from_elsewhere(
    pages: TestClient, store: Store
) -> None:
    for answer in (pages.get("/login"), person(pages, store, "audit").get("/"), pages.get("/docs")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert "<style" not in answer.text and " style=" not in answer.text
        assert answer.text.count("<script") == answer.text.count('<script src="/assets/')
        assert answer.headers["cache-control"] == "no-store"


def test_nobody_else_sees_a_page_or_sends_a_form(pages: TestClient, store: Store) -> None:
    assert set(page_calls()) == set(PAGES)
    seed(pages, store)
    before = [count(store, table) for table in STORED]
    for route in PAGES:
        away = visit_page(Person(pages, ""), route)
        assert away.status_code == 303 and away.headers["location"].startswith("/login?next="), route
    people = {scope: person(pages, store, scope) for scope in SCOPES}
    for route, scope in DENIED:
        refused = visit_page(people[scope], route)
        assert refused.status_code == 403 and "您的权限不包括" in refused.text, (route, scope)
        assert "x1" not in refused.text.replace("/cases/x1", "")
    assert [count(store, table) for table in STORED] == before


def test_what_needs_no_key_shows_nothing_of_anybody(pages: TestClient, store: Store) -> None:
    seed(pages, store)
    open_ones = [path for path in OPEN if path != "/openapi.json"]
    assert open_ones
    for path in open_ones:
        answer = Person(pages, "").get(path.format(name="x1", token="x1"))
        assert answer.status_code < 500 or path == "/readyz", path  # which says that there is no model
        shown = answer.text.replace("/assets/x1", "").replace("/progress/x1", "")
        assert not any(name in shown for name in ("p-x1", "x2", "邻居楼上漏水", "一网格")), path


@pytest.mark.parametrize(("route", "scope"), ALLOWED)
def test_whoever_may_sees_the_page(pages: TestClient, store: Store, route: str, scope: str) -> None:
    seed(pages, store)
    staff = person(pages, store, scope)
    answer = visit_page(staff, route)
    assert answer.status_code in (200, 303), (answer.status_code, answer.text)
    assert not answer.headers.get("location", "").startswith("/login?"), route
    logged = PAGES[route].logged
    assert logged is None or logged in _actions(store, staff.key)


@pytest.mark.parametrize("area", ["street:s2", "community:c2", "grid:g2"])
def test_pages_of_another_area_are_out_of_reach(pages: TestClient, store: Store, area: str) -> None:
    seed(pages, store)
    before = [count(store, table) for table in STORED]
    bound = {scope for rule in PAGES.values() if rule.reach != "none" for scope in rule.scopes}
    people = {scope: person(pages, store, scope, area) for scope in sorted(bound)}
    for route, rule in PAGES.items():
        for scope in rule.scopes if rule.reach != "none" else ():
            answer = visit_page(people[scope], route)
            if rule.reach == "listed":
                assert answer.status_code in (200, 404), (route, scope)
                assert not any(f"/cases/{name}" in answer.text for name in ("x1", "x2", "x4")), route
                assert not any(f"p-{name}" in answer.text for name in ("x1", "x2", "x4")), route
            else:
                assert answer.status_code == (404 if rule.reach == "case" else 403), (route, scope)
    assert [count(store, table) for table in STORED] == before
