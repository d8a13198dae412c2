"""Rules and dashboard ask for what the service exposes, and every alert says what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from model_versions import Registry, make_registry
from prometheus_client.parser import text_string_to_metric_families
from receiver import receiving
from served import wait_for
from small_district import case, fill, key_of

from docket.outbox import endpoints
from docket.times import now_micros
from pipelines.cli import run
from serving.app import create_app
from serving.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((REPOSITORY / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((REPOSITORY / "deploy" / "grafana" / "anlan.json").read_text("utf-8"))
RUNBOOK = (REPOSITORY / "docs" / "runbook.md").read_text("utf-8")
QUERIES = [rule["expr"] for rule in ALERTS] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
ADDED = {"job", "instance", "le"}
"""Labels that Prometheus itself puts to what it reads."""
_METRIC = re.compile(r"\b((?:anlan|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?")
_GROUPS = re.compile(r"\b(?:by|without) \(([^)]*)\)")
_LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    made = make_registry(tmp_path_factory.mktemp("versions"))
    with made.used():
        yield made


@pytest.fixture(scope="module")
def exposed(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What `/metrics` says after a day's work in small: each metric and its labels."""
    folder = tmp_path_factory.mktemp("exposed")
    (folder / "records").mkdir()
    store = fill(f"sqlite:///{folder / 'store.db'}", folder / "records")
    with receiving() as receiver:
        with store.begin() as conn:
            endpoints.add(conn, url=receiver.url, events=["colour"], now=now_micros())
        settings = Settings(store=store.url, webhook_http=True, webhook_networks=("127.0.0.0/8", "::1/128"))
        with TestClient(create_app(settings), headers=key_of(store, "dispatch")) as client:
            assert run(["backup", "--store", store.url, "--out", str(folder / "b.anlan")]) == 0
            assert client.post("/v1/cases", json=case("a", "对方持刀上门，扬言杀他全家。")).status_code == 201
            wait_for("it is told", lambda: 'result="delivered"' in client.get("/metrics").text)
            text = client.get("/metrics").text
    store.close()
    found: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_asked_for_is_exposed(exposed: dict[str, set[str]], query: str) -> None:
    asked = _METRIC.findall(_GROUPS.sub("", query))
    assert asked
    labels: set[str] = set()
    for name, among in asked:
        assert name in exposed, f"{name} isn't exposed"
        labels |= exposed[name]
        assert set(_LABEL.findall(among)) <= exposed[name] | ADDED, query
    for group in _GROUPS.findall(query):
        assert {name.strip() for name in group.split(",")} <= labels | ADDED, query


def test_what_is_ours_and_exposed_is_looked_at(exposed: dict[str, set[str]]) -> None:
    """No metric is kept that nobody looks at."""
    asked = {name for query in QUERIES for name, _ in _METRIC.findall(query)}
    kept = {
        name
        for name in exposed
        if name.startswith("anlan_") and not name.endswith(("_created", "_sum", "_count"))
    }
    assert kept - asked == set()


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
    section = re.search(rf"^### {name}\n(.*?)(?=^##)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert all(f"*{word}:*" in section[1] for word in ("Means", "Look", "Do"))


def test_the_runbook_has_no_section_for_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^### (Anlan\w+)$", RUNBOOK, re.MULTILINE)) == {rule["alert"] for rule in ALERTS}


def test_the_runbook_asks_for_metrics_and_settings_that_are_there(exposed: dict[str, set[str]]) -> None:
    known = {f"ANLAN_{name.upper()}" for name in Settings.model_fields} | {"ANLAN_SECRET"}
    assert set(re.findall(r"\bANLAN_[A-Z_]+[A-Z]\b", RUNBOOK)) <= known
    assert set(re.findall(r"`(anlan_[a-z_]+)`", RUNBOOK)) <= exposed.keys()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here (Debian's package prometheus)")
@pytest.mark.parametrize(
    "words",
    [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
    ],
)
def test_prometheus_takes_the_rules_and_they_fire_when_they_should(words: list[str]) -> None:
    folder = REPOSITORY / "deploy" / "prometheus"
    done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
