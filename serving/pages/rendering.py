"""Making pages out of templates: words, times and numbers as people in the district read them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from docket.times import DAY, HOUR, LOCAL, MINUTE, from_micros, now_micros, to_micros
from serving.pages.files import url_of
from serving.pages.words import word
from serving.state import state_of

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load: files of this service, and no script or style that stands in the page itself."""


def way(pattern: str, *parts: str) -> str:
    """A path of this service with ids in it, whatever they hold."""
    return pattern.format(*(quote(part, safe="") for part in parts))


def moment(told: str | int | None) -> str:
    """`3月31日 08:42` of RFC 3339 or microseconds; with the year where it is another one."""
    if told is None:
        return "—"
    at = from_micros(told) if isinstance(told, int) else datetime.fromisoformat(told)
    at = at.astimezone(LOCAL)
    year = "" if at.year == from_micros(now_micros()).astimezone(LOCAL).year else f"{at.year}年"
    return f"{year}{at.month}月{at.day}日 {at:%H:%M}"


def iso(told: str | int) -> str:
    """RFC 3339 in UTC, for scripts: of microseconds or of a time with any offset."""
    at = from_micros(told) if isinstance(told, int) else datetime.fromisoformat(told)
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def day(told: str) -> str:
    """`2026年3月31日` of RFC 3339 or a date."""
    at = datetime.fromisoformat(told)
    at = at.astimezone(LOCAL) if at.tzinfo is not None else at
    return f"{at.year}年{at.month}月{at.day}日"


def left(told: str | int) -> str:
    """How long until a deadline, or since."""
    micros = told if isinstance(told, int) else to_micros(datetime.fromisoformat(told))
    away = micros - now_micros()
    size = abs(away)
    if size >= 2 * DAY:
        said = f"{size // DAY}天"
    elif size >= 2 * HOUR:
        said = f"{size // HOUR}小时"
    else:
        said = f"{max(size // MINUTE, 1)}分钟"
    return f"超期{said}" if away < 0 else f"还剩{said}"


def apart(told: str, other: str) -> str:
    """How long from one moment to another."""
    size = to_micros(datetime.fromisoformat(other)) - to_micros(datetime.fromisoformat(told))
    for length, name in ((DAY, "天"), (HOUR, "小时")):
        if abs(size) >= 2 * length:
            return f"{size // length}{name}"
    return f"{size // MINUTE}分钟"


def model(version: str | None) -> str:
    """Which model made an assessment: `第3版模型` of `models:/anlan/3`."""
    if version is None:
        return "没有模型，只按规则"
    named = _VERSION.fullmatch(version)
    return "未登记的模型" if named is None else f"第{named[1]}版模型"


_VERSION: Final = re.compile(r"models:/[^/]+/([0-9]+)")


def area(community: str, grid: str) -> str:
    """A grid with its community, which many a grid's own name begins with."""
    return grid if grid.startswith(community) else f"{community} {grid}"


def period(name: str) -> str:
    """`2026年第3季度` of `2026-Q3`, `2026年3月` of `2026-03`, `2026年` of `2026`."""
    year, _, part = name.partition("-")
    if part.startswith("Q"):
        return f"{year}年第{part[1:]}季度"
    return f"{year}年{int(part)}月" if part else f"{year}年"


def percent(share: float | None) -> str:
    """A probability as people read it: small ones are not told as nothing."""
    if share is None:
        return "—"
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{share:.1%}"


def _once() -> str:
    return secrets.token_hex(12)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("serving.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": url_of, "word": word, "way": way, "once": _once, "area": area}
    made.filters |= {
        "moment": moment, "day": day, "left": left, "apart": apart, "percent": percent, "iso": iso,
        "model": model, "period": period,
    }  # fmt: skip
    return made


_TEMPLATES: Final = _environment()


def text_of(template: str, **values: Any) -> str:
    """What a template that isn't a page of the service makes of values."""
    return _TEMPLATES.get_template(template).render(values)


def rendered(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page.

    Parameters
    ----------
    values
        What the template reads besides `session` (None where nobody is logged in), `csrf`, `here` (the
        path) and `drill` (whether the cases are those of a test), which every page may read.
    """
    shared = {
        "session": getattr(request.state, "session", None),
        "csrf": getattr(request.state, "csrf", ""),
        "here": request.url.path,
        "drill": state_of(request).settings.test,
    }
    text = _TEMPLATES.get_template(template).render(shared | values)
    return HTMLResponse(
        text, status_code=status, headers={"Content-Security-Policy": POLICY, **(headers or {})}
    )
