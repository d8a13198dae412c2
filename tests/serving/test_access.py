"""Who may call what: every route of the application, every scope, and areas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.testclient import TestClient
from small_district import case, count, key_of
from walking import CALLS, call, every_route, routes_of, seed

from docket import keys
from docket.keys import SCOPES
from docket.store import Store
from docket.store.metadata import AUDIT_LOG
from docket.times import DAY, now_micros
from serving.access import Guarded, guarded, reaches
from serving.app import create_app
from serving.limits import Buckets
from serving.permissions import API, OPEN, TABLE, as_markdown
from serving.settings import Settings

DENIED = [(route, scope) for route, rule in API.items() for scope in SCOPES if scope not in rule.scopes]
ALLOWED = [(route, scope) for route, rule in API.items() for scope in rule.scopes]
AREAL = [route for route, rule in API.items() if rule.reach in ("case", "sent", "listed")]


def scoped(store: Store, scope: str, area: str | None = None) -> dict[str, str]:
    return key_of(store, scope, area=area, worker_id="w1" if scope == "worker" else None)


@pytest.fixture
def anybody(client: TestClient) -> Iterator[TestClient]:
    client.headers.pop("Authorization")
    yield client


def test_every_route_is_in_the_table_and_in_the_docs(anybody: TestClient) -> None:
    assert routes_of(anybody) == set(API) == set(CALLS)
    every = {f"{method} {route.path}" for route in every_route(anybody.app) for method in route.methods}
    assert {route for route in every if route.split()[1] not in OPEN} == set(TABLE)
    assert {route.split()[1] for route in every} >= OPEN - {"/openapi.json"}
    page = Path(__file__).resolve().parents[2] / "docs" / "access.md"
    assert page.read_text(encoding="utf-8") == as_markdown()


def test_a_route_that_nothing_is_said_of_cannot_be_declared() -> None:
    router = APIRouter(prefix="/v1", route_class=Guarded)
    with pytest.raises(LookupError, match="permissions"):
        router.get("/secrets")(lambda: None)
    opened = APIRouter(prefix="/v1")
    opened.get("/cases/{dispute_id}")(lambda: None)
    with pytest.raises(TypeError, match="open to anybody"):
        guarded(opened)


def test_nobody_else_gets_in(anybody: TestClient, store: Store) -> None:
    seed(anybody, store)
    stored = count(store, "disputes"), count(store, "events"), count(store, "audit_log")
    for route in API:
        for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer anlan_00_11"}):
            answer = call(anybody, route, headers)
            assert answer.status_code == 401, (route, headers)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == 'Bearer realm="anlan"'
    for route, scope in DENIED:
        answer = call(anybody, route, scoped(store, scope))
        assert answer.status_code == 403, (route, scope)
        assert answer.json()["type"] == "urn:anlan:problem:forbidden"
    told = count(store, "audit_log") - len(DENIED)  # of which each key made here is one
    assert (count(store, "disputes"), count(store, "events"), told) == stored


@pytest.mark.parametrize(("route", "scope"), ALLOWED)
def test_whoever_may_gets_in(anybody: TestClient, store: Store, route: str, scope: str) -> None:
    seed(anybody, store)
    header = scoped(store, scope)
    answer = call(anybody, route, header)
    # without a model there is none to tell of
    assert answer.status_code in ((404,) if route == "GET /v1/models/current" else (200, 201))
    name = header["Authorization"].split("_")[1]
    with store.snapshot() as conn:
        done = sa.select(AUDIT_LOG.c.action).where(AUDIT_LOG.c.actor == name, AUDIT_LOG.c.scope == scope)
        assert (TABLE[route].logged in set(conn.execute(done).scalars())) == (TABLE[route].logged is not None)


def test_who_is_refused_is_refused_before_the_body_is_read(anybody: TestClient, store: Store) -> None:
    broken = {"content": b"{" * 1_000, "headers": {"Content-Type": "application/json"}}
    assert anybody.post("/v1/cases", **broken).status_code == 401
    broken["headers"] |= scoped(store, "audit")
    assert anybody.post("/v1/cases", **broken).status_code == 403


@pytest.mark.parametrize("area", ["street:s2", "community:c2", "grid:g2"])
def test_another_area_is_out_of_reach(anybody: TestClient, store: Store, area: str) -> None:
    seed(anybody, store)
    before = count(store, "disputes"), count(store, "events"), count(store, "merges")
    for route in AREAL:
        for scope in TABLE[route].scopes:
            answer = call(anybody, route, scoped(store, scope, area))
            if TABLE[route].reach == "listed":
                # A worker of another area than the key's is nobody there; all others get what lies in it.
                assert answer.status_code in (200, 404) and "x1" not in answer.text, (route, scope)
            elif route.endswith(":batch"):
                assert [one["status"] for one in answer.json()["results"]] == [403]
            else:
                assert answer.status_code == (404 if TABLE[route].reach == "case" else 403), (route, scope)
    assert (count(store, "disputes"), count(store, "events"), count(store, "merges")) == before


def test_a_revoked_key_ends_at_once_and_an_expired_one_ends(anybody: TestClient, store: Store) -> None:
    header = scoped(store, "centre")
    assert anybody.get("/v1/visits", headers=header).status_code == 200
    with store.begin() as conn:
        assert keys.revoke(conn, header["Authorization"].split("_")[1], now_micros())
    assert anybody.get("/v1/visits", headers=header).status_code == 401
    with store.begin() as conn:
        old = keys.create(conn, scope="centre", now=now_micros() - 2 * DAY, days=1)
    assert anybody.get("/v1/visits", headers={"Authorization": f"Bearer {old}"}).status_code == 401


def test_the_store_holds_no_key(store: Store) -> None:
    made = scoped(store, "centre")["Authorization"].split()[1]
    with store.snapshot() as conn:
        tables = sa.inspect(conn).get_table_names()
        held = [str(conn.execute(sa.text(f"SELECT * FROM {table}")).all()) for table in tables]
    assert not any(made.rsplit("_", 1)[1] in text for text in held)


def test_a_key_that_calls_too_often_waits_and_no_other(store: Store) -> None:
    settings = Settings(store=store.url, model="", rate=0.001, burst=3)
    with TestClient(create_app(settings)) as client:
        mine, other = scoped(store, "centre"), scoped(store, "centre")
        codes = [client.get("/v1/visits", headers=mine).status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        refused = client.post("/v1/cases", json=case("a"), headers=mine)
        assert refused.status_code == 429 and refused.json()["type"].endswith("too-many-requests")
        assert 900 <= int(refused.headers["retry-after"]) <= 1_000
        assert client.get("/v1/visits", headers=other).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_bucket_fills_again() -> None:
    now = 0.0
    buckets = Buckets(2.0, 2, clock=lambda: now)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.5]
    now = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0.0, 0.5]
    now = 100.0
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.5]


def test_a_workers_key_reaches_the_workers_own_community(store: Store) -> None:
    made = scoped(store, "worker")["Authorization"].split()[1]
    with store.snapshot() as conn:
        key = keys.verify(conn, made, now_micros())
        assert key is not None and key.area is None
        assert reaches(conn, key, "g1") and not reaches(conn, key, "g2") and not reaches(conn, key, "g9")
        narrowed = replace(key, area=keys.Area("grid", "g2"))
        assert not reaches(conn, narrowed, "g1") and not reaches(conn, narrowed, "g2")
