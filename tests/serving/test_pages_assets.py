"""The pages' own files: what was built is what is committed and served, from here alone."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving.pages import building
from serving.pages.files import FOLDER, url_of

ASSETS = Path(building.__file__).parent / "assets"


@pytest.mark.parametrize(
    ("folder", "files"), [(building.VENDOR, building.SERVED), (building.TOOLS, building.TESTED_WITH)]
)
def test_the_built_files_are_those_whose_digests_are_committed(folder: Path, files: dict[str, str]) -> None:
    said = [line.split("  ") for line in (folder / building.SUMS).read_text().splitlines()]
    there = {path.name for path in folder.iterdir()} - {building.SUMS}
    assert {name for _, name in said} == there == set(files)
    for digest, name in said:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, f"{name}: make assets"


def test_the_built_files_are_of_the_locked_versions() -> None:
    lock = json.loads((ASSETS / "package-lock.json").read_text())["packages"]
    wanted = json.loads((ASSETS / "package.json").read_text())
    for package, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert lock[f"node_modules/{package}"]["version"] == version
        assert lock[f"node_modules/{package}"]["integrity"].startswith("sha512-")
    programs = {"htmx.org": "htmx.js", "echarts": "echarts.js", "swagger-ui-dist": "swagger-ui.js",
                "maplibre-gl": "maplibre-gl.mjs"}  # fmt: skip
    for package, name in programs.items():
        assert wanted["dependencies"][package].encode() in (building.VENDOR / name).read_bytes()
    assert wanted["devDependencies"]["axe-core"].encode() in (building.TOOLS / "axe.js").read_bytes()


def test_a_file_is_kept_by_browsers_under_the_name_of_its_digest(client: TestClient) -> None:
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix not in (".css", ".js", ".mjs", ".svg"):
            continue
        url = url_of(path.relative_to(FOLDER).as_posix())
        assert hashlib.sha256(path.read_bytes()).hexdigest()[:16] in url
        answer = client.get(url)
        assert answer.status_code == 200 and answer.content == path.read_bytes()
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
        assert (
            gzip.compress(path.read_bytes(), mtime=0)
            != client.get(url, headers={"Accept-Encoding": "identity"}).content
        )
    for gone in ("anlan.0000000000000000.css", "anlan.css", "..%2Fanlan.css", "SHA256SUMS"):
        assert client.get(f"/assets/{gone}").status_code == 404


def test_no_file_of_ours_names_another_host() -> None:
    ours = [path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")]
    assert {path.suffix for path in ours} == {".css", ".js"}
    for path in ours:
        assert "//" not in path.read_text().replace("// ", ""), path.name
