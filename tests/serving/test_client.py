"""The client against a real server: typed answers, another try where it is worth one, and the example."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from small_district import case, count, key_of

from bench.ports import free_port
from docket.store import Store
from serving.app import create_app
from serving.client import ApiError, Client
from serving.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "dispatch_system.py"


@contextmanager
def served(store: Store, port: int, **settings: Any) -> Iterator[str]:
    app = create_app(Settings(store=store.url, model="", **settings))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def bearer(store: Store, scope: str) -> str:
    return key_of(store, scope)["Authorization"].removeprefix("Bearer ")


def now(**ago: int) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def test_every_call_answers_in_its_shape(store: Store) -> None:
    with served(store, free_port()) as url, Client(url, bearer(store, "centre")) as client:
        first = client.send_case(case("a", "家长扬言跳楼"))
        assert first.colour == "red" and first.reasons[0].kind == "floor"
        event = {"event_id": "e1", "at": now(), "kind": "contacted"}
        assert client.report("a", {"events": [event]}).as_of > first.as_of
        visit = {
            "visit_id": "v1",
            "person_id": "p-a",
            "worker_id": "w1",
            "at": now(),
            "contact": True,
            "finding": "calm",
        }
        assert client.report_visits({"visits": [visit]}).cases == ["a"]
        changed = client.change("a", {"dispute": {"amount_cny": 100}})
        label = {"annotation_id": "n1", "cue": "weapon", "present": False}
        assert client.label("a", {"annotations": [label]}).annotations == ["n1"]
        decision = client.decide(
            "a", {"assessment_id": changed.assessment_id, "colour": "yellow", "reason": "已劝离"}
        )
        assert (decision.recommended, decision.colour, decision.state) == ("red", "yellow", "waiting")
        with Client(url, bearer(store, "centre")) as colleague:
            agreed = colleague.approve("a", {"assessment_id": changed.assessment_id, "approve": True})
        assert agreed.colour == "yellow" and agreed.by == decision.by != agreed.approved_by
        slip = client.issue_slip("a", {"unit": "东街派出所"})
        assert client.step_slip(slip.slip_id, {"state": "acknowledged"}).state == "acknowledged"
        assert client.taken_by("a", "东街派出所").unit == "东街派出所"
        (listed,) = client.cases(
            colour="yellow", area="street:s1", since=datetime.now(UTC) - timedelta(hours=1)
        )
        assert listed.decided and listed.unit is not None
        entry = {
            "entry_id": "r1",
            "person_id": "p-a",
            "dispute_id": "a",
            "category": "other",
            "entered_at": now(),
        }
        assert client.enter(entry).dispute_id == client.leave("r1", reason="已和解").dispute_id == "a"
        assert client.give_token("a", days=3).path.startswith("/progress/")
        harm = {"outcome_id": "o1", "at": now(), "kind": "self_harm", "severity": 1}
        client.report_outcomes("a", {"outcomes": [harm]})
        told = list(client.assessments("a"))
        assert told[0] == first and len(told) == 7
        assert client.case("a").dispute["amount_cny"] == 100
        assert client.visits().visits[0].person_id == "p-a"
        results = list(client.send_cases([case(f"n{number}") for number in range(3)] + [{"dispute": {}}]))
        assert [one.status for one in results] == [201, 201, 201, 422]
        assert client.withdraw("n0", "误报").reason == "误报"
        with pytest.raises(ApiError) as refused:
            client.send_case(case("b", kind="quarrel"))
        assert refused.value.status == 422 and refused.value.problem is not None
        assert refused.value.problem.errors is not None
        assert refused.value.problem.errors[0].field == "dispute.kind"


def test_a_request_whose_answer_was_lost_is_sent_again_and_taken_once(store: Store) -> None:
    lost: list[str] = []

    class Losing(httpx.HTTPTransport):
        """A real connection whose first two answers get lost on the way back."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            answer.read()
            if len(lost) < 2:
                lost.append(request.headers["idempotency-key"])
                raise httpx.ReadError("lost", request=request)
            return answer

    with (
        served(store, free_port()) as url,
        Client(url, bearer(store, "dispatch"), transport=Losing()) as client,
    ):
        assert client.send_case(case("a")).dispute_id == "a"
        assert len(lost) == 2 and len(set(lost)) == 1
        assert count(store, "disputes") == count(store, "assessments") == 1


def test_who_calls_too_often_waits_as_told(store: Store) -> None:
    with (
        served(store, free_port(), rate=2.0, burst=2) as url,
        Client(url, bearer(store, "dispatch")) as client,
    ):
        for number in range(5):
            client.send_case(case(f"c{number}"))
    assert count(store, "disputes") == 5


def test_a_service_that_is_away_for_a_while_is_waited_for(store: Store) -> None:
    port = free_port()
    with Client(f"http://127.0.0.1:{port}", bearer(store, "dispatch")) as client:
        with pytest.raises(httpx.ConnectError), Client(f"http://127.0.0.1:{port}", "x", attempts=1) as other:
            other.case("a")
        sent: list[str] = []
        sending = threading.Thread(target=lambda: sent.append(client.send_case(case("a")).dispute_id))
        sending.start()
        with served(store, port):
            sending.join(timeout=60)
        assert sent == ["a"]


def test_the_example_loses_nothing_though_it_and_the_service_are_killed(store: Store, tmp_path: Path) -> None:
    reports = tmp_path / "reports.jsonl"
    lines: list[dict[str, Any]] = [{"case": case(f"c{number}")} for number in range(40)]
    lines[7] = {"case": case("c7", "家长扬言跳楼")}
    lines.append(
        {"dispute_id": "c3", "happened": {"events": [{"event_id": "e1", "at": now(), "kind": "contacted"}]}}
    )
    lines.append({"case": case("bad", kind="quarrel")})
    reports.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    answered = reports.with_suffix(".answered")
    environment = os.environ | {"ANLAN_KEY": bearer(store, "dispatch"), "PYTHONPATH": str(EXAMPLE.parents[1])}

    def start(url: str) -> subprocess.Popen[str]:
        command = [sys.executable, EXAMPLE, reports, "--url", url, "--unit", "东街派出所"]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def noted() -> int:
        return len(answered.read_text(encoding="utf-8").splitlines()) if answered.exists() else 0

    port = free_port()
    with served(store, port) as url:
        first = start(url)
        while noted() < 5:
            assert first.poll() is None, first.communicate()
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        second = start(url)
        while noted() < 15:
            assert second.poll() is None, second.communicate()
            time.sleep(0.01)
    # the service is gone while the second one works, and comes back
    with served(store, port):
        out, err = second.communicate(timeout=120)
    assert second.returncode == 1 and "line 42" in err and "dispute.kind" in err
    assert [line.split("\t")[0] for line in out.splitlines()] == ["c7"] and "东街派出所" in out
    assert noted() == 42 and count(store, "disputes") == 40 and count(store, "events") == 1
