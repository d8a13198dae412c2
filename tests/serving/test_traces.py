"""Traces as a collector would keep them: where the time of a request goes, and nothing of whom it is about."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from model_versions import Registry
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from planted import NARRATIVE, PERSONAL, seen
from small_district import case, key_of

from docket.faults import BadInput
from docket.store import Store
from docket.tracing import UNTOLD, span
from serving.app import create_app
from serving.settings import Settings
from serving.traces import tracing, tracing_to

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    with tracing_to(SimpleSpanProcessor(kept)):
        yield kept


def served(store: Store, **settings: Any) -> TestClient:
    # Background work looks rarely: what it traces of itself is not what is asked about.
    told = {"catch_up_every": 600.0, "model_poll": 600.0} | settings
    client = TestClient(create_app(Settings(store=store.url, **told)), raise_server_exceptions=False)
    client.headers.update(key_of(store, "dispatch"))
    return client


def tree(kept: list[ReadableSpan], top: ReadableSpan) -> dict[str, Any]:
    within = [one for one in kept if one.parent is not None and one.parent.span_id == top.context.span_id]
    found: dict[str, Any] = {}
    for one in sorted(within, key=lambda one: one.start_time or 0):
        found.setdefault(one.name, {}).update(tree(kept, one))
    return found


def test_a_case_is_a_request_of_reads_a_model_reasons_and_writes(
    store: Store, models_registry: Registry, spans: InMemorySpanExporter
) -> None:
    with served(store) as client:
        spans.clear()
        assert client.post("/v1/cases", json=case("a", NARRATIVE)).status_code == 201
        kept = list(spans.get_finished_spans())
    (request,) = [one for one in kept if one.name == "POST /v1/cases"]
    assert request.attributes is not None and request.attributes["anlan.status"] == 201
    parts = tree(kept, request)
    assert parts.keys() == {"store read", "store write"}
    assert parts["store read"].keys() == {"facts", "model", "reasons"}
    (model,) = [one for one in kept if one.name == "model"]
    assert model.attributes is not None and model.attributes["anlan.version"] == models_registry.uris[0]
    assert seen(PERSONAL, "".join(one.to_json() for one in kept).encode()) == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_error_is_told_by_its_type_and_a_caller_s_trace_gone_on_with(
    store: Store, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.online.case import OneCase

    def failing(*_: Any) -> Any:
        raise RuntimeError(NARRATIVE)

    with served(store, model="") as client:
        monkeypatch.setattr(OneCase, "facts", failing)
        spans.clear()
        header = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "a=b", "baggage": "c=d"}
        assert client.post("/v1/cases", json=case("a", NARRATIVE), headers=header).json()["degraded"]
        assert client.post("/v1/cases", json=case("b"), headers={"traceparent": "00-xyz"}).status_code == 201
        kept = list(spans.get_finished_spans())
    failed = [one for one in kept if one.name == "facts"]
    assert {one.attributes["error.type"] for one in failed if one.attributes} == {"RuntimeError"}
    assert all(one.events == () and one.status.description is None for one in kept)
    first, second = (one for one in kept if one.name == "POST /v1/cases")
    assert f"{first.context.trace_id:032x}" == TRACE and first.context.trace_state == {}
    assert f"{second.context.trace_id:032x}" != TRACE and second.parent is None
    assert seen((*PERSONAL, "c=d"), "".join(one.to_json() for one in kept).encode()) == []


def test_a_share_of_nothing_and_no_setting_trace_nothing() -> None:
    kept = InMemorySpanExporter()
    with tracing_to(SimpleSpanProcessor(kept), share=0.0), span("request", begins=True):
        pass
    with tracing(Settings(store="sqlite:///x.db")), span("request", begins=True) as told:
        assert told is UNTOLD
    assert kept.get_finished_spans() == ()


def test_without_the_extra_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(BadInput, match=r"\.\[otel\]"):
        tracing(Settings(store="sqlite:///x.db", traces="http://127.0.0.1:4318/v1/traces"))
