"""Is a map of 3,000 grids smooth? `python -m bench.map --out bench/results/map.txt`.

A made-up district of 3,000 grids with a year of 60,000 disputes is loaded; Chromium (without a graphics
card, so slower than any desk) opens the page, moves the slider, drags the map and zooms, and says how long
each took and how many frames were drawn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pandas as pd
import uvicorn
from playwright.sync_api import Page, sync_playwright

from bench.machine import machine
from docket import keys
from docket.contract import CONTRACT
from docket.contract.enumerations import DISPUTE_KINDS
from docket.load import load_folder
from docket.store import Store, open_store
from docket.times import from_micros, now_micros
from serving.app import create_app
from serving.map.periods import finished
from serving.settings import Settings

GRIDS: Final = 3_000
DISPUTES: Final = 60_000
_FRAMES: Final = """() => {
  window.drawn = new Promise((done) => {
    const times = [];
    let last = performance.now();
    const end = last + 3000;
    const step = (now) => {
      times.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(step); else done(times);
    };
    requestAnimationFrame(step);
  });
}"""


def district(folder: Path, store: Store) -> None:
    """Load the made-up district."""
    rng = np.random.default_rng(1)
    number = np.arange(GRIDS)
    community, street = number // 12, number // 240
    centre = rng.normal(0, 0.08, (GRIDS // 240 + 1, 2))
    near = rng.normal(0, 0.02, (GRIDS // 12, 2))
    place = centre[street] + near[community] + rng.normal(0, 0.004, (GRIDS, 2))
    grids = pd.DataFrame(
        {
            "grid_id": [f"g{n:04}" for n in number],
            "grid_name": [f"第{n + 1}网格" for n in number],
            "community_id": [f"c{n:03}" for n in community],
            "community_name": [f"第{n + 1}社区" for n in community],
            "street_id": [f"s{n:02}" for n in street],
            "street_name": [f"第{n + 1}街道" for n in street],
            "lon": np.round(103.8 + place[:, 0], 6),
            "lat": np.round(36.0 + place[:, 1], 6),
            "population": rng.integers(300, 3_000, GRIDS),
        }
    )
    quarters = finished("quarter", now_micros(), 4)
    first, last = quarters[0].since, quarters[-1].until
    opened = np.sort(rng.integers(first, last, DISPUTES))
    times = [from_micros(int(at)).isoformat() for at in opened]
    disputes = pd.DataFrame(
        {
            "dispute_id": [f"d{n}" for n in range(DISPUTES)],
            "opened_at": times,
            "recorded_at": times,
            "source": "walk_in",
            "kind": rng.choice(DISPUTE_KINDS, DISPUTES),
            "grid_id": rng.choice(grids["grid_id"], DISPUTES, p=(w := rng.gamma(1.0, 1.0, GRIDS)) / w.sum()),
            "text": "协商未果。",
            "amount_cny": np.nan,
        }
    )
    workers = pd.DataFrame(
        {"worker_id": ["w"], "grid_id": ["g0000"], "role": ["grid_worker"], "daily_visits": [3]}
    )
    made = {"grids": grids, "disputes": disputes, "workers": workers}
    for table in CONTRACT:
        if table.name in ("annotations", "identities"):
            continue
        rows = made.get(table.name)
        if rows is None:
            rows = pd.DataFrame(columns=[column.name for column in table.columns if not column.nullable])
        rows.to_csv(folder / f"{table.name}.csv", index=False)
    load_folder(folder, store, ingested_at=now_micros())


@contextmanager
def listening(store: Store) -> Iterator[str]:
    """The service in a thread, without a model."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(Settings(store=store.url, model="")), port=0, log_config=None)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise SystemExit("the service did not start")
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


def measured(page: Page, base: str, key: str) -> list[str]:
    """What the browser takes for each thing that a person does."""
    page.goto(f"{base}/login")
    page.get_by_label("密钥").fill(key)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("button", name="退出").wait_for()
    lines = []
    for tried in ("first", "again"):
        begun = time.monotonic()
        page.goto(f"{base}/map?level=grid")
        page.locator("#map[data-painted]").wait_for(timeout=120_000)
        spent = (time.monotonic() - begun) * 1e3
        lines.append(f"{'page opened, ' + tried:<34} {spent:>8.0f} ms until the map is drawn")
    page.get_by_label("时间滑块").focus()
    slides = []
    for place in range(6):
        page.evaluate("delete document.getElementById('map').dataset.painted")
        begun = time.monotonic()
        page.keyboard.press("ArrowLeft" if place % 2 == 0 else "ArrowRight")
        page.locator("#map[data-painted]").wait_for(timeout=120_000)
        slides.append((time.monotonic() - begun) * 1e3)
    lines.append(f"{'slider moved, table and map drawn':<34} {median(slides):>8.0f} ms (of six, median)")
    page.locator("#map").scroll_into_view_if_needed()
    box: Any = page.locator("#map canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for name, act in (
        ("still", None),
        ("dragged", _drag),
        ("zoomed by the wheel", _zoom),
        ("pointed at", _point),
    ):
        page.evaluate(_FRAMES)
        if act is not None:
            act(page, middle)
        times = page.evaluate("window.drawn")
        lines.append(
            f"{name:<34} {1e3 * len(times) / sum(times):>8.1f} frames a second, the slowest of a hundred "
            f"{np.percentile(times, 99):.0f} ms"
        )
    return lines


def _drag(page: Page, middle: tuple[float, float]) -> None:
    page.mouse.move(*middle)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(middle[0] + 80 * np.sin(step / 8), middle[1] + 50 * np.cos(step / 8))
    page.mouse.up()


def _zoom(page: Page, middle: tuple[float, float]) -> None:
    page.mouse.move(*middle)
    for step in range(40):
        page.mouse.wheel(0, -60 if step < 20 else 60)


def _point(page: Page, middle: tuple[float, float]) -> None:
    for step in range(80):
        page.mouse.move(middle[0] + 120 * np.sin(step / 5), middle[1] + 80 * np.cos(step / 7))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(f"sqlite:///{folder / 'store.db'}")
        district(folder, store)
        with store.begin() as conn:
            key = keys.create(conn, scope="centre", now=now_micros())
        with listening(store) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--headless", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN")
            lines = measured(page, base, key)
            browser.close()
        store.close()
    title = f"{GRIDS:,} grids, {DISPUTES:,} disputes; Chromium drawing without a graphics card"
    load = f"{machine()}; load of the last minute {os.getloadavg()[0]:.1f}"
    text = "\n".join([title, load, "", *lines])
    sys.stdout.write(text + "\n")
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
