"""`anlan visits`: a day's visit lists as CSV, XLSX or a page that prints on A4."""

from __future__ import annotations

import sys
from datetime import date as calendar_date
from pathlib import Path
from typing import Final

from docket.faults import BadInput
from docket.store import open_store
from docket.store.ownership import refuse_tests
from docket.store.planned import keep_plan
from docket.times import local_day, now_micros, parse_instant
from models import registry
from models.visit_files import MAKERS
from models.visit_list import planned_rows, visit_list
from pipelines.defaults import store_url
from pipelines.logged import exported
from pipelines.progress import progress
from pipelines.writing import whole_file

SUFFIXES: Final = tuple(MAKERS)


def run(store: str | None, *, date: str, out: Path, worker: str | None, model: str) -> None:
    """Plan the visits of `date` and write them to `out`.

    A day that has passed is planned as of its 00:00, today and later days as of now. Today's plan is kept in
    the store with the propensity of each place; a look ahead is not.

    Raises
    ------
    BadInput
        If the date, the worker or the kind of file is unknown.
    docket.store.StoreError
        If the store's cases are only a test's.
    models.registry.NoSuchModelError
        If no such model is registered.
    """
    try:
        calendar_date.fromisoformat(date)
        day_start = parse_instant(date)
    except ValueError as error:
        raise BadInput(f"--date {date}: a date was expected, such as 2026-03-31") from error
    if out.suffix not in MAKERS:
        raise BadInput(f"--out {out}: a file ending in {', '.join(SUFFIXES)} was expected")
    now = now_micros()
    past = calendar_date.fromisoformat(date) < local_day(now)
    opened = open_store(store_url(store))
    with opened.snapshot() as conn:
        refuse_tests(conn)
    scorer, version = registry.load(model, threads=2)
    with progress() as report, opened.snapshot() as conn:
        try:
            rows, places = visit_list(
                conn,
                scorer,
                day=date,
                day_start=day_start,
                as_of=day_start if past else now,
                workers=None if worker is None else {worker},
                progress=report,
            )
        except KeyError as error:
            raise BadInput(f"--worker {worker}: no such worker") from error
    with whole_file(out) as draft:
        draft.write_bytes(MAKERS[out.suffix](rows))
        exported(store, f"visits {date}", len(rows))
    if calendar_date.fromisoformat(date) == local_day(now):
        with opened.begin() as conn:
            keep_plan(conn, date, planned_rows(places, date, version, now))
    opened.close()
    drawn = sum(place.drawn for place in places)
    people = len({row["worker_id"] for row in rows})
    sys.stdout.write(f"{out}: {len(rows):,} visits by {people:,} workers, {drawn:,} of them drawn by lot\n")
