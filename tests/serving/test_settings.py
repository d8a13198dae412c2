"""What the service says of its settings: all of them, by name, and no secret; what is wrong with one, by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from docket.faults import BadInput
from pipelines.cli import run
from serving.commands import settings_command
from serving.settings import Settings
from serving.summary import masked, summary, variable

PLANTED = {
    "ANLAN_STORE": "postgresql://clerk:pl%40nted-1/x@db.example/anlan?sslpassword=planted-2&host=db2",
    "ANLAN_JWKS_URL": "https://planted-3:planted-4@login.example/keys?access_token=planted-5",
    "ANLAN_JWT_ISSUER": "https://login.example",
    "ANLAN_JWT_AUDIENCE": "anlan",
    "MLFLOW_TRACKING_URI": "https://tracker:pl@nted-6@mlflow.example",
    "ANLAN_SECRET": "cGxhbnRlZC03LCBhbmQgbW9yZSBieXRlcyB0byBmaWxs",
}
SECRET = ("nted-1", "planted-2", "planted-4", "planted-5", "nted-6", "cGxhbnRlZC03")


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("planted")
def test_the_summary_has_every_setting_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_RATE", "7")
    monkeypatch.setenv("ANLAN_RAET", "8")
    app = typer.Typer()
    app.command()(settings_command)
    done = CliRunner().invoke(app)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    assert {variable(name) for name in Settings.model_fields} | {"ANLAN_SECRET"} <= told.keys()
    assert all(told[variable(name)]["is"] for name in Settings.model_fields)
    assert [one for one in SECRET if one in done.output] == []
    assert told["ANLAN_STORE"]["value"] == "postgresql://clerk:***@db.example/anlan?sslpassword=***&host=db2"
    assert told["ANLAN_RATE"] == {"value": 7.0, "set": True, "is": told["ANLAN_RATE"]["is"]}
    assert told["ANLAN_BURST"]["value"] == 1_000 and not told["ANLAN_BURST"]["set"]
    assert told["ANLAN_SECRET"]["value"] == "***" and "ANLAN_RAET" in told["unknown"]


@pytest.mark.usefixtures("planted")
def test_the_service_logs_its_settings_when_it_starts() -> None:
    # The store can't be reached: the line comes before it is tried.
    done = subprocess.run(
        [Path(sys.executable).with_name("anlan"), "serve", "--store",
         "postgresql://clerk:pl%40nted-1@127.0.0.1:1/anlan"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and [one for one in SECRET if one in done.stdout + done.stderr] == []
    line = json.loads(done.stdout.splitlines()[0])
    assert line["event"] == "settings" and line["ANLAN_STORE"] == "postgresql://clerk:***@127.0.0.1:1/anlan"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ANLAN_RATE", "-5", "ANLAN_RATE: Input should be greater than 0"),
        ("ANLAN_JWKS_URL", "planted", "ANLAN_JWKS_URL: Input should be a valid URL, relative URL without a base"),
        ("ANLAN_JWKS_URL", "https://a:planted@b", "ANLAN_JWKS_URL goes with ANLAN_JWT_ISSUER and ANLAN_JWT_AUDIENCE"),
        ("ANLAN_WEBHOOK_NETWORKS", "planted", "ANLAN_WEBHOOK_NETWORKS: JSON was expected"),
        ("ANLAN_LOG_LEVEL", "planted", "ANLAN_LOG_LEVEL: Input should be 'DEBUG', 'INFO'"),
    ],
)  # fmt: skip
def test_a_setting_at_fault_is_named_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as told:
        Settings.read()
    assert expected in str(told.value) and "planted" not in str(told.value)


def test_a_command_that_reads_settings_quotes_none_at_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANLAN_OIDC_ISSUER", "http://idp.example")
    monkeypatch.setenv("ANLAN_OIDC_CLIENT_ID", "anlan")
    monkeypatch.setenv("ANLAN_OIDC_CLIENT_SECRET", "planted")
    assert run(["webhook", "add", "https://example.org/hook", "--events", "colour"]) == 2
    said = capsys.readouterr()
    assert "ANLAN_OIDC_ISSUER" in said.err and "planted" not in said.out + said.err


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("sqlite:///var/anlan.db", "sqlite:///var/anlan.db"),
        ("models:/anlan@champion", "models:/anlan@champion"),
        ("postgresql://u@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p@h:5432/d?connect_timeout=3", "postgresql://u:***@h:5432/d?connect_timeout=3"),
        ("https://h/p?a=1&API_KEY=x&b=2#c", "https://h/p?a=1&API_KEY=***&b=2#c"),
    ],
)
def test_passwords_in_urls_are_masked_and_the_rest_is_shown(given: str, shown: str) -> None:
    assert masked(given) == shown


def test_what_is_in_the_summary_by_default_is_shown_as_it_is() -> None:
    assert summary(Settings(store="sqlite:///x.db"))["ANLAN_STORE"]["value"] == "sqlite:///x.db"
