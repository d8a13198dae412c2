"""`anlan demo-district`: simulate a district."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path

from docket.demo import generate
from docket.faults import BadInput
from docket.times import local_day, now_micros
from pipelines.progress import progress


def run(out: Path, *, disputes: int, seed: int, end: str | None) -> None:
    """Write a simulated district into `out`.

    It is written beside `out` and moved there when it is whole, so that a folder is never half a district.

    Raises
    ------
    BadInput
        If `out` holds something, or `end` is no date.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out}: exists and is not empty; name a new folder")
    try:
        last = date.fromisoformat(end) if end else local_day(now_micros())
    except ValueError as error:
        raise BadInput(f"--end {end}: a date was expected, such as 2026-03-31") from error
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        with progress() as report:
            generate(draft, disputes=disputes, seed=seed, end=last, progress=report)
        if out.exists():
            out.rmdir()
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sys.stdout.write(f"{out}: {disputes:,} disputes until {last}, seed {seed}\n")
