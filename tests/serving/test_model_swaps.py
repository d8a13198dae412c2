"""A new champion under steady traffic: taken up, taken back, refused; on a real registry, no request lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import count as counting
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from model_versions import Registry
from served import start, wait_for
from small_district import case, key_of

from bench.ports import free_port
from docket.store import Store
from models import registry
from models.golden import GoldenCasesDifferError, check, write
from models.replay import replay
from models.scorer import Scorer
from models.taking_up import BrokenModelError, take_up
from serving.app import create_app
from serving.settings import Settings


@contextmanager
def altered(path: Path, change: Callable[[str], str | None]) -> Iterator[None]:
    """A file of a logged model as it comes after an accident; put right again afterwards."""
    before = path.read_text("utf-8")
    after = change(before)
    if after is None:
        path.unlink()
    else:
        path.write_text(after, "utf-8")
    yield
    path.write_text(before, "utf-8")


def _other_risk(text: str) -> str:
    cases = json.loads(text)
    cases[1]["risks"][7] += 2e-9
    return json.dumps(cases)


def _other_catalogue(text: str) -> str:
    return json.dumps(json.loads(text) | {"catalogue_hash": "0" * 64})


BROKEN: dict[str, tuple[str, Callable[[str], str | None], str]] = {
    "a file is missing": ("trees.txt", lambda _: None, "trees.txt is missing"),
    "garbage": ("scorer.json", lambda text: text[: len(text) // 2], "it can't be read"),
    "another catalogue": ("scorer.json", _other_catalogue, "another feature catalogue"),
    "golden cases differ": ("golden.json", _other_risk, "golden case 2 differs by 2e-09"),
    "no golden cases": ("golden.json", lambda _: None, "golden.json is missing"),
    "another signature": ("../../MLmodel", lambda text: text.replace("escalation_30", "x"), "signature"),
}


def test_swaps_and_roll_backs_lose_no_request_and_mix_no_versions(
    store: Store, models_registry: Registry
) -> None:
    first, second, third, fourth = models_registry.uris
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    server = start(store.url, port, os.environ | {"ANLAN_MODEL_POLL": "0.1", "ANLAN_STORE": store.url})
    header, numbers, done = key_of(store, "dispatch"), counting(), threading.Event()
    answers: list[httpx.Response] = []

    def send() -> None:
        with httpx.Client(base_url=base, headers=header, timeout=60) as client:
            while not done.is_set():
                body = case(f"s{next(numbers)}", "邻居扬言要打人，双方都动了手")
                answers.append(client.post("/v1/cases", json=body))

    def ready() -> dict[str, object]:
        told = httpx.get(f"{base}/readyz", timeout=60)
        assert told.status_code == 200
        return dict(told.json())

    def some_more() -> None:
        reached = len(answers) + 12
        wait_for("answers", lambda: len(answers) >= reached)

    senders = [threading.Thread(target=send) for _ in range(4)]
    try:
        for sender in senders:
            sender.start()
        some_more()
        for uri in (second, third, first, second):
            registry.name(uri)
            wait_for(f"{uri} is in use", lambda uri=uri: ready()["model"] == uri)
            some_more()
        with altered(models_registry.scorer_folder(fourth) / "golden.json", _other_risk):
            registry.name(fourth)
            wait_for("the broken one is refused", lambda: "was refused" in str(ready()["trouble"]))
            some_more()
            assert ready()["model"] == second
        registry.name(first)
        settled = {"ready": True, "model": first, "store": "ok", "trouble": None}
        wait_for("back at the first", lambda: ready() == settled)
        some_more()
    finally:
        done.set()
        for sender in senders:
            sender.join()
        server.terminate()
        server.wait()
    assert {answer.status_code for answer in answers} == {201}
    told = [answer.json() for answer in answers]
    assert {answer["model_version"] for answer in told} == {first, second, third}

    @cache
    def load(version: str) -> Scorer:
        return registry.load(version, threads=1)[0]

    policies = {load(uri).policy.version for uri in (first, second, third)}
    assert len(policies) == 3
    with store.snapshot() as conn:
        for answer in told:
            again = replay(conn, answer["assessment_id"], load)
            assert again.numbers == [] and not again.altered
            assert answer["policy_version"] == load(answer["model_version"]).policy.version


def test_a_broken_champion_is_refused_once_and_said(
    store: Store, models_registry: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    first, *_, fourth = models_registry.uris
    folder = models_registry.scorer_folder(fourth)
    with TestClient(create_app(Settings(store=store.url, model_poll=0.05))) as client:
        client.headers.update(key_of(store, "dispatch"))

        def metric(name: str) -> float:
            lines = client.get("/metrics").text.splitlines()
            return float(next(line.rsplit(" ", 1)[1] for line in lines if line.startswith(f"{name} ")))

        for place, (file, change, reason) in enumerate(BROKEN.values(), start=1):
            with altered(folder / file, change):
                registry.name(fourth)
                wait_for(
                    reason, lambda reason=reason: reason in (client.get("/readyz").json()["trouble"] or "")
                )
                told = client.get("/readyz")
                assert told.status_code == 200 and told.json()["model"] == first
                answer = client.post("/v1/cases", json=case(f"b{place}"))
                assert answer.status_code == 201 and answer.json()["model_version"] == first
                assert metric("anlan_model_refused_total") == place and metric("anlan_model_behind") == 1
                registry.name(first)
                wait_for("all is well", lambda: client.get("/readyz").json()["trouble"] is None)
        registry.name(fourth)  # mended, and named anew
        wait_for("the mended one is in use", lambda: client.get("/readyz").json()["model"] == fourth)
        assert metric("anlan_model_behind") == 0
    refusals = [line for line in "".join(capfd.readouterr()).splitlines() if '"model_refused"' in line]
    assert len(refusals) == len(BROKEN)


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_wrong_is_named_without_a_path(models_registry: Registry, kind: str) -> None:
    file, change, reason = BROKEN[kind]
    uri = models_registry.uris[3]
    with (
        altered(models_registry.scorer_folder(uri) / file, change),
        pytest.raises(BrokenModelError, match=reason) as refused,
    ):
        take_up(registry.find(uri))
    assert "/tmp" not in str(refused.value)
    assert take_up(registry.find(uri)).policy.version


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), MemoryError()])
def test_a_machine_without_room_refuses_no_model_for_good(
    models_registry: Registry, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def no_room(_: Path) -> Scorer:
        raise error

    with monkeypatch.context() as planted:
        planted.setattr(Scorer, "load", no_room)
        with pytest.raises(type(error)):
            take_up(registry.find(models_registry.uris[3]))
    assert take_up(registry.find(models_registry.uris[3])).policy.version


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_model_that_can_not_be_fetched_is_asked_for_again(store: Store, models_registry: Registry) -> None:
    first, second, *_ = models_registry.uris
    kept = models_registry.scorer_folder(second).parents[1]
    away = kept.with_name("away")
    with TestClient(create_app(Settings(store=store.url, model_poll=0.05))) as client:
        kept.rename(away)
        try:
            registry.name(second)
            trouble = wait_for("trouble", lambda: client.get("/readyz").json()["trouble"])
            assert second in trouble and client.get("/readyz").json()["model"] == first
        finally:
            away.rename(kept)
        wait_for("the second is in use", lambda: client.get("/readyz").json()["model"] == second)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_service_without_mlflow_takes_cases_and_finds_the_model_later(
    store: Store, models_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    with TestClient(create_app(Settings(store=store.url, model_poll=0.1))) as client:
        client.headers.update(key_of(store, "dispatch"))
        told = client.get("/readyz")
        assert told.status_code == 503 and "registry doesn't answer" in told.json()["model"]
        answer = client.post("/v1/cases", json=case("w", "家长扬言跳楼"))
        assert answer.status_code == 201 and answer.json()["degraded"] and answer.json()["colour"] == "red"
        server = subprocess.Popen(
            [
                Path(sys.executable).with_name("mlflow"), "server", "--backend-store-uri",
                models_registry.tracking, "--port", str(port), "--workers", "1",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for("ready", lambda: client.get("/readyz").status_code == 200)
        finally:
            server.terminate()
            server.wait()
        gone = wait_for("the registry is gone again", lambda: client.get("/readyz").json()["trouble"])
        assert "registry doesn't answer" in gone
        later = client.post("/v1/cases", json=case("w2"))
        assert later.status_code == 201 and not later.json()["degraded"]
        assert later.json()["model_version"] == models_registry.uris[0]


def test_golden_cases_hold_a_model_to_what_it_said(models_registry: Registry, tmp_path: Path) -> None:
    scorer, _ = registry.load(models_registry.uris[0], threads=1)
    write(scorer, tmp_path)
    check(scorer, tmp_path)
    moved = replace(scorer, calibration=replace(scorer.calibration, shift=scorer.calibration.shift + 1e-6))
    with pytest.raises(GoldenCasesDifferError, match="golden case 1"):
        check(moved, tmp_path)
