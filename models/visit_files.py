"""Visit lists as files: CSV, XLSX, and a page a worker that prints on A4."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from io import BytesIO, StringIO
from itertools import groupby
from typing import Any, Final

from jinja2 import Environment, select_autoescape
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from models.visits import LIST_COLUMNS

Rows = Sequence[Mapping[str, Any]]

_COLOUR_WORDS: Final = {"red": "红", "yellow": "黄", "blue": "蓝", "none": "—"}
_FINDING_WORDS: Final = {"calm": "平稳", "tense": "紧张", "worse": "恶化", "unknown": "不详"}
_WIDTHS: Final = (13, 10, 6, 20, 14, 8, 20, 8, 60, 20, 10, 50, 50)
_HEADS: Final[Mapping[str, str]] = {
    "date": "日期", "worker_id": "走访人员", "rank": "序号", "person_id": "对象", "dispute_id": "案件",
    "colour": "颜色", "due_at": "应访", "overdue": "超期", "reasons": "为何走访", "last_visit_at": "上次走访",
    "last_finding": "上次情况", "look_out_for": "留意", "do_not_say": "不要说",
}  # fmt: skip
"""What a sheet for people calls the columns."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(rows: Rows) -> bytes:
    """CSV for programs, in UTF-8; the byte order mark tells spreadsheet programs so."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(LIST_COLUMNS)
    writer.writerows([_cell(row[column]) for column in LIST_COLUMNS] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_bytes(rows: Rows) -> bytes:
    """One sheet for people: words for codes, times as they are read, a frozen header and wrapped text."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise RuntimeError("a new workbook has a sheet")
    sheet.title = "走访清单"
    sheet.append([_HEADS[column] for column in LIST_COLUMNS])
    for row in rows:
        told = _in_words(row)
        sheet.append([_cell(told[column]) for column in LIST_COLUMNS])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


def html_bytes(rows: Rows) -> bytes:
    """A page a worker."""
    return render_html(rows).encode()


def render_html(rows: Rows) -> str:
    """The lists as HTML: one worker a printed page, readable on a phone, nothing loaded from elsewhere."""
    environment = Environment(
        autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["when"] = _when
    template = files("models").joinpath("templates/visits.html.j2").read_text(encoding="utf-8")
    workers = [(worker, list(places)) for worker, places in groupby(rows, key=lambda row: row["worker_id"])]
    return environment.from_string(template).render(
        workers=workers, colours=_COLOUR_WORDS, findings=_FINDING_WORDS
    )


def _in_words(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "date": _day(datetime.fromisoformat(row["date"])),
        "colour": "无色" if row["colour"] == "none" else _COLOUR_WORDS[row["colour"]],
        "due_at": _when(row["due_at"]),
        "overdue": "是" if row["overdue"] else "否",
        "last_visit_at": _when(row["last_visit_at"]),
        "last_finding": _FINDING_WORDS.get(row["last_finding"] or "", "—"),
    }


def _cell(value: object) -> object:
    """A cell that no spreadsheet program runs as a formula: ids come from outside."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value


def _when(moment: str | None) -> str:
    if not moment:
        return "—"
    at = datetime.fromisoformat(moment)
    return f"{_day(at)} {at:%H:%M}"


def _day(at: datetime) -> str:
    return f"{at.year}年{at.month}月{at.day}日"


MAKERS: Final[Mapping[str, Callable[[Rows], bytes]]] = {
    ".csv": csv_bytes,
    ".xlsx": xlsx_bytes,
    ".html": html_bytes,
}
"""By the ending of the file's name."""
