"""A report on paper: HTML that stands alone, and PDF by WeasyPrint with the fonts embedded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from serving.pages.rendering import text_of

_STYLE: Final = Path(__file__).with_name("paper.css")
KINDS: Final = {"day": "日报", "week": "周报", "month": "月报", "year": "年报"}


class PaperError(Exception):
    """What makes PDF is missing; the message says what to install."""


def title_of(report: Mapping[str, Any]) -> str:
    """What the report is called."""
    return f"稳定专报（{KINDS[report['period']]}）"


def shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report as templates read it: with its last day."""
    return {**report, "last": (date.fromisoformat(report["end"]) - timedelta(days=1)).isoformat()}


def as_html(report: Mapping[str, Any]) -> str:
    """The report as a file of its own."""
    style = _STYLE.read_text(encoding="utf-8")
    return text_of("report_print.html", report=shown(report), title=title_of(report), style=style)


def as_pdf(report: Mapping[str, Any]) -> bytes:
    """The report as PDF; nothing is loaded from elsewhere.

    Raises
    ------
    PaperError
        If WeasyPrint or Pango, which it draws text with, isn't installed.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - late: it loads Pango, and only paper needs it
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise PaperError(
            "PDF needs pip install '.[pdf]' in the folder of anlan's source and Debian's libpangoft2-1.0-0"
        ) from error
    pdf: bytes = HTML(string=as_html(report), url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return pdf
