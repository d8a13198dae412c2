"""Stability reports as a page, as PDF and as a Word file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from docket.keys import Key
from docket.times import local_day, now_micros
from serving.answering import Here
from serving.errors import Unavailable
from serving.pages.access import Page, Who
from serving.pages.paper import KINDS, PaperError, as_pdf, shown, title_of
from serving.pages.rendering import rendered
from serving.pages.word_file import as_docx
from serving.queue import service as queue
from serving.reports import service
from serving.reports.endpoints import reached, wanted
from serving.reports.periods import KINDS as PERIODS
from serving.reports.periods import Kind, Period
from serving.shapes import LONGEST_AREA, PRINTABLE, Date
from serving.state import State

router = APIRouter(prefix="/reports", route_class=Page)
_Area = Annotated[str, Query(max_length=LONGEST_AREA, pattern=PRINTABLE)]
_MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_BELOW: Final = {None: ("street", "community"), "street": ("community",), "community": ("grid",)}


@router.get("")
def get_report(
    request: Request,
    key: Who,
    state: Here,
    period: Kind = "day",
    date: Date | None = None,
    area: _Area = "",
) -> Response:
    """A day's report, a week's, a month's or a year's."""
    asked = wanted(period, date)
    report = service.report(state, key, asked, reached(state, key, area))
    today = local_day(now_micros())

    def link(path: str = "/reports", **other: str) -> str:
        said = {"period": asked.kind, "date": asked.begin.isoformat(), "area": area, **other}
        if said["period"] != asked.kind:
            said["date"] = Period.of(PERIODS[PERIODS.index(said["period"])], asked.begin).begin.isoformat()
        return f"{path}?{urlencode({name: value for name, value in said.items() if value})}"

    return rendered(
        request,
        "report.html",
        report=shown(report),
        title=title_of(report),
        kinds=KINDS,
        link=link,
        before=asked.before().begin.isoformat(),
        after=asked.end.isoformat() if asked.end <= today else None,
        parts=_parts(state, key),
        whole="全区" if key.area is None else "本辖区",
    )


@router.get("/pdf")
def get_pdf(
    key: Who, state: Here, period: Kind = "day", date: Date | None = None, area: _Area = ""
) -> Response:
    """The same to print and to pass on."""
    report = service.report(state, key, wanted(period, date), reached(state, key, area))
    return _file(report, "pdf", as_pdf)


@router.get("/docx")
def get_docx(
    key: Who, state: Here, period: Kind = "day", date: Date | None = None, area: _Area = ""
) -> Response:
    """The same to be taken into a text of one's own."""
    report = service.report(state, key, wanted(period, date), reached(state, key, area))
    return _file(report, "docx", as_docx)


def _file(report: dict[str, Any], ending: str, make: Callable[[dict[str, Any]], bytes]) -> Response:
    try:
        made = make(report)
    except PaperError as error:
        raise Unavailable(str(error)) from error
    name = f"anlan-{report['period']}-{report['begin']}.{ending}"
    shown = "inline" if ending == "pdf" else "attachment"
    return Response(
        made,
        media_type=_MEDIA_TYPES[ending],
        headers={"Content-Disposition": f'{shown}; filename="{name}"'},
    )


def _parts(state: State, key: Key) -> list[tuple[str, str]]:
    """The areas below the key's that a report can be of."""
    found: dict[str, str] = {}
    communities, grids = queue.parts(state, key)
    for kind in _BELOW.get(None if key.area is None else key.area.kind, ()):
        for row in grids if kind == "grid" else communities:
            above = "" if kind == "street" else f"{row['street_name']} "
            found[f"{kind}:{row[f'{kind}_id']}"] = f"{above}{row[f'{kind}_name']}"
    return sorted(found.items(), key=lambda item: item[1])
