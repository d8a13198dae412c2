"""What the API says of itself: complete, true, and only ever added to."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from additive import taken_away
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from small_district import key_of
from walking import every_route

from docket.store import Store
from docket.store.writing import append
from docket.times import now_micros
from serving import examples
from serving.app import create_app
from serving.openapi import PUBLISHED
from serving.permissions import API
from serving.settings import Settings

Spec = dict[str, Any]
REFRESH = "python -m serving.openapi"
ALWAYS = {"400", "401", "403", "429", "500", "503"}
WITH_BODY = {"409", "413", "415", "422"}


@pytest.fixture(scope="module")
def spec() -> Spec:
    told: Spec = json.loads(
        json.dumps(create_app(Settings(store="sqlite:///nowhere.db", model="")).openapi())
    )
    return told


def operations(spec: Spec) -> Iterator[tuple[str, Spec]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1"):
                yield f"{method.upper()} {path}", operation


def example_of(spec: Spec, held: Spec) -> Any:
    schema = held["schema"]
    named = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return held.get("example", named.get("examples", [None])[0])


def test_every_route_tells_its_errors_with_an_example_each(spec: Spec) -> None:
    names = [operation["operationId"] for _, operation in operations(spec)]
    assert len(names) == len(set(names)) and {route for route, _ in operations(spec)} == set(API)
    for route, operation in operations(spec):
        told = set(operation["responses"])
        wanted = ALWAYS | (WITH_BODY if "requestBody" in operation else set())
        wanted |= {"404"} if "{" in route else set()
        assert wanted <= told, (route, wanted - told)
        assert operation["summary"] and operation["description"]
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                (held,) = answer["content"].values()
                assert list(answer["content"]) == ["application/problem+json"]
                assert held["example"]["status"] == int(status), (route, status)


def test_every_body_has_an_example_that_is_one(spec: Spec) -> None:
    for route, operation in operations(spec):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [answer for status, answer in operation["responses"].items() if int(status) < 300]
        for body in bodies:
            assert example_of(spec, body["content"]["application/json"]) is not None, route
    app = create_app(Settings(store="sqlite:///nowhere.db", model=""))
    routes = [route for route in every_route(app) if route.path.startswith("/v1")]
    assert routes
    for route in routes:
        model = route.response_model
        if model is not None:
            TypeAdapter(model).validate_python(model.model_config["json_schema_extra"]["examples"][0])


def test_the_examples_can_be_sent_in_the_order_of_their_story(client: TestClient, store: Store) -> None:
    grid = {
        "grid_id": "g0101", "grid_name": "一网格", "community_id": "c01", "community_name": "甲社区",
        "street_id": "s01", "street_name": "东街", "lon": 103.8, "lat": 36.0,
    }  # fmt: skip
    worker = {"worker_id": "w-12", "grid_id": "g0101", "role": "grid_worker", "daily_visits": 3}
    with store.begin() as conn:
        append(conn, "grids", [grid], ingested_at=now_micros(), via="load")
        append(conn, "workers", [worker], ingested_at=now_micros(), via="load")
    client.headers.update(key_of(store, "centre"))
    mine = "/v1/cases/d-2026-000123"
    sent: list[tuple[str, str, Any]] = [
        ("POST", "/v1/cases", examples.CASE), ("POST", "/v1/cases:batch", examples.BATCH),
        ("PUT", f"{mine}/unit", examples.UNIT), ("POST", f"{mine}/annotations", examples.ANNOTATE),
        ("POST", f"{mine}/events", examples.HAPPENED), ("PATCH", mine, examples.CHANGE),
        ("POST", "/v1/cases/d-2026-000124/merge", examples.MERGE),
        ("POST", "/v1/cases/d-2026-000124/unmerge", examples.UNMERGE),
        ("POST", "/v1/cases/d-2026-000124/withdraw", examples.WITHDRAW),
        ("POST", "/v1/visits", examples.VISITS), ("POST", "/v1/registry", examples.ENTRY),
        ("POST", f"{mine}/outcomes", examples.OUTCOMES),
        ("POST", "/v1/registry/r-17/leave", examples.LEAVE),
    ]  # fmt: skip
    for method, path, body in sent:
        answer = client.request(method, path, json=body)
        assert answer.status_code in (200, 201), (path, answer.text)
        for one in answer.json().get("results", []):
            assert one["status"] == 201
    latest = client.get(mine).json()["assessment"]["assessment_id"]
    decision = examples.DECIDE | {"assessment_id": latest}
    assert client.put(f"{mine}/decision", json=decision).status_code == 200
    listed = client.get("/v1/cases", params={"colour": "red", "area": "street:s01"}).json()["cases"]
    assert [one["dispute_id"] for one in listed] == ["d-2026-000123"]


def test_what_is_published_is_only_added_to(spec: Spec) -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    broken = taken_away(published, spec)
    assert not broken, "callers of /v1 rely on this; make it an addition, or a /v2:\n" + "\n".join(broken)
    assert published == spec, f"only additions: publish them by `{REFRESH}`"


def _without(path: str, *names: str) -> Callable[[Spec], None]:
    def change(spec: Spec) -> None:
        held = spec["paths"][path] if path.startswith("/") else spec["components"]["schemas"][path]
        for name in names[:-1]:
            held = held[name]
        held.remove(names[-1]) if isinstance(held, list) else held.pop(names[-1])

    return change


def _set(name: str, field: str, **more: Any) -> Callable[[Spec], None]:
    def change(spec: Spec) -> None:
        spec["components"]["schemas"][name]["properties"].setdefault(field, {}).update(more)

    return change


def _require(name: str, field: str) -> Callable[[Spec], None]:
    return lambda spec: spec["components"]["schemas"][name].setdefault("required", []).append(field)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_without("/v1/cases/{dispute_id}/decision", "put"), "PUT /v1/cases/{dispute_id}/decision: gone"),
        (_without("/v1/cases", "post", "responses", "409"), "409 is gone"),
        (_without("Assessment", "properties", "reasons"), ".reasons: gone"),
        (_without("Assessment", "required", "colour"), ".colour: may be left out"),
        (_without("DisputeRow", "properties", "amount_cny"), ".amount_cny: gone"),
        (_without("DisputeRow", "properties", "kind", "enum", "divorce"), ".kind: the values"),
        (_require("CaseIn", "persons"), ".persons: required now"),
        (_set("Assessment", "as_of", type="integer"), ".as_of: the type"),
        (_set("Assessment", "colour", enum=["none", "blue", "yellow", "red", "black"]), ".colour: the values"),
        (_set("DisputeRow", "text", maxLength=10), ".text: maxLength"),
        (_set("CaseIn", "parties", minItems=1), ".parties: minItems"),
        (_set("DisputeRow", "dispute_id", pattern="^x"), ".dispute_id: another pattern"),
    ],
)  # fmt: skip
def test_what_breaks_a_caller_is_named(spec: Spec, change: Callable[[Spec], None], named: str) -> None:
    other = copy.deepcopy(spec)
    change(other)
    assert any(named in line for line in taken_away(spec, other)), taken_away(spec, other)


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec["paths"].update({"/v1/new": {"get": {"responses": {}}}}),
        _set("Assessment", "more", type="string"),
        _set("DisputeRow", "more", type="string"),
        _set("DisputeRow", "text", maxLength=200_000),
        _set("DisputeRow", "kind", enum=["divorce", "domestic_violence", "family", "neighbour", "housing",
             "land", "debt", "contract", "labour", "injury", "traffic", "medical", "property_management",
             "consumer", "school", "demolition", "environment", "other", "noise"]),
        lambda spec: spec["paths"]["/v1/cases"]["get"]["parameters"].append(
            {"in": "query", "name": "kind", "schema": {"type": "string"}}
        ),
    ],
)  # fmt: skip
def test_what_adds_breaks_nobody(spec: Spec, change: Callable[[Spec], None]) -> None:
    other = copy.deepcopy(spec)
    change(other)
    assert other != spec and taken_away(spec, other) == []
