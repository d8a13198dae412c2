"""Pictures of the pages for docs/pictures: `python -m bench.pictures --store demo/anlan-DATE.db`.

Works on a copy of a demo district's store: scores what is open, decides on some cases, issues slips, and
takes each page at the width of a desk and of a phone. Needs Debian's chromium and fonts-noto-cjk.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench.ports import free_port

ANLAN = Path(sys.executable).with_name("anlan")
OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDTHS = {"desk": (1280, 860), "phone": (360, 740)}
WAIT = 600.0  # seconds for the open cases to be scored
REDS, CALMER = 5, 6


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="SQLite file of `make demo`; it is copied")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "store.db"
        with sqlite3.connect(options.store) as there, sqlite3.connect(copy) as here:
            there.backup(here)
        # The folder of the demo holds its secret and its models.
        with service(options.store.resolve().parent, copy) as (base, key):
            scene = act(base, key, copy)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium",
                    args=["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking",
                          "--disable-component-update", "--disable-sync", "--no-first-run"],
                )  # fmt: skip
                for width, size in WIDTHS.items():
                    take(browser, base, scene, options.out, width, size)
                browser.close()


@contextmanager
def service(folder: Path, store: Path) -> Iterator[tuple[str, Any]]:
    """The service on a store, with its open cases scored; its address, and what makes keys."""
    environment = {**os.environ, "ANLAN_STORE": f"sqlite:///{store}", "ANLAN_LOG_LEVEL": "WARNING"}

    def key(*words: str) -> str:
        told = subprocess.run(
            [ANLAN, "key", "create", *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.split()[-1]

    port = free_port()
    base = f"http://127.0.0.1:{port}"
    subprocess.run([ANLAN, "watch", "--no-track"], cwd=folder, env=environment, check=True)
    server = subprocess.Popen(
        [ANLAN, "serve", "--port", str(port), "--queue-open"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + WAIT
        while not scored(base):
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit("the service did not score the open cases")
            time.sleep(1)
        yield base, key
    finally:
        server.terminate()
        server.wait(30)


def scored(base: str) -> bool:
    """Whether the service is there with a model and nothing waits to be scored."""
    try:
        ready = httpx.get(f"{base}/readyz", timeout=5).status_code == 200
        told = httpx.get(f"{base}/metrics", timeout=5).text
    except httpx.TransportError:
        return False
    return ready and "anlan_unscored_cases 0.0" in told and "anlan_assessments_total{" in told


def act(base: str, key: Any, store: Path) -> dict[str, Any]:
    """Decide on some cases, issue slips, give a visit to a colleague, so that there is something to see."""
    centre, other = key("--scope", "centre"), key("--scope", "centre")
    with httpx.Client(base_url=f"{base}/v1", timeout=60, headers=_bearer(centre)) as http:
        queue = http.get("/queue", params={"limit": 100}).json()["cases"]
        told = [case for case in queue if case["colour"] != "none"]
        shown = max(told, key=lambda case: _much(http, case["dispute_id"]))  # which opens each
        others = [case for case in told if case is not shown]
        for place, case in enumerate([*others[:REDS], *others[-CALMER:]]):
            path = f"/cases/{case['dispute_id']}"
            body = {"assessment_id": case["assessment_id"], "colour": case["colour"]}
            if place == 0:
                body |= {"colour": "blue", "reason": "已当面核实，系一时气话，双方已分开"}
            elif place == REDS:
                body |= {"colour": "red", "reason": "网格员反映近日又有争执，一方扬言报复"}
            http.put(f"{path}/decision", json=body).raise_for_status()
            if place in (1, 2, 3):
                _slip(http, path, base, other, steps=place)
        path = f"/cases/{shown['dispute_id']}"
        body = {"assessment_id": shown["assessment_id"], "colour": shown["colour"]}
        http.get(path)
        http.put(f"{path}/decision", json=body).raise_for_status()
        slip = _slip(http, path, base, other, steps=2) if shown["colour"] in ("red", "yellow") else None
        entry = _contested(http, base, other)
        harmed = _harm(http, others[-1]["dispute_id"])
        _late(http)
        visits = http.get("/visits").json()["visits"]
        worker = Counter(row["worker_id"] for row in visits).most_common(1)[0][0]
        community, colleagues = _team(store, worker)
        given = next(row for row in visits if row["worker_id"] in colleagues and row["colour"] != "none")
        move = {"worker_id": given["worker_id"], "to_worker_id": worker, "people": [given["person_id"]]}
        http.post("/visits:move", json=move | {"reason": "上午去区里开会"}).raise_for_status()
    walks = key("--scope", "worker", "--worker", worker)
    places = {"case": shown["dispute_id"], "slip": slip, "entry": entry, "harmed": harmed}
    places["rounds"] = f"community:{community}"
    return {"centre": other, "worker": walks, **places}


def _much(http: httpx.Client, dispute_id: str) -> int:
    """How much there is to see of a case."""
    case, history = (http.get(f"/cases/{dispute_id}{more}").json() for more in ("", "/history"))
    spans = sum(reason["start"] is not None for reason in case["assessment"]["reasons"])
    suggested, same = bool(case["assessment"]["suggested"]), bool(case["duplicates"])
    return 4 * min(spans, 4) + 4 * suggested + 4 * same + min(len(history["course"]), 10)


def _slip(http: httpx.Client, path: str, base: str, key: str, steps: int) -> str:
    asked = {"unit": "和光社区调委会", "note": "两日内上门，分别谈话，稳住情绪"}
    slip = http.post(f"{path}/slips", json=asked).json()["slip_id"]
    said = [("acknowledged", None), ("handled", "已上门，双方同意先分开居住"), ("reviewed", "电话回访属实")]
    for state, note in said[:steps]:
        body = {"state": state} | ({} if note is None else {"note": note})
        url = f"{base}/v1/slips/{slip}/steps"
        httpx.post(url, json=body, headers=_bearer(key), timeout=60).raise_for_status()
    return str(slip)


def _contested(http: httpx.Client, base: str, key: str) -> str:
    """An entry of somebody who objects to it, of those who are proposed."""
    one = http.get("/registry:proposed").json()["proposed"][0]
    entry = {name: one[name] for name in ("dispute_id", "person_id", "category")}
    entry |= {"entry_id": "r-picture", "entered_at": one["since"]}
    entry |= {"reason": "调解虽成，积怨未消", "guardian_informed": one["guardian_needed"]}
    http.post("/registry", json=entry).raise_for_status()
    said = {"said": "双方已经和好，不应再列入"}
    url = f"{base}/v1/registry/r-picture/objections"
    httpx.post(url, json=said, headers=_bearer(key), timeout=60).raise_for_status()
    return "r-picture"


def _harm(http: httpx.Client, dispute_id: str) -> str:
    """A harm of a case, something that was learned after it, and what was found."""
    now = datetime.now(UTC)
    harm = {"outcome_id": f"{dispute_id}-h", "at": now.isoformat(), "kind": "violence", "severity": 3}
    path = f"/cases/{dispute_id}"
    http.post(f"{path}/outcomes", json={"outcomes": [harm]}).raise_for_status()
    call = {
        "event_id": f"{dispute_id}-late",
        "at": (now - timedelta(hours=9)).isoformat(),
        "kind": "police_call",
        "source": "police_110",
        "text": "报警人称对方持刀堵门，民警到场劝离。",
    }
    http.post(f"{path}/events", json={"events": [call]}).raise_for_status()
    found = {"cues": ["weapon"], "doors": ["police_110"], "cause": "出警情况次日才转入，其间无人上门",
             "todo": "派出所当日推送警情，社区半小时内联系；本月底前完成"}  # fmt: skip
    http.post(f"{path}/review", json=found).raise_for_status()
    return dispute_id


def _team(store: Path, worker: str) -> tuple[str, set[str]]:
    """The community of a worker, and who else walks there."""
    query = """SELECT g.community_id, w.worker_id FROM known_workers AS w
               JOIN known_grids AS g ON g.grid_id = w.grid_id"""
    with sqlite3.connect(store) as conn:
        staff = conn.execute(query).fetchall()
    community = next(place for place, name in staff if name == worker)
    return community, {name for place, name in staff if place == community and name != worker}


def _late(http: httpx.Client) -> None:
    """Cases that nobody responded to in time, and until a step of each has been sent."""
    grid = http.get("/queue", params={"limit": 1}).json()["cases"][0]["grid_id"]
    for number, minutes in enumerate((32, 48, 62, 95)):
        came = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
        dispute = {
            "dispute_id": f"d-late-{number}",
            "opened_at": came,
            "recorded_at": came,
            "source": "walk_in",
            "kind": "neighbour",
            "grid_id": grid,
            "text": "楼上漏水多次，上门被骂，要求尽快处理。",
        }
        http.post("/cases", json={"dispute": dispute, "persons": [], "parties": []}).raise_for_status()
    while not any(one["dispute_id"] == "d-late-3" for one in http.get("/urgings").json()["urgings"]):
        time.sleep(1)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def take(
    browser: Browser, base: str, scene: dict[str, Any], out: Path, width: str, size: tuple[int, int]
) -> None:
    """Every page at one width."""
    for key, pages in (
        ("centre", {"queue": "/queue", "case": f"/cases/{scene['case']}", "slips": "/slips",
                    "slip": f"/slips/{scene['slip']}", "practice": "/practice", "urgings": "/urgings",
                    "review": f"/cases/{scene['harmed']}/review", "reviews": "/reviews",
                    "report": "/reports?period=month", "registry": "/registry",
                    "entry": f"/registry/entries/{scene['entry']}", "proposed": "/registry/proposed",
                    "rounds": f"/rounds?area={scene['rounds']}", "map": "/map", "watch": "/watch"}),
        ("worker", {"visits": "/visits"}),
    ):  # fmt: skip
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        page = context.new_page()
        page.goto(f"{base}/login")
        if key == "centre":
            shot(page, out / f"login-{width}.png", whole=False)
        page.get_by_label("密钥").fill(scene[key])
        page.get_by_role("button", name="登录").click()
        page.get_by_role("button", name="退出").wait_for()
        for name, path in pages.items():
            page.goto(base + path)
            shot(
                page, out / f"{name}-{width}.png", whole=name in ("case", "slip", "entry", "review", "report")
            )
        if key == "centre":
            _progress(page, base, scene["case"], out, width)
        context.close()


def _progress(page: Page, base: str, case: str, out: Path, width: str) -> None:
    """The centre gives a token, and whoever reported looks."""
    page.goto(f"{base}/cases/{case}/progress")
    page.get_by_role("button", name="发一个查询码").click()
    token = page.locator(".token").inner_text()
    shot(page, out / f"token-{width}.png", whole=False)
    page.goto(f"{base}/progress/{token}")
    shot(page, out / f"progress-{width}.png", whole=True)


def shot(page: Page, path: Path, *, whole: bool) -> None:
    """One picture, of the whole page or of what is seen first."""
    page.wait_for_load_state("networkidle")
    if page.locator("#map").count():
        page.locator("#map[data-ready=yes]").wait_for()
    page.wait_for_timeout(300)  # ECharts draws in the next frame
    if whole and page.evaluate("document.documentElement.scrollHeight") > 4 * page.evaluate("innerHeight"):
        whole = False
    page.screenshot(path=path, full_page=whole)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
