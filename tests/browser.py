"""A real browser on the pages, and what must hold of every page that it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
PHONE, DESK = (360, 740), (1280, 800)
AXE = Path(__file__).parent / "vendor" / "axe.js"
_RUN_AXE = """async () => {
  const done = await axe.run(document, {resultTypes: ['violations']});
  return done.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html).slice(0, 3)]);
}"""
_WIDE = """() => {
  const most = document.documentElement.clientWidth;
  const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > most + 1
    && !e.closest('.skip, .unseen, caption, thead') && getComputedStyle(e).position !== 'absolute');
  return [document.documentElement.scrollWidth - most, wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120))];
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Desk:
    """Somebody at a browser; every complaint of the browser is kept.

    Attributes
    ----------
    page
        What they look at.
    base
        The service.
    complaints
        Console errors, breaches of the content policy, failed requests, requests to elsewhere.
    """

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, context: BrowserContext, base: str) -> Desk:
        page = context.new_page()
        desk = cls(page, base)
        page.on("console", lambda m: desk._said(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: desk.complaints.append(str(error)))
        page.on("requestfailed", lambda request: desk.complaints.append(f"failed: {request.url}"))
        page.on("request", lambda request: desk._asked(request.url))
        return desk

    def _said(self, text: str) -> None:
        if "GL Driver Message" not in text:  # of a machine that draws without a graphics card
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith(self.base):
            self.complaints.append(f"asked elsewhere: {url}")

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def log_in(self, key: str) -> None:
        self.go("/login")
        self.page.get_by_label("密钥").fill(key)
        self.page.get_by_role("button", name="登录").click()
        self.page.get_by_role("button", name="退出").wait_for()

    def well(self, *, idle: bool = True) -> None:
        """Hold the page to what must hold of every page."""
        if idle:
            self.page.wait_for_load_state("networkidle")
        assert self.complaints == [], self.complaints
        over, wide = self.page.evaluate(_WIDE)
        assert over <= 0 and not wide, (self.page.url, over, wide)
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8") + "\n;undefined")
        faults = [one for one in self.page.evaluate(_RUN_AXE) if one[1] in ("serious", "critical")]
        assert not faults, (self.page.url, json.dumps(faults, ensure_ascii=False))
        text = self.page.inner_text("body")
        assert "None" not in text and "undefined" not in text and "{{" not in text, self.page.url


@contextmanager
def desk(browser: Browser, base: str, size: tuple[int, int], *, scripts: bool = True) -> Iterator[Desk]:
    """A browser window of its own, in the district's time zone."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        java_script_enabled=scripts,
    )
    yield Desk.of(context, base)
    context.close()
