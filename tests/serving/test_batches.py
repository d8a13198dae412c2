"""Cases that come together are answered as they would be one by one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
import structlog
from fastapi.testclient import TestClient
from model_versions import Registry
from served import wait_for
from small_district import case, fill, key_of

from docket.store import Store
from docket.times import now_micros
from features.online.case import OneCase as Reading
from features.online.facts import CaseFacts
from models.explaining import OneCase
from models.scorer import Scorer
from serving.app import create_app
from serving.cases import intakes
from serving.settings import Settings

TEXTS = (
    "邻居楼上漏水，协商未果。",
    "男方多次殴打，扬言要同归于尽，已报警。",
    "欠货款两年未付，希望尽快解决",
    "邻居扬言要打人，双方都动了手，没有报警",
    "家长扬言跳楼",
    "拖欠工资三个月，已多次讨要",
)


def told() -> list[dict[str, Any]]:
    """Six cases about two people, each recorded a minute after the other."""
    began = datetime.now(UTC) - timedelta(hours=1)
    cases = [case(f"t{number}", text) for number, text in enumerate(TEXTS)]
    for number, one in enumerate(cases):
        one["dispute"]["recorded_at"] = (began + timedelta(minutes=number)).isoformat()
        one["persons"] = [person | {"person_id": f"p{number % 2}"} for person in one["persons"]]
        one["parties"] = [party | {"person_id": f"p{number % 2}"} for party in one["parties"]]
    return cases


@contextmanager
def served(store: Store) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(store=store.url))) as client:
        client.headers.update(key_of(store, "dispatch"))
        yield client


def together(client: TestClient, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = client.post("/v1/cases:batch", json={"cases": cases})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_together_they_are_answered_as_one_by_one(
    store: Store, models_registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = fill(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other")
    cases = told()
    with served(other) as client:
        alone = [client.post("/v1/cases", json=one).json() for one in cases]
    with served(store) as client:
        answered = [result["assessment"] for result in together(client, cases)]
    assert all(answer["risks"] for answer in alone) and any(answer["duplicates"] for answer in alone)
    assert answered == alone  # every digit of it, and so the id that is made of it
    assert [kept(store, table) for table in KEPT] == [kept(other, table) for table in KEPT]
    other.close()


KEPT = {
    "assessments": "dispute_id, assessment_id, as_of, model_version, colour, answer, features",
    "case_board": "dispute_id, assessment_id, as_of, colour, decided, urgency, due_at, due_kind, closed",
    "urgings": "dispute_id, deadline, deadline_at, step, level, due_at, sent_at, ended_at",
    "intakes": "dispute_id, body_digest, assessment_id",
    "persons": "person_id, recorded_at, birth_year, sex, grid_id, row_digest",
    "parties": "dispute_id, person_id, role, relation, recorded_at, row_digest",
}


def kept(store: Store, table: str) -> list[tuple[Any, ...]]:
    """What a store holds of it but for when it was written, in an order of its own."""
    with store.snapshot() as conn:
        rows = conn.execute(sa.text(f"SELECT {KEPT[table]} FROM {table}")).all()
    return sorted((tuple(row) for row in rows), key=repr)


def test_each_finds_its_own_way(store: Store, models_registry: Registry) -> None:
    cases = told()
    with served(store) as client:
        first = client.post("/v1/cases", json=cases[0])
        changed = cases[0] | {"dispute": cases[0]["dispute"] | {"text": "另一件事"}}
        nowhere = case("x", grid="g-nowhere")
        results = together(
            client, [cases[0], cases[1], changed, nowhere, cases[2], cases[1], case("y", kind="x")]
        )
        assert [result["status"] for result in results] == [200, 201, 409, 422, 201, 200, 422]
        # the store itself refuses one of these: what it says of a person is older than what is known
        contrary = case("z", recorded_at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
        contrary["persons"] = [contrary["persons"][0] | {"person_id": "p0", "birth_year": 1950}]
        contrary["parties"] = [contrary["parties"][0] | {"person_id": "p0"}]
        beside = together(client, [cases[3], contrary, cases[4]])
        assert [result["status"] for result in beside] == [201, 409, 201]
        assert results[0]["assessment"] == first.json()
        assert results[5]["assessment"] == results[1]["assessment"]
        assert results[6]["problem"]["errors"][0]["field"] == "cases[6].dispute.kind"
        again = together(client, [cases[1], cases[2]])
        assert [result["status"] for result in again] == [200, 200]
        assert [one["assessment"] for one in again] == [results[1]["assessment"], results[4]["assessment"]]
    with store.snapshot() as conn:
        scored = conn.execute(sa.text("SELECT case_id FROM audit_log WHERE action = 'score'")).scalars().all()
        disputes = conn.execute(sa.text("SELECT dispute_id FROM disputes")).scalars().all()
        left = conn.execute(sa.text("SELECT count(*) FROM unscored")).scalar_one()
    stored = ["t0", "t1", "t2", "t3", "t4"]
    assert sorted(scored) == stored and sorted(disputes) == stored and left == 0


@pytest.mark.parametrize("what", ["read", "scored"])
def test_one_that_cannot_be_read_or_scored_holds_up_no_other(
    store: Store, models_registry: Registry, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    scored, read = Scorer.cases, Reading.facts_of

    def unscored(self: Scorer, frame: pd.DataFrame) -> list[OneCase]:
        if frame["text"].str.contains("同归于尽").any():
            raise ArithmeticError
        return scored(self, frame)

    def unread(self: Reading, conn: sa.Connection, as_of: dict[str, int]) -> dict[str, CaseFacts]:
        if "t1" in as_of:
            raise ArithmeticError
        return read(self, conn, as_of)

    if what == "scored":
        monkeypatch.setattr(Scorer, "cases", unscored)
    else:
        monkeypatch.setattr(Reading, "facts_of", unread)
    with served(store) as client:
        answers = [result["assessment"] for result in together(client, told())]
    assert [answer["degraded"] for answer in answers] == [False, True, False, False, False, False]
    assert answers[1]["colour"] == "yellow" and not answers[1]["risks"]


def test_what_cannot_be_kept_together_is_kept_alone(
    store: Store, models_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.cases import together as module

    def gone(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception())

    monkeypatch.setattr(module, "keep", gone)
    with served(store) as client:
        results = together(client, told())
    assert {result["status"] for result in results} == {201}
    with store.snapshot() as conn:
        kept = conn.execute(sa.text("SELECT dispute_id FROM assessments")).scalars().all()
    assert sorted(kept) == [f"t{number}" for number in range(len(TEXTS))]


def test_two_batches_of_the_same_cases_in_crossed_order_never_wait_for_each_other(
    client: TestClient, store: Store
) -> None:
    cases = told()
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def both_wait() -> bool:
        with store.snapshot() as conn:
            return bool(conn.execute(waiting).scalar_one() >= 2)

    with structlog.testing.capture_logs() as logged, ThreadPoolExecutor(2) as pool:
        with store.engine.connect() as holder:  # one of the cases is somebody else's for a moment
            intakes.add_intakes(holder, [intakes.Intake("t2", None, "")], now_micros())
            sent = [pool.submit(together, client, some) for some in (cases, cases[::-1])]
            if store.engine.dialect.name == "postgresql":  # SQLite lets one write at a time
                wait_for("both have begun", both_wait)
            holder.rollback()
        one, other = sent[0].result(), sent[1].result()[::-1]
    assert {result["status"] for result in (*one, *other)} <= {200, 201}
    assert all(result["assessment"]["degraded"] for result in one)  # without a model by the rules
    assert [result["assessment"] for result in one] == [result["assessment"] for result in other]
    assert not {"batch_failed", "case_of_batch_failed"} & {line["event"] for line in logged}
    with store.snapshot() as conn:
        for table in ("disputes", "intakes", "assessments"):
            names = conn.execute(sa.text(f"SELECT dispute_id FROM {table}")).scalars().all()
            assert sorted(names) == [f"t{number}" for number in range(len(TEXTS))]
