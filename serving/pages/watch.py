"""What the last watch found, as a page for the centre and for analysts."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from features.cues import BY_NAME
from models.watch.kept import latest
from serving.answering import Here
from serving.pages.access import Page, Who
from serving.pages.rendering import rendered
from serving.pages.words import SERIES, SOURCES

router = APIRouter(prefix="/watch", route_class=Page)
_SHARES: Final = frozenset({"missing", "cues"})
_SHOWN: Final = 3


@router.get("")
def get_watch(request: Request, key: Who, state: Here) -> Response:
    """Alarms first, then every check; calibration by visited and not visited."""
    del key
    with state.store.snapshot() as conn:
        found = latest(conn)
    told = None if found is None else found[1]
    checks = [] if told is None else [_named(check) for check in told["checks"]]
    return rendered(request, "watch.html", watch=told, checks=sorted(checks, key=_urgency))


def _urgency(check: dict[str, Any]) -> tuple[bool, bool]:
    return not check["alarm"], check["p"] is None


def _named(check: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {
            "name": part_name(part["part"]),
            "now": _figure(part["now"], check),
            "before": _figure(part["before"], check),
        }
        for part in check["parts"][:_SHOWN]
    ]
    return {**check, "parts": parts}


def part_name(part: str) -> str:
    """What a part of a check is called; a column of the catalogue keeps the name that analysts know it by."""
    if part.startswith("cases by "):
        source = part.removeprefix("cases by ")
        return f"案件（{SOURCES.get(source, source)}）"
    denied = part.endswith("_denied")
    cue = BY_NAME.get(part.removeprefix("cue_").removesuffix("_denied"))
    if part.startswith("cue_") and cue is not None:
        return f"{cue.title}（否认）" if denied else cue.title
    return SERIES.get(part, part)


def _figure(value: float | None, check: dict[str, Any]) -> str:
    if value is None:
        return "—"
    if check["family"] in _SHARES:
        return f"{value:.1%}"
    return f"{value:,.0f}" if check["family"] in ("volume", "harm") else f"{value:.2f}"
