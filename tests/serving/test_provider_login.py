"""Logging in by an identity provider that really runs: who gets in, as what, and what can't be forged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from browser import PHONE, chromium, desk
from browsing import BASE, service, token_in
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient
from httpx import Response
from issuer import Issuer, issuing
from model_versions import Registry
from playwright.sync_api import expect
from pydantic import ValidationError
from serving_process import serving
from small_district import case, count, key_of
from typer.testing import CliRunner
from walking import seed

from docket import sessions
from docket.store import Store
from docket.store.desk import SESSIONS
from docket.store.metadata import AUDIT_LOG
from docket.times import now_micros
from pipelines.cli import app as cli
from serving import provider
from serving.errors import Unavailable
from serving.provider import Provider
from serving.settings import Settings

BACK = "/login/provider/back"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


def known_as(issuer: Issuer, **more: Any) -> dict[str, Any]:
    secret = issuer.clients["anlan"]
    return {"oidc_issuer": issuer.base, "oidc_client_id": "anlan", "oidc_client_secret": secret} | more


@pytest.fixture
def pages(store: Store, issuer: Issuer) -> Iterator[TestClient]:
    with service(store, **known_as(issuer)) as made:
        yield made


def browser_of(pages: TestClient) -> TestClient:
    return TestClient(pages.app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False)


def to_provider(who: TestClient, following: str = "/") -> str:
    """Where the browser is sent back to after it went to the provider."""
    sent = who.get("/login/provider", params={"next": following})
    assert sent.status_code == 303, sent.text
    back = httpx.get(sent.headers["location"]).headers["location"]
    assert back.startswith(f"{BASE}{BACK}?")
    return back.removeprefix(BASE)


def log_in(who: TestClient, following: str = "/") -> Response:
    return who.get(to_provider(who, following))


def test_whoever_the_provider_knows_gets_in_and_out(pages: TestClient, store: Store, issuer: Issuer) -> None:
    who = browser_of(pages)
    assert "统一身份登录" in who.get("/login").text
    answer = log_in(who, "/slips?show=closed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/slips?show=closed")
    said = [line.lower() for line in answer.headers.get_list("set-cookie")]
    (held,) = [line for line in said if line.startswith("__host-anlan=")]
    assert "httponly" in held and "secure" in held and "samesite=lax" in held and "domain" not in held
    page = who.get("/slips")
    assert page.status_code == 200 and "退出" in page.text
    with store.snapshot() as conn:
        rows = conn.execute(sa.select(SESSIONS)).mappings().all()
        done = conn.execute(sa.select(AUDIT_LOG).where(AUDIT_LOG.c.action == "login")).mappings().all()
    assert [row["key_id"] for row in rows] == ["token:li.ming"]
    assert [(row["actor"], row["scope"], json.loads(row["detail"])) for row in done] == [
        ("token:li.ming", "centre", {"by": "provider"})
    ]
    assert who.cookies["__Host-anlan"] not in str(rows)
    out = who.post("/logout", data={"csrf": token_in(page)})
    assert out.headers["location"] == "/login"
    assert who.get("/slips").headers["location"].startswith("/login")


def test_the_session_is_what_the_token_said_and_outlives_it(
    pages: TestClient, store: Store, issuer: Issuer
) -> None:
    seed(pages, store)
    issuer.claims = {"scope": "centre", "area": "street:s2", "sub": "west", "exp": timedelta(seconds=31)}
    west = browser_of(pages)
    assert log_in(west).status_code == 303
    assert west.get("/cases/x1").status_code == 404 and west.get("/queue").status_code == 200
    issuer.claims = {"scope": "worker", "worker_id": "w1", "sub": "walker"}
    worker = browser_of(pages)
    assert log_in(worker).status_code == 303
    assert worker.get("/visits").status_code == 200 and worker.get("/queue").status_code == 403
    now = now_micros()
    with store.begin() as conn:
        ends = conn.execute(sa.select(SESSIONS.c.expires_at)).scalars().all()
        assert all(end > now + 11 * 3_600_000_000 for end in ends)  # as long as a key's, not as the token
        assert sessions.end_all(conn, "token:west", now) == 1
    assert west.get("/queue").headers["location"].startswith("/login")
    assert worker.get("/visits").status_code == 200


def test_an_operator_ends_somebodys_sessions(pages: TestClient, store: Store) -> None:
    one, other = browser_of(pages), browser_of(pages)
    for who in (one, other):
        log_in(who)
    told = CliRunner().invoke(cli, ["key", "logout", "token:li.ming", "--store", store.url])
    assert told.exit_code == 0 and told.stdout == "2\n"
    assert one.get("/queue").headers["location"].startswith("/login")


def test_each_login_is_begun_with_secrets_of_its_own(pages: TestClient, issuer: Issuer) -> None:
    who = browser_of(pages)
    for _ in range(3):
        log_in(who)
        who.cookies.delete("__Host-anlan")
    for name in ("state", "nonce", "code_challenge"):
        values = {asked[name] for asked in issuer.asked}
        assert len(values) == 3 and all(len(value) >= 43 for value in values), name
    assert {asked["redirect_uri"] for asked in issuer.asked} == {BASE + BACK}


def _altered(**said: str) -> Callable[[str], str]:
    def change(back: str) -> str:
        split = urlsplit(back)
        told = dict(parse_qsl(split.query)) | said
        return str(httpx.URL(split.path, params={name: value for name, value in told.items() if value}))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _altered(state="x"),
        _altered(state=""),
        _altered(code="x"),
        _altered(code=""),
        _altered(iss="https://id.example"),
        _altered(error="access_denied"),
    ],
)
def test_an_answer_that_was_altered_lets_nobody_in(
    pages: TestClient, store: Store, change: Callable[[str], str]
) -> None:
    who = browser_of(pages)
    refused = who.get(change(to_provider(who)))
    assert refused.status_code == 403 and "统一身份登录未成功" in refused.text
    assert count(store, "sessions") == 0 and "密钥" in refused.text  # the form is there to go on with


def test_an_answer_is_taken_once_and_only_where_it_was_asked_for(
    pages: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = browser_of(pages), browser_of(pages)
    back = to_provider(mine)
    # somebody else's browser: nobody is logged in as another by a link
    assert other.get(back).status_code == 403
    to_provider(other)
    assert other.get(back).status_code == 403
    begun = mine.cookies["__Host-anlan-coming"]
    assert mine.get(back).status_code == 303
    assert "__Host-anlan-coming" not in mine.cookies
    mine.cookies.set("__Host-anlan-coming", begun, domain="centre.example")
    assert mine.get(back).status_code == 403  # the provider gives nothing for a code twice
    slow = browser_of(pages)
    late = to_provider(slow)
    passed = now_micros() + provider.LASTS
    monkeypatch.setattr(provider, "now_micros", lambda: passed)
    assert slow.get(late).status_code == 403
    assert count(store, "sessions") == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "other"},
        {"aud": ["anlan", "other"], "azp": "other"},
        {"iss": "https://id.example"},
        {"exp": -timedelta(minutes=5)},
        {"sub": None},
    ],
)
def test_a_token_for_another_login_lets_nobody_in(
    pages: TestClient, store: Store, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    assert log_in(browser_of(pages)).status_code == 403 and count(store, "sessions") == 0


def test_a_token_that_another_key_signed_lets_nobody_in(
    pages: TestClient, store: Store, issuer: Issuer
) -> None:
    issuer.claims = {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    assert log_in(browser_of(pages)).status_code == 403 and count(store, "sessions") == 0


@pytest.mark.parametrize(
    "claims", [{"scope": "openid"}, {"scope": "centre audit"}, {"area": None}, {"scope": "worker"}]
)
def test_whoever_the_provider_says_nothing_of_is_told_so(
    pages: TestClient, store: Store, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    refused = log_in(browser_of(pages))
    assert refused.status_code == 403 and "没有设置本系统的权限" in refused.text
    assert count(store, "sessions") == 0


def test_nobody_is_led_elsewhere_after_the_login(pages: TestClient) -> None:
    for place in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert log_in(browser_of(pages), place).headers["location"] == "/"


def test_a_secret_that_is_posted_and_a_wrong_one(store: Store, issuer: Issuer) -> None:
    issuer.methods = ["client_secret_post"]
    with service(store, **known_as(issuer)) as pages:
        assert log_in(browser_of(pages)).status_code == 303
    with service(store, **known_as(issuer, oidc_client_secret="wrong")) as pages:
        assert log_in(browser_of(pages)).status_code == 403


def test_while_the_provider_is_away_keys_go_on(pages: TestClient, store: Store, issuer: Issuer) -> None:
    who = browser_of(pages)
    back = to_provider(who)
    issuer.broken = True
    assert who.get(back).status_code == 503
    key = key_of(store, "centre")["Authorization"].split()[1]
    form = {"csrf": token_in(who.get("/login")), "key": key}
    assert who.post("/login", data=form).status_code == 303


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://id.example"},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": "file:///etc/keys"},
        {"authorization_endpoint": None},
    ],
)
def test_a_provider_that_names_another_or_an_open_line_is_none(
    store: Store, issuer: Issuer, told: dict[str, Any]
) -> None:
    issuer.told = told
    now = 0.0
    made = Provider(Settings(store=store.url, model="", **known_as(issuer)), clock=lambda: now)
    with pytest.raises(Unavailable):
        made.begin(BASE + BACK, "/")
    issuer.told = {}
    with pytest.raises(Unavailable):  # it is left alone for a moment
        made.begin(BASE + BACK, "/")
    now = 6.0
    assert made.begin(BASE + BACK, "/")[0].startswith(f"{issuer.base}/authorize?")


def test_without_a_provider_there_is_no_such_login(store: Store) -> None:
    with service(store) as pages:
        who = browser_of(pages)
        assert "统一身份登录" not in who.get("/login").text
        assert who.get("/login/provider").status_code == who.get(f"{BACK}?code=x").status_code == 404


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": "https://id.example"},
        {"oidc_issuer": "https://id.example", "oidc_client_id": "x"},
        {"oidc_issuer": "https://id.example", "oidc_client_id": "x", "oidc_client_secret": ""},
        {"oidc_issuer": "http://id.example", "oidc_client_id": "x", "oidc_client_secret": "y"},
    ],
)
def test_a_provider_is_set_whole_and_reached_safely(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**settings)


def test_the_secret_is_told_to_nobody(issuer: Issuer) -> None:
    settings = Settings(model="", **known_as(issuer))
    assert issuer.clients["anlan"] not in str(settings) + settings.model_dump_json()


def test_in_a_browser_one_tap_logs_in(
    made_registry: Registry, tmp_path_factory: pytest.TempPathFactory, issuer: Issuer
) -> None:
    issuer.clients = {"anlan": "secret"}
    names = {
        "ANLAN_OIDC_ISSUER": issuer.base,
        "ANLAN_OIDC_CLIENT_ID": "anlan",
        "ANLAN_OIDC_CLIENT_SECRET": "secret",
    }
    folder = tmp_path_factory.mktemp("provider")
    with made_registry.used(), serving(folder, **names) as served, chromium() as browser:
        served.post("/v1/cases", case("a"))
        with desk(browser, served.base, PHONE) as staff:
            staff.go("/cases/a")
            staff.well()
            staff.page.get_by_role("link", name="统一身份登录").click()
            expect(staff.page.get_by_role("heading", level=1)).to_contain_text("邻里纠纷 a")
            assert staff.page.url == f"{served.base}/cases/a"
            elsewhere = [one for one in staff.complaints if issuer.base not in one]
            assert elsewhere == [] and len(staff.complaints) == 1  # the provider's own page
