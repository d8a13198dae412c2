"""`anlan report`: writes a report to a file. Light: nothing heavy is imported before it runs."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from serving.commands import EMBEDDED_STORE, STORE_HELP

_FORMS = (".html", ".pdf", ".docx", ".json")


def report(
    out: Annotated[Path, typer.Option("--out", help="A .pdf, .docx, .html or .json file.")],
    period: Annotated[str, typer.Option("--period", help="day, week, month or year.")] = "day",
    day: Annotated[
        str | None, typer.Option("--date", help="A day that the period holds; else the last that ended.")
    ] = None,
    area: Annotated[
        str | None, typer.Option("--area", help="street:ID, community:ID or grid:ID; else the district.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", help=STORE_HELP)] = None,
) -> None:
    """Write the stability report (稳定专报) of a day, week, month or year, as it was written or as of now."""
    from docket.audit import acting, record  # noqa: PLC0415
    from docket.audit.actors import operator  # noqa: PLC0415
    from docket.faults import BadInput  # noqa: PLC0415
    from docket.keys import Area, KeyRequestError  # noqa: PLC0415
    from docket.store import open_store  # noqa: PLC0415
    from docket.times import local_day, now_micros  # noqa: PLC0415
    from serving.pages.paper import PaperError, as_html, as_pdf  # noqa: PLC0415
    from serving.pages.word_file import as_docx  # noqa: PLC0415
    from serving.reports import repository, service  # noqa: PLC0415
    from serving.reports.periods import KINDS, Period  # noqa: PLC0415

    kind = next((one for one in KINDS if one == period), None)
    if kind is None:
        raise BadInput(f"--period {period}: one of {', '.join(KINDS)}")
    if out.suffix not in _FORMS:
        raise BadInput(f"--out {out}: one of {', '.join(_FORMS)}")
    try:
        wanted = Period.of(kind, date.fromisoformat(day)) if day else None
        where = None if area is None else Area.parse(area)
    except (ValueError, KeyRequestError) as error:
        raise BadInput(f"--date {day}, --area {area}: {error}") from error
    now = now_micros()
    wanted = wanted or Period.of(kind, local_day(now)).before()
    opened = open_store(store or os.environ.get("ANLAN_STORE") or EMBEDDED_STORE)
    try:
        with opened.snapshot() as conn:
            if where is not None and not repository.rows(conn, "areas", where):
                raise BadInput(f"--area {area}: there is none in the store")
            told = repository.kept(conn, wanted.kind, wanted.begin.isoformat(), where)
            told = told or {**service.made(conn, wanted, where, now), "written": False}
        with opened.begin() as conn, acting(operator()):
            record(conn, "export", subject=f"report {wanted.kind} {wanted.begin}")
    finally:
        opened.close()
    try:
        if out.suffix == ".pdf":
            out.write_bytes(as_pdf(told))
        elif out.suffix == ".docx":
            out.write_bytes(as_docx(told))
        elif out.suffix == ".html":
            out.write_text(as_html(told), encoding="utf-8")
        else:
            out.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except PaperError as error:
        raise BadInput(str(error)) from error
    sys.stdout.write(f"{out}\n")
