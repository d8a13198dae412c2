"""What somebody sees who looks at a page: nothing lies on anything else, and every word is Chinese.

Beside `browser.Desk.well`, which holds each page to what must hold of all; at a phone's width and a desk's.
"""

from __future__ import annotations

import re

from browser import DESK, PHONE, Desk
from playwright.sync_api import Page

KNOWN = frozenset({"A4", "API", "CSV", "Excel", "PDF", "Word", "anlan"})
"""What people of a centre read in Latin letters."""

_OVERLAPS = """() => {
  const shown = e => e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const cut = (box, e) => {
    for (let up = e.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflow === 'visible') continue;
      const edge = up.getBoundingClientRect();
      box = {left: Math.max(box.left, edge.left), right: Math.min(box.right, edge.right),
             top: Math.max(box.top, edge.top), bottom: Math.min(box.bottom, edge.bottom)};
    }
    return box;
  };
  const boxes = [];
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    if (e.type === 'hidden' || !shown(e)) continue;
    for (const part of e.getClientRects()) {
      const box = cut(part, e);
      if (box.right - box.left > 1 && box.bottom - box.top > 1 && box.right > 0) boxes.push([e, box]);
    }
  }
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, one] = boxes[i], [b, other] = boxes[j];
    if (a === b || a.contains(b) || b.contains(a)) continue;
    if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1)
      found.push([a.outerHTML.slice(0, 100), b.outerHTML.slice(0, 100)]);
  }
  return found.slice(0, 5);
}"""
_SAID = """() => {
  const said = [document.title, document.body.innerText];
  for (const e of document.body.querySelectorAll('*')) {
    if (!e.checkVisibility() && e.tagName !== 'OPTION' && e.tagName !== 'OPTGROUP') continue;
    for (const name of ['aria-label', 'alt', 'title', 'placeholder', 'data-label', 'label'])
      if (e.hasAttribute(name)) said.push(e.getAttribute(name));
    if (e.tagName === 'OPTION') said.push(e.textContent);
  }
  return said.join('\\n');
}"""
_KEY = re.compile(r"密钥 [0-9a-f]{8}")
_SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def overlaps(page: Page) -> list[list[str]]:
    """Pairs of links, buttons and fields that lie on each other."""
    found: list[list[str]] = page.evaluate(_OVERLAPS)
    return found


def untranslated(page: Page, *, besides: str = "") -> list[str]:
    """Words in Latin letters that nobody at a centre has to know; ids, which hold a digit, are none."""
    text = _KEY.sub("", page.evaluate(_SAID)).replace(besides or "\0", "")
    found = []
    for token in re.findall(r"[A-Za-z0-9_./:@-]*[A-Za-z]{2}[A-Za-z0-9_./:@-]*", text):
        plain = not re.search(r"[0-9]", token) and token.strip("_") not in KNOWN
        if plain or re.search(r"[a-z]_[a-z0-9]", token):  # of names of a program, a digit makes no id
            found.append(token)
    return found


def look(who: Desk, *, besides: str = "") -> None:
    """Hold the page that somebody has before them to all that, on a phone and at a desk."""
    before = who.page.viewport_size
    for width, height in (PHONE, DESK):
        who.page.set_viewport_size({"width": width, "height": height})
        who.page.evaluate(_SETTLED)
        who.well()
        at = (who.page.url, width)
        assert not (found := overlaps(who.page)), (*at, found)
        assert not (words := untranslated(who.page, besides=besides)), (*at, words)
    if before is not None:
        who.page.set_viewport_size(before)
