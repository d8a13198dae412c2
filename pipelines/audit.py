"""`anlan audit`: whether the log is whole, and whether an old assessment comes out the same."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from docket.audit import Head
from docket.audit.checking import verify as check
from docket.faults import BadInput
from docket.store import open_store
from pipelines.defaults import store_url
from pipelines.writing import whole_file


def verify(store: str | None, *, head: Path | None = None) -> int:
    """Check the log; the exit code. The line on stdout ends with the head, to be noted elsewhere.

    Parameters
    ----------
    head
        A file that keeps the head between checks. A log that doesn't hold what stands there was cut off or
        made anew; one that does is noted there in its turn.

    Raises
    ------
    BadInput
        If the file holds something else.
    """
    noted = None
    if head is not None and head.exists():
        try:
            noted = Head.parse(head.read_text(encoding="ascii"))
        except ValueError as error:
            raise BadInput(f"--head {head}: {error}") from error
    with closing(open_store(store_url(store))) as opened, opened.snapshot() as conn:
        checked = check(conn, noted)
    for fault in checked.faults:
        sys.stderr.write(f"{fault}\n")
    if checked.faults:
        return 1
    if head is not None:
        with whole_file(head) as draft:
            draft.write_text(f"{checked.head}\n", encoding="ascii")
    sys.stdout.write(f"{checked.head.seq:,} rows, whole; the last is {checked.head}\n")
    return 0


def replay(store: str | None, assessment_id: str) -> int:
    """Make an assessment again and say what differs; the exit code.

    Raises
    ------
    BadInput
        If there is no such assessment, or no longer what it rests on.
    models.registry.NoSuchModelError
        If its model version isn't in the registry any more.
    models.scorer.ScorerMismatchError
        If this program can't run that version.
    """
    from models import registry  # noqa: PLC0415 - late: `verify` needs no model
    from models.replay import NoSuchAssessmentError  # noqa: PLC0415
    from models.replay import replay as again  # noqa: PLC0415

    with closing(open_store(store_url(store))) as opened, opened.snapshot() as conn:
        try:
            made = again(conn, assessment_id, lambda uri: registry.load(uri, threads=1)[0])
        except NoSuchAssessmentError as error:
            raise BadInput(str(error)) from error
    if made.altered:
        sys.stderr.write("the kept answer was altered: its id isn't that of what it says\n")
    for number in made.numbers:
        sys.stderr.write(f"{number}\n")
    for place in made.words:
        sys.stdout.write(f"{place}: put otherwise by this program\n")
    if made.altered or made.numbers:
        return 1
    how = "to the last bit" if made.identical else "in every number"
    sys.stdout.write(f"{assessment_id}: the same {how}, by {made.model_version or 'floors and cue rules'}\n")
    return 0
