"""A report as a Word file (DOCX), made of the same HTML as on paper: one wording, one set of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from serving.pages.paper import PaperError, as_html, title_of

_FONT: Final = "Noto Sans CJK SC"
_SPACE: Final = re.compile(r"\s+")
_MARGIN_CM: Final = 1.8
_BODY, _SMALL = 10.5, 9.0
"""Points."""


def as_docx(report: Mapping[str, Any]) -> bytes:
    """The report as DOCX, A4.

    Raises
    ------
    PaperError
        If python-docx isn't installed.
    """
    try:
        from docx import Document  # noqa: PLC0415 - late: only who wants Word files has it
        from lxml import html  # noqa: PLC0415
    except ImportError as error:
        raise PaperError("DOCX needs pip install '.[docx]' in the folder of anlan's source") from error
    document = Document()
    _settle(document, title_of(report))
    body = html.document_fromstring(as_html(report)).find("body")
    for part in body:
        _part(document, part)
    kept = BytesIO()
    document.save(kept)
    return kept.getvalue()


def _settle(document: Any, title: str) -> None:
    """A4 with narrow margins, one font for all, Chinese included."""
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

    (page,) = document.sections
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(_MARGIN_CM)
    for name, size in (("Normal", _BODY), ("Title", 18), ("Heading 1", 13)):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(size), RGBColor(0x1B, 0x24, 0x20)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), _FONT)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    document.core_properties.title, document.core_properties.language = title, "zh-CN"
    document.core_properties.author = "anlan"


def _part(document: Any, part: Any) -> None:
    if part.tag == "section":
        for inner in part:
            _part(document, inner)
    elif part.tag == "h1":
        document.add_paragraph(part.text_content(), style="Title")
    elif part.tag == "h2":
        document.add_paragraph(part.text_content(), style="Heading 1")
    elif part.tag == "ul":
        for item in part:
            _say(document.add_paragraph(style="List Bullet"), item)
    elif part.tag == "dl":
        names, values = part.findall("dt"), part.findall("dd")
        _table(document, [*zip(names, values, strict=True)], heads=0)
    elif part.tag == "table":
        for caption in part.findall("caption"):
            _say(document.add_paragraph(), caption, small=True)
        rows = [row.findall("*") for row in part.iter("tr")]
        _table(document, rows, heads=len(part.findall("thead/tr")))
    else:
        small = "hint" in part.get("class", "")
        _say(document.add_paragraph(), part, small=small)


def _table(document: Any, rows: list[Any], *, heads: int) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for at, (line, row) in enumerate(zip(table.rows, rows, strict=True)):
        if at < heads:  # said again on each page that the table runs over
            line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for cell, told in zip(line.cells, row, strict=True):
            (paragraph,) = cell.paragraphs
            paragraph.paragraph_format.space_after = Pt(0)
            if "number" in told.get("class", ""):
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            _say(paragraph, told, bold=at < heads)
    document.add_paragraph()


def _say(paragraph: Any, part: Any, *, bold: bool = False, small: bool = False) -> None:
    """The words of an element, with what is bold or a hint in it, spaces as a browser shows them."""
    from docx.shared import Pt  # noqa: PLC0415

    def add(text: str | None, bold: bool, small: bool) -> None:
        said = _SPACE.sub(" ", text or "")
        said = said if paragraph.runs else said.lstrip()
        if not said:
            return
        run = paragraph.add_run(said)
        run.bold, run.font.size = bold, Pt(_SMALL) if small else None

    add(part.text, bold, small)
    for inner in part:
        marked = small or "hint" in inner.get("class", "")
        _say(paragraph, inner, bold=bold or inner.tag == "b", small=marked)
        add(inner.tail, bold, small)
