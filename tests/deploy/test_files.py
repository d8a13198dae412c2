"""What stands in deploy/ is what its readers, systemd and Compose, take it for, and agrees with the program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.settings import Settings
from serving.summary import variable

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
HERE = Path(sys.executable).parent
UNITS = sorted(path.name for path in DEPLOY.glob("anlan*.*") if path.suffix in (".service", ".timer"))

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here (Debian's package systemd)"
)


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units with the program where it is here."""
    made = []
    for name in UNITS:
        text = (DEPLOY / name).read_text("utf-8").replace("/opt/anlan/bin/anlan", str(HERE / "anlan"))
        made.append(tmp_path / name)
        made[-1].write_text(text, "utf-8")
    return made


def analyze(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, words)], capture_output=True, text=True, check=False,
        env=os.environ | {"SYSTEMD_LOG_COLOR": "0"},
    )  # fmt: skip


@needs_systemd
def test_systemd_takes_the_units(units: list[Path]) -> None:
    assert len(units) == 5
    done = analyze("verify", "--man=no", *units)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_systemd_would_tell_of_a_unit_that_is_wrong(units: list[Path]) -> None:
    service = next(path for path in units if path.name == "anlan.service")
    service.write_text(service.read_text().replace("ProtectHome=yes", "ProtectHom=yes"))
    assert "ProtectHom" in analyze("verify", "--man=no", service).stderr


@needs_systemd
def test_the_units_leave_little_open(units: list[Path]) -> None:
    for path in units:
        if path.suffix == ".service":
            done = analyze("security", "--offline=yes", "--no-pager", "--threshold=25", path)
            assert done.returncode == 0, done.stdout[-300:]


def test_the_service_is_given_the_time_that_it_may_take_to_stop() -> None:
    text = (DEPLOY / "anlan.service").read_text()
    waits = int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[1])  # type: ignore[index]
    assert waits > 2 * Settings.model_fields["stop_seconds"].default + 10
    assert compose()["services"]["anlan"]["stop_grace_period"] == f"{waits}s"


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def check_compose(path: Path) -> int:
    return subprocess.run(
        [HERE / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path],
        capture_output=True, check=False,
    ).returncode  # fmt: skip


def test_compose_takes_the_file_and_would_not_take_a_wrong_one(tmp_path: Path) -> None:
    assert check_compose(DEPLOY / "compose.yaml") == 0
    wrong = compose()
    wrong["services"]["anlan"]["port"] = wrong["services"]["anlan"].pop("ports")
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(wrong))
    assert check_compose(tmp_path / "compose.yaml") == 1


def test_compose_names_what_is_there() -> None:
    told = compose()
    services = told["services"]
    assert set(services) == {"anlan", "postgres", "mlflow"}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in told["volumes"]
        for config in service.get("configs", ()):
            assert config["source"] in told["configs"]
    known = {variable(name) for name in Settings.model_fields} | {"ANLAN_SECRET", "MLFLOW_TRACKING_URI"}
    assert set(services["anlan"]["environment"]) <= known


def test_the_image_holds_what_the_program_is_made_of() -> None:
    image = (DEPLOY / "Dockerfile").read_text()
    copied = {
        word for line in re.findall(r"^COPY (?!--)(.+) \S+$", image, re.MULTILINE) for word in line.split()
    }
    packages = re.search(r"^packages = (\[.*\])$", (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert packages is not None
    assert copied == set(yaml.safe_load(packages[1])) | {"pyproject.toml", "README.md", "requirements.lock"}
    let_in = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().split() if line.startswith("!")}
    assert let_in == copied


def test_ports_and_workers_agree_everywhere() -> None:
    unit = (DEPLOY / "anlan.service").read_text()
    image = (DEPLOY / "Dockerfile").read_text()
    nginx = (DEPLOY / "nginx.conf").read_text()
    first, workers = map(int, re.search(r"--port (\d+) --workers (\d+)", unit).groups())  # type: ignore[union-attr]
    ports = [first + place for place in range(workers)]
    assert [int(port) for port in re.findall(r"server 127\.0\.0\.1:(\d+)", nginx)] == ports
    asked = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    assert asked[0]["static_configs"][0]["targets"] == [f"127.0.0.1:{port}" for port in ports]
    assert re.findall(r"EXPOSE ([\d ]+)", image) == [" ".join(map(str, ports))]
    assert f'"--port", "{first}", "--workers", "{workers}"' in image
    assert compose()["services"]["anlan"]["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]
