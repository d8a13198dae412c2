"""A visit list never tells of a person what the other side reported, with the model that `anlan train` makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from small_district import case, fill, key_of
from working_folder import Trained

from docket.store import Store
from serving.app import create_app
from serving.settings import Settings

SECRETS = (
    "报警",
    "重复报告",
    "报告",
    "违约",
    "违反",
    "次走访",
    "家庭暴力",
    "家暴",
    "伤害",
    "被申请",
    "110",
    "殴打",
    "菜刀",
    "申请人此前",
)


@pytest.fixture
def store(sqlite_url: str, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "records"
    folder.mkdir()
    opened = fill(sqlite_url, folder)
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained.environment["MLFLOW_TRACKING_URI"])
    with TestClient(create_app(Settings(store=store.url))) as made:
        made.headers.update(key_of(store, "centre"))
        yield made


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def violent(name: str, applicant: str, respondent: str, hours: float) -> dict[str, Any]:
    """A case of one against the other; she lives in g1, he in g2, so that different workers visit them."""
    grids = {"she": "g1", "he": "g2", "mother": "g1"}
    return case(name, "对方多次殴打我，手持菜刀威胁。", grids[applicant], kind="domestic_violence", source="police_110",
                opened_at=ago(hours), recorded_at=ago(hours)) | {
        "persons": [{"person_id": p, "birth_year": 1980, "sex": "unknown", "grid_id": grids[p]} for p in (applicant, respondent)],
        "parties": [
            {"person_id": applicant, "role": "applicant", "relation": "spouse"},
            {"person_id": respondent, "role": "respondent", "relation": "spouse"},
        ],
    }  # fmt: skip


def trouble(client: TestClient, name: str) -> None:
    kinds = (
        "police_call",
        "repeat_report",
        "mediation_session",
        "agreement",
        "agreement_breached",
        "police_call",
    )
    events = [
        {"event_id": f"{name}-{number}", "at": ago(40 - number), "kind": kind, "text": "对方又来殴打我"}
        for number, kind in enumerate(kinds)
    ]
    visits = [
        {
            "visit_id": f"{name}-v",
            "person_id": "she",
            "worker_id": "w1",
            "at": ago(3),
            "contact": True,
            "finding": "worse",
        }
    ]
    answer = client.post(f"/v1/cases/{name}/events", json={"events": events, "visits": visits})
    assert answer.status_code == 201, answer.text


def reasons(client: TestClient) -> dict[str, str]:
    visits = client.get("/v1/visits").json()["visits"]
    return {visit["person_id"]: visit["reasons"] for visit in visits}


def test_her_reports_are_told_to_her_visitor_and_not_to_his(client: TestClient) -> None:
    for name, hours in (("old", 24 * 60), ("new", 48)):
        assert client.post("/v1/cases", json=violent(name, "she", "he", hours)).status_code == 201
    trouble(client, "new")
    told = reasons(client)
    assert "本人反映" in told["she"] and any(word in told["she"] for word in ("报警", "违反", "报告")), told
    assert not [word for word in SECRETS if word in told["he"]], told


def test_two_reports_against_each_other_that_were_merged_stay_apart(client: TestClient) -> None:
    assert client.post("/v1/cases", json=violent("hers", "she", "he", 50)).status_code == 201
    assert client.post("/v1/cases", json=violent("his", "he", "she", 49)).status_code == 201
    trouble(client, "hers")
    assert client.post("/v1/cases/his/merge", json={"into": "hers", "reason": "互报"}).status_code == 200
    told = reasons(client)
    for person in ("she", "he"):  # each is both now: neither's visitor knows whose words are whose
        assert not [word for word in SECRETS if word in told[person]], (person, told)


def test_who_became_an_applicant_by_merging_is_not_told_the_others_words(client: TestClient) -> None:
    assert client.post("/v1/cases", json=violent("hers", "she", "he", 50)).status_code == 201
    assert client.post("/v1/cases", json=violent("theirs", "mother", "he", 49)).status_code == 201
    assert (
        client.post("/v1/cases/theirs/merge", json={"into": "hers", "reason": "同一件事"}).status_code == 200
    )
    told = reasons(client)
    assert "本人反映" in told["she"]
    assert "本人反映" not in told["mother"] and not [word for word in SECRETS if word in told["mother"]], told
